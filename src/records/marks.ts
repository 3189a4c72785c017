import type { Rule, Verdict } from "../cluster/index.ts";
import { ACCEPT, refuse } from "../cluster/index.ts";
import type { HostId, StoreId } from "../codec/index.ts";
import { codec, fixedBytes, id, list, struct, uint } from "../codec/index.ts";
import type { Shape } from "../codec/index.ts";
import { GROUPS } from "./limits.ts";
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

/** `ready/<host>`: of which groups the host's copy is complete, so that it counts for reads. */
export interface Ready {
  /** The store that has caught up; another one of the same host has not. */
  readonly store: StoreId;
  /** Per group: the copy has every namespace with more replicas than this. NOT_READY: it is not complete for any. */
  readonly ranks: Uint8Array;
}

export const NOT_READY = 255;

export const readyCodec = codec<Ready>("A host's readiness", 1, 512, struct({ store: id<StoreId>(), ranks: fixedBytes(GROUPS) }));

export const READY_PREFIX = "ready/";

export function readyKeyOf(host: HostId): string {
  return READY_PREFIX + host;
}

function judgeReady(key: string, value: Uint8Array | null, host: HostId): Verdict {
  if (key !== readyKeyOf(host)) return refuse("NOT_OWN", "a host says of itself only that it is ready");
  if (value !== null) readyCodec.decode(value);
  return ACCEPT;
}

/** The rules of this room's records in the network's namespace. Floors are refused until the program knows how to raise one safely. */
export const recordsNetworkRules: Readonly<Record<string, Rule>> = {
  ready: ({ key, value, host }) => judgeReady(key, value, host),
};
