import type { Rule, Verdict } from "../cluster/index.ts";
import { ACCEPT, refuse } from "../cluster/index.ts";
import type { HostId, StoreId } from "../codec/index.ts";
import { codec, fixedBytes, id, list, struct, uint } from "../codec/index.ts";
import type { Shape } from "../codec/index.ts";
import { GROUPS } from "./limits.ts";

// Two kinds of records that this room keeps in the network's own namespace.

/** Sets of hosts among which a host has done one round: one, and another each time that somebody came or went meanwhile. */
export const SETS_MAX = 8;

/** `floor/<host>`: which round of collecting deletions the host has begun, and which it has done. Who has published this is counted. */
export interface FloorRecord {
  readonly begun: number;
  readonly done: number;
  /** Among whom it has done that round. */
  readonly sets: readonly number[];
}

export const floorCodec = codec<FloorRecord>("A host's rounds", 1, 256, struct({ begun: uint(), done: uint(), sets: list(uint(), SETS_MAX) as Shape<readonly number[]> }));

export const FLOOR_PREFIX = "floor/";

export function floorKeyOf(host: HostId): string {
  return FLOOR_PREFIX + host;
}

function judgeFloor(key: string, value: Uint8Array | null, host: HostId): Verdict {
  if (key !== floorKeyOf(host)) return refuse("NOT_OWN", "a host says of itself only which rounds it has done");
  if (value !== null) floorCodec.decode(value);
  return ACCEPT;
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

/** The rules of this room's records in the network's namespace. */
export const recordsNetworkRules: Readonly<Record<string, Rule>> = {
  floor: ({ key, value, host }) => judgeFloor(key, value, host),
  ready: ({ key, value, host }) => judgeReady(key, value, host),
};
