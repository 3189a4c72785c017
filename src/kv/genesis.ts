import type { Genesis } from "../cluster/index.ts";
import type { AccountId, NetworkId } from "../codec/index.ts";
import type { Amounts, KvRules } from "../records/index.ts";
import { MAX_VALUE_BYTES, kvRulesCodec } from "../records/index.ts";
import { KvError } from "./errors.ts";
import type { KvSettings } from "./port.ts";

const NAME = /^[a-z0-9](?:[a-z0-9._-]{0,38}[a-z0-9])?$/;
/** So that one host may be lost while another is away. What names content, whose codes may bear more, lies on all hosts and not in a namespace of this type. */
const DEFAULT_REPLICAS = 3;
const DEFAULT_SHARDS = 16;
const DEFAULT_LIMITS: Amounts = { maxValueBytes: MAX_VALUE_BYTES, maxBytes: null, writesPerSecond: null };

export function isName(name: string): boolean {
  return NAME.test(name);
}

/** @throws KvError BAD_NAME */
export function checkName(name: string): void {
  if (!isName(name)) throw new KvError("BAD_NAME", `"${name}" cannot be a namespace's name. Use up to 40 of a–z, 0–9, dot, hyphen and underscore, beginning and ending with a letter or digit.`);
}

/** What a name stands for as long as nobody has created it with other settings: the same on all hosts, without a word between them. */
export function defaultGenesis(network: NetworkId, name: string): Genesis {
  return genesisOf(network, null, name, {});
}

/** Without a nonce: who creates the same name with the same settings means the same namespace. */
export function genesisOf(network: NetworkId, owner: AccountId | null, name: string, { writers = "member", shards = DEFAULT_SHARDS, replicas = DEFAULT_REPLICAS, limits = {} }: KvSettings): Genesis {
  const rules: KvRules = { name, writers, limits: { ...DEFAULT_LIMITS, ...limits } };
  return { type: "kv", network, owner: writers === "owner" ? owner : null, replicas, subShards: shards, rules: kvRulesCodec.encode(rules), nonce: new Uint8Array(0) };
}

/** @throws CodecError */
export function rulesOf(genesis: Genesis): KvRules {
  return kvRulesCodec.decode(genesis.rules);
}
