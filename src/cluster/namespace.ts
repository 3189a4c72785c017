import type { AccountId, HostId, NamespaceId, NetworkId } from "../codec/index.ts";
import { byteString, bytesOfId, codec, concatBytes, id, idFromBytes, nullable, struct, text, uint, utf8 } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";

/** 0 replicas in a genesis mean: on every host. */
export const ON_ALL_HOSTS = 0;
/** Shards are numbered from 0; the namespaces that are on all hosts stand in a group of their own behind them. */
export const SHARDS = 256;
export const EVERYWHERE = SHARDS;

const MAX_SUB_SHARDS = 256;
const MAX_GENESIS_BYTES = 8192;

/** The unchangeable first words about a namespace. Its hash is the namespace's id. */
export interface Genesis {
  /** "network", "account", "site", later "drive", "database", "kv". Chooses the rules and the merge. */
  readonly type: string;
  /** Null only in the genesis of a network itself. */
  readonly network: NetworkId | null;
  readonly owner: AccountId | null;
  readonly replicas: number;
  readonly subShards: number;
  /** What the type says beyond that. */
  readonly rules: Uint8Array;
  readonly nonce: Uint8Array;
}

export const genesisCodec = codec<Genesis>(
  "A namespace's genesis",
  1,
  MAX_GENESIS_BYTES,
  struct({
    type: text(32),
    network: nullable(id<NetworkId>()),
    owner: nullable(id<AccountId>()),
    replicas: uint(64),
    subShards: uint(MAX_SUB_SHARDS),
    rules: byteString(4096),
    nonce: byteString(64),
  }),
);

export function namespaceIdOf(genesis: Genesis): NamespaceId {
  return idFromBytes<NamespaceId>(sha256(concatBytes(utf8("holdfast namespace"), genesisCodec.encode(genesis))));
}

/** The group of records that are assigned to hosts together: 0 to 255, or EVERYWHERE. */
export function shardOf(namespace: NamespaceId, genesis: Genesis, key: string): number {
  if (genesis.replicas === ON_ALL_HOSTS) return EVERYWHERE;
  // The shard is the namespace's first byte; a namespace split at birth has as many first bytes as parts.
  if (genesis.subShards <= 1) return bytesOfId(namespace)[0]!;
  return shardsOfParts(namespace, genesis)[firstByteOf(key) % genesis.subShards]!;
}

/** The same few are asked for again and again: a key at each step of a write, the parts of a namespace with each key. */
const REMEMBERED = 2048;
const firstBytes = new Map<string, number>();
const parts = new Map<NamespaceId, Uint8Array>();

function firstByteOf(key: string): number {
  const known = firstBytes.get(key);
  if (known !== undefined) return known;
  const first = sha256(utf8(key))[0]!;
  if (firstBytes.size >= REMEMBERED) firstBytes.clear();
  firstBytes.set(key, first);
  return first;
}

function shardsOfParts(namespace: NamespaceId, { subShards }: Genesis): Uint8Array {
  const known = parts.get(namespace);
  if (known?.length === subShards) return known;
  const shards = Uint8Array.from({ length: subShards }, (_, part) => shardOfPart(namespace, part));
  if (parts.size >= REMEMBERED) parts.clear();
  parts.set(namespace, shards);
  return shards;
}

function shardOfPart(namespace: NamespaceId, part: number): number {
  return sha256(concatBytes(bytesOfId(namespace), Uint8Array.of(part)))[0]!;
}

/** All groups into which a namespace's keys may fall, ascending. */
export function groupsOf(namespace: NamespaceId, genesis: Genesis): readonly number[] {
  if (genesis.replicas === ON_ALL_HOSTS || genesis.subShards <= 1) return [shardOf(namespace, genesis, "")];
  return [...new Set(shardsOfParts(namespace, genesis))].sort((a, b) => a - b);
}

/** A record as the rules see it. Its signature has been verified already. */
export interface JudgedRecord {
  readonly namespace: NamespaceId;
  readonly key: string;
  /** Null for a deletion. */
  readonly value: Uint8Array | null;
  /** The person who wrote it, or null when the host wrote it on its own behalf. */
  readonly author: AccountId | null;
  /** The host that signed. */
  readonly host: HostId;
  readonly incarnation: number;
  readonly batch: number;
}

/** "later": it cannot be judged before another record has come; ask again. */
export type Verdict = { readonly kind: "accept" } | { readonly kind: "refuse"; readonly code: string; readonly why: string } | { readonly kind: "later"; readonly why: string };

export const ACCEPT: Verdict = { kind: "accept" };
