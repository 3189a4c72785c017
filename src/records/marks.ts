import type { Rule, Verdict } from "../cluster/index.ts";
import { ACCEPT, SHARDS, refuse } from "../cluster/index.ts";
import type { HostId, StoreId } from "../codec/index.ts";
import { codec, fixedBytes, id, list, struct, uint } from "../codec/index.ts";
import type { Shape } from "../codec/index.ts";
import type { Place } from "./numbering.ts";
import { placeShape } from "./position.ts";

// Two kinds of records that this room keeps in the network's own namespace.

/** `floor/<group>`: deletions of the group have been collected up to here, so whoever last synchronised below it is a newcomer there. */
export interface Floor {
  /** Raised by one at each collection. */
  readonly number: number;
  /** How old a deletion had to be. Decoration: clocks only suggest when. */
  readonly horizonMs: number;
  /** The replicas that had everything that was collected, and up to which number of their own. */
  readonly replicas: readonly { readonly host: HostId; readonly store: StoreId; readonly place: Place }[];
}

export const floorCodec = codec<Floor>(
  "A floor",
  1,
  16 * 1024,
  struct({
    number: uint(),
    horizonMs: uint(),
    replicas: list(struct({ host: id<HostId>(), store: id<StoreId>(), place: placeShape }), 128) as Shape<Floor["replicas"]>,
  }),
);

export function floorKey(group: number): string {
  return `floor/${group}`;
}

/** `ready/<shard>/<host>`: the host has caught up with the shard under a layout, and counts for reads and for w. */
export interface Ready {
  /** Hash of the membership that the layout follows from. */
  readonly view: Uint8Array;
  /** The store that has caught up; another one of the same host has not. */
  readonly store: StoreId;
  /** The shard's floor at that time; 0 when there was none. */
  readonly floor: number;
}

export const readyCodec = codec<Ready>("A mark of readiness", 1, 128, struct({ view: fixedBytes(32), store: id<StoreId>(), floor: uint() }));

export function readyKeyOf(shard: number, host: HostId): string {
  return `ready/${shard}/${host}`;
}

const NUMBER = /^(?:0|[1-9][0-9]{0,2})$/;

function numberIn(part: string | undefined, count: number): boolean {
  return part !== undefined && NUMBER.test(part) && Number(part) < count;
}

function judgeReady(key: string, value: Uint8Array | null, host: HostId): Verdict {
  const [, shard, about, ...rest] = key.split("/");
  if (!numberIn(shard, SHARDS) || rest.length > 0) return refuse("BAD_KEY", "a mark of readiness is ready/<shard>/<host>");
  if (about !== host) return refuse("NOT_OWN", "a host says of itself only that it is ready");
  if (value !== null) readyCodec.decode(value);
  return ACCEPT;
}

/** The rules of this room's records in the network's namespace. Floors are refused until the program knows how to raise one safely. */
export const recordsNetworkRules: Readonly<Record<string, Rule>> = {
  ready: ({ key, value, host }) => judgeReady(key, value, host),
};
