import type { AccountId, NamespaceId, NetworkId } from "../codec/index.ts";
import { byteString, bytesOfId, codec, concatBytes, fixedBytes, idFromBytes, idFromText, struct, text, uint, utf8 } from "../codec/index.ts";
import type { KeyPair } from "../crypto/index.ts";
import { sign, verify } from "../crypto/index.ts";
import type { Random } from "../platform/index.ts";
import type { Genesis } from "./namespace.ts";
import { ON_ALL_HOSTS, SHARDS, genesisCodec, namespaceIdOf } from "./namespace.ts";

/** What a network's genesis says in its `rules`. */
export interface NetworkRules {
  readonly name: string;
  readonly maxHosts: number;
  /** Written down so that no later program shards an old network differently. */
  readonly shards: number;
  readonly createdMs: number;
}

const rulesCodec = codec<NetworkRules>("A network's rules", 1, 512, struct({ name: text(128), maxHosts: uint(100_000), shards: uint(65_536), createdMs: uint() }));

/** A network's genesis under its founder's signature: what a joining host is handed and keeps. */
export interface NetworkCertificate {
  readonly genesis: Uint8Array;
  readonly signature: Uint8Array;
}

export const certificateCodec = codec<NetworkCertificate>("A network's certificate", 1, 8192, struct({ genesis: byteString(8192), signature: fixedBytes(64) }));

function signedBytes(genesis: Uint8Array): Uint8Array {
  return concatBytes(utf8("holdfast network"), genesis);
}

/** @param founder the founding person's key pair */
export function foundNetwork(founder: KeyPair, rules: Omit<NetworkRules, "shards">, random: Random): NetworkCertificate {
  const genesis: Genesis = {
    type: "network",
    network: null,
    owner: idFromBytes<AccountId>(founder.publicKey),
    replicas: ON_ALL_HOSTS,
    subShards: 1,
    rules: rulesCodec.encode({ ...rules, shards: SHARDS }),
    nonce: random.bytes(16),
  };
  const bytes = genesisCodec.encode(genesis);
  return { genesis: bytes, signature: sign(founder, signedBytes(bytes)) };
}

export interface Network {
  readonly id: NetworkId;
  /** The network's own namespace; the same bytes as its id. */
  readonly namespace: NamespaceId;
  readonly genesis: Genesis;
  readonly founder: AccountId;
  readonly rules: NetworkRules;
}

/** @throws CodecError for malformed bytes; returns undefined when the signature is not the founder's */
export function readCertificate(certificate: NetworkCertificate): Network | undefined {
  const genesis = genesisCodec.decode(certificate.genesis);
  if (genesis.type !== "network" || genesis.owner === null || genesis.replicas !== ON_ALL_HOSTS) return undefined;
  if (!verify(bytesOfId(genesis.owner), signedBytes(certificate.genesis), certificate.signature)) return undefined;
  const namespace = namespaceIdOf(genesis);
  return { id: idFromText<NetworkId>(namespace), namespace, genesis, founder: genesis.owner, rules: rulesCodec.decode(genesis.rules) };
}
