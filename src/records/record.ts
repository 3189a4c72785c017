import type { AccountId, HostId, NamespaceId, NetworkId } from "../codec/index.ts";
import { CodecError, byteString, codec, concatBytes, fixedBytes, id, list, mapped, nullable, struct, text, uint, utf8 } from "../codec/index.ts";
import type { Shape } from "../codec/index.ts";
import type { Delegation } from "../cluster/index.ts";
import { delegationCodec } from "../cluster/index.ts";
import { isCanonical } from "./context.ts";
import { MAX_BATCH_RECORDS, MAX_CONTEXT_ENTRIES, MAX_CONTEXT_EXTRAS, MAX_KEY_BYTES, MAX_PATH, MAX_RECORD_BYTES, MAX_SEAL_BYTES, MAX_VALUE_BYTES } from "./limits.ts";
import type { Actor, Context, ContextEntry, Dot } from "./port.ts";

/** One version of one key. Its encoded bytes are a leaf of its batch's Merkle tree. */
export interface RecordBody {
  readonly namespace: NamespaceId;
  readonly key: string;
  readonly dot: Dot;
  readonly context: Context;
  /** Null is a tombstone. */
  readonly value: Uint8Array | null;
  readonly wallMs: number;
  readonly author: AccountId | null;
}

/** What the host that takes the dots signs, for all records that it commits together. */
export interface BatchHeader {
  readonly network: NetworkId;
  readonly actor: Actor;
  /** Numbered per actor from 1. */
  readonly batch: number;
  readonly count: number;
  /** Merkle root over the encoded records. */
  readonly root: Uint8Array;
}

export interface Seal extends BatchHeader {
  readonly signature: Uint8Array;
  /** By which the author of the records lets the host sign; null in a batch without author. */
  readonly delegation: Delegation | null;
}

/** A record with all that proves it, as it is stored and sent on. */
export interface Sealed {
  readonly seal: Uint8Array;
  /** The record's place among the leaves. */
  readonly index: number;
  readonly path: readonly Uint8Array[];
  readonly leaf: Uint8Array;
}

export const actorShape: Shape<Actor> = struct({ host: id<HostId>(), incarnation: uint() });
export const dotShape: Shape<Dot> = struct({ actor: actorShape, counter: uint() });

const livesShape = list(struct({ incarnation: uint(), upTo: uint(), extra: list(uint(), MAX_CONTEXT_EXTRAS) }), MAX_CONTEXT_ENTRIES);
const hostsShape = list(struct({ host: id<HostId>(), lives: livesShape }), MAX_CONTEXT_ENTRIES);

type HostsOf = { host: HostId; lives: { incarnation: number; upTo: number; extra: number[] }[] }[];

function byHost(context: Context): HostsOf {
  const hosts: HostsOf = [];
  for (const { actor, upTo, extra } of context) {
    if (hosts.at(-1)?.host !== actor.host) hosts.push({ host: actor.host, lives: [] });
    hosts.at(-1)!.lives.push({ incarnation: actor.incarnation, upTo, extra: [...extra] });
  }
  return hosts;
}

function fromHosts(hosts: HostsOf): Context {
  const context: ContextEntry[] = hosts.flatMap(({ host, lives }) => lives.map(({ incarnation, upTo, extra }) => ({ actor: { host, incarnation }, upTo, extra })));
  const isSplit = hosts.some(({ host, lives }, at) => lives.length === 0 || hosts[at - 1]?.host === host);
  if (isSplit || !fits(context) || !isCanonical(context)) throw new CodecError("A context is no exact set of dots in its one form.");
  return context;
}

/** Grouped by host, since a host's incarnations add up over the years: [[host, [[incarnation, upTo, [extra...]]...]]...]. */
export const contextShape: Shape<Context> = mapped(hostsShape as Shape<HostsOf>, byHost, fromHosts);

/** Whether a context stays within its bounds. */
export function fits(context: Context): boolean {
  return context.length <= MAX_CONTEXT_ENTRIES && context.reduce((sum, { extra }) => sum + extra.length, 0) <= MAX_CONTEXT_EXTRAS;
}

export const recordCodec = codec<RecordBody>(
  "A record",
  1,
  MAX_RECORD_BYTES,
  struct({
    namespace: id<NamespaceId>(),
    key: text(MAX_KEY_BYTES),
    dot: dotShape,
    context: contextShape,
    value: nullable(byteString(MAX_VALUE_BYTES)),
    wallMs: uint(),
    author: nullable(id<AccountId>()),
  }),
);

const headerFields = { network: id<NetworkId>(), actor: actorShape, batch: uint(), count: uint(MAX_BATCH_RECORDS), root: fixedBytes(32) };

const headerCodec = codec<BatchHeader>("A batch's header", 1, MAX_SEAL_BYTES, struct(headerFields));

export const sealCodec = codec<Seal>("A batch's seal", 1, MAX_SEAL_BYTES, struct({ ...headerFields, signature: fixedBytes(64), delegation: nullable(delegationCodec.shape) }));

/** What the host signs. The words in front keep the signature from passing for one over anything else. */
export function signedBytes({ network, actor, batch, count, root }: BatchHeader): Uint8Array {
  return concatBytes(utf8("holdfast batch"), headerCodec.encode({ network, actor, batch, count, root }));
}

export const pathShape = list(fixedBytes(32), MAX_PATH);

export const sealedShape: Shape<Sealed> = struct({
  seal: byteString(MAX_SEAL_BYTES),
  index: uint(MAX_BATCH_RECORDS - 1),
  path: pathShape as Shape<readonly Uint8Array[]>,
  leaf: byteString(MAX_RECORD_BYTES),
});
