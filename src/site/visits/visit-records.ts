import type { HostId } from "../../codec/index.ts";
import { CodecError, codec, idFromText, list, struct, uint } from "../../codec/index.ts";
import type { KeyState } from "../../records/index.ts";

// How often a site was asked for, counted by each host that serves it, in the site's namespace under `visits/<host>`: numbers by the day,
// and nothing about who asked.

export const VISITS_KIND = "visits";
export const VISITS_PREFIX = `${VISITS_KIND}/`;
/** Older days are let go. */
export const DAYS_MAX = 35;
/** More than the gateway has answers. */
export const STATUSES_MAX = 40;
const STATUS_MAX = 599;

export interface DayVisits {
  /** Days since 1970, UTC. */
  readonly day: number;
  /** Of bodies, as they were handed to connections. */
  readonly bytes: number;
  /** By HTTP status, ascending. */
  readonly statuses: readonly { readonly status: number; readonly requests: number }[];
}

export interface Visits {
  /** Ascending. */
  readonly days: readonly DayVisits[];
}

export const visitsCodec = codec<Visits>(
  "A host's count of visits",
  1,
  DAYS_MAX * (STATUSES_MAX + 2) * 10,
  struct({ days: list(struct({ day: uint(), bytes: uint(), statuses: list(struct({ status: uint(STATUS_MAX), requests: uint() }), STATUSES_MAX) }), DAYS_MAX) }),
);

export function visitsKey(host: HostId): string {
  return `${VISITS_PREFIX}${host}`;
}

/** @throws CodecError when the key names no host */
export function hostInVisitsKey(key: string): HostId {
  return idFromText<HostId>(key.slice(VISITS_PREFIX.length));
}

/** Of several versions, which a host leaves that has come back from an older disk, the greatest number of each day. */
export function readVisits(state: KeyState | undefined): readonly DayVisits[] {
  const days = new Map<number, DayVisits>();
  for (const { value } of state?.siblings ?? []) {
    for (const day of value === null ? [] : readable(value)) {
      const known = days.get(day.day);
      if (known === undefined || requestsOf(day) > requestsOf(known)) days.set(day.day, day);
    }
  }
  return [...days.values()].sort((a, b) => a.day - b.day);
}

export function requestsOf({ statuses }: DayVisits): number {
  return statuses.reduce((sum, { requests }) => sum + requests, 0);
}

function readable(value: Uint8Array): readonly DayVisits[] {
  try {
    return visitsCodec.decode(value).days;
  } catch (error) {
    if (error instanceof CodecError) return [];
    throw error;
  }
}
