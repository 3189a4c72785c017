import type { Genesis, Rule, Verdict } from "../cluster/index.ts";
import { ACCEPT, genesisCodec, refuse } from "../cluster/index.ts";
import type { NetworkId } from "../codec/index.ts";
import { CodecError } from "../codec/index.ts";
import type { KvRules } from "../records/index.ts";
import { isName, rulesOf } from "./genesis.ts";

export const NAMES_PREFIX = "kv/";

/** Geneses live as long as the host, and each of their records is judged. */
const known = new WeakMap<Genesis, KvRules | CodecError>();

function readRules(genesis: Genesis): KvRules | CodecError {
  const before = known.get(genesis);
  if (before !== undefined) return before;
  const read = tryRules(genesis);
  known.set(genesis, read);
  return read;
}

function tryRules(genesis: Genesis): KvRules | CodecError {
  try {
    return rulesOf(genesis);
  } catch (error) {
    if (error instanceof CodecError) return error;
    throw error;
  }
}

/** The rule of a kv namespace: every host of the network writes, or only its owner; no value larger than it allows. */
export const kvRule: Rule = ({ author, value }, genesis) => {
  const rules = readRules(genesis);
  if (rules instanceof CodecError) return refuse("MALFORMED", rules.message);
  if (rules.writers === "owner" && (author === null || author !== genesis.owner)) return refuse("NOT_OWNER", "only the namespace's owner writes in it");
  if (value !== null && value.length > rules.limits.maxValueBytes) return refuse("VALUE_TOO_LARGE", `the namespace takes values of up to ${rules.limits.maxValueBytes} bytes`);
  return ACCEPT;
};

/** The rule of `kv/NAME` in the network's namespace: a person says what a name stands for, and nobody takes it back. */
export const kvNameRule: Rule = ({ key, value, author, namespace }) => {
  if (author === null) return refuse("NOT_A_PERSON", "people name namespaces, hosts do not");
  if (value === null) return refuse("NOT_DELETABLE", "what a name stands for stays");
  // The id of a network is also that of its namespace, in which these records lie.
  return judgeNamed(genesisCodec.decode(value), key.slice(NAMES_PREFIX.length), namespace as string as NetworkId);
};

function judgeNamed(genesis: Genesis, name: string, network: NetworkId): Verdict {
  const { name: said, writers } = rulesOf(genesis);
  if (!isName(name) || said !== name) return refuse("BAD_KEY", "the key names another namespace than the genesis, or none");
  if (genesis.type !== "kv" || genesis.network !== network || genesis.nonce.length > 0) return refuse("OTHER_NAMESPACE", "it is no kv namespace of this network");
  return (writers === "owner") === (genesis.owner !== null) ? ACCEPT : refuse("MALFORMED", "a namespace that its owner writes has one, another has not");
}
