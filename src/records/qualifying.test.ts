import assert from "node:assert/strict";
import test from "node:test";
import type { Genesis } from "../cluster/index.ts";
import { EVERYWHERE, namespaceIdOf } from "../cluster/index.ts";
import type { HostId, StoreId } from "../codec/index.ts";
import type { ClusterView } from "./port.ts";
import type { Completed } from "./pull.ts";
import { qualify } from "./qualifying.ts";
import type { Replica } from "./replica.ts";
import { kv } from "./test-hosts.ts";
import { Visits } from "./visits.ts";

const [self, b, c, d, e] = ["a", "b", "c", "d", "e"] as HostId[] as [HostId, HostId, HostId, HostId, HostId];
const GROUP = 7;
const EPOCH = 2;
const mark = { rank: 1, followed: new Uint8Array(0) };

interface Given {
  readonly geneses: readonly Genesis[];
  /** The hosts that have said to be complete, each for namespaces with more replicas than this. */
  readonly ready: ReadonlyMap<HostId, number>;
  /** Who is in reach; this host has caught up with all of them. */
  readonly online: readonly HostId[];
  /** This host is below the floor. */
  readonly isNewcomer?: boolean;
  /** With whom it has caught up before. */
  readonly visits?: Visits;
  readonly nowMs?: number;
  /** Whom this host knows as members. Default: all. */
  readonly members?: readonly HostId[];
}

const LIST = [b, self, c, d, e];

/** Whether a host that is the second of five in a group's list, and was complete for nothing, may call its copy complete. */
function isQualified({ geneses, ready, online, isNewcomer = false, visits = new Visits(), nowMs = 0, members = LIST }: Given): boolean {
  const readiness = {
    others: (_group: number, replicas: number) => LIST.filter((host) => (ready.get(host) ?? Infinity) < replicas),
    storeOf: (host: HostId) => host as string as StoreId,
    covers: () => false,
    isVouched: () => false,
    vouch: () => {},
    mark: () => ({ kind: "put" }),
  };
  const holdings = { scope: (group: number) => (group === EVERYWHERE ? { rank: 0, followed: [] } : { rank: mark.rank, followed: [] }) };
  const replica = { holdings, readiness, floor: { state: { isNewcomer } }, geneses: new Map(geneses.map((genesis) => [namespaceIdOf(genesis), genesis])) } as unknown as Replica;
  const cluster = { self, online: () => online, members: () => members, replicas: (_group: number, count: number) => LIST.slice(0, count) } as unknown as ClusterView;
  const caughtUp = (peer: HostId): { readonly store: StoreId; readonly mark: typeof mark } | undefined => (online.includes(peer) ? { store: peer as string as StoreId, mark: { ...mark, rank: 0 } } : undefined);
  return qualify({ replica, cluster, caughtUp, visits, nowMs, epochOf: () => EPOCH, wants: (group) => group === GROUP }).length === 1;
}

test("where nobody is known to be ready, a majority does not do without a host that the layout wants to keep the copy", () => {
  const given = { geneses: [kv(2, "two")], ready: new Map() };
  assert.equal(isQualified({ ...given, online: [c, d, e] }), false);
  assert.equal(isQualified({ ...given, online: [b, c] }), true);
});

test("whoever is not in the roster that it has yet is no majority with others that are not either", () => {
  const given = { geneses: [kv(2, "two")], ready: new Map(), online: [b, c] };
  assert.equal(isQualified({ ...given, members: [] }), false);
  assert.equal(isQualified({ ...given, members: [b, c] }), false);
  assert.equal(isQualified({ ...given, members: [self, b, c] }), true);
});

test("where nobody is known to be ready, those whom the layout wants need not be there together, if they were asked since then", () => {
  const visits = new Visits();
  const given = { geneses: [kv(3, "three")], ready: new Map(), visits };
  const both = (epoch: number): ReadonlyMap<number, Completed> => new Map([GROUP, EVERYWHERE].map((group) => [group, { mark: { ...mark, rank: 0 }, epoch }]));
  visits.note(b, both(EPOCH), 5);
  assert.equal(isQualified({ ...given, online: [c, d], nowMs: 10 }), false, "it was asked before");
  visits.note(b, both(EPOCH - 1), 12);
  assert.equal(isQualified({ ...given, online: [c, d], nowMs: 13 }), false, "what it had is asked for anew");
  visits.note(b, new Map([[GROUP, both(EPOCH).get(GROUP)!]]), 14);
  assert.equal(isQualified({ ...given, online: [c, d], nowMs: 15 }), false, "it was not asked who is ready");
  visits.note(b, both(EPOCH), 16);
  assert.equal(isQualified({ ...given, online: [c], nowMs: 17 }), false, "too few are there");
  assert.equal(isQualified({ ...given, online: [d, e], nowMs: 17 }), false, "the third is missing");
  assert.equal(isQualified({ ...given, ready: new Map([[c, 0]]), online: [d, e], nowMs: 18 }), false, "it is known to be ready");
  assert.equal(isQualified({ ...given, online: [c, d], nowMs: 19 }), false, "what was asked before that counts no more");
  visits.note(b, both(EPOCH), 20);
  assert.equal(isQualified({ ...given, online: [c, d], nowMs: 21 }), true);
});

test("hosts that are ready for namespaces with many replicas say nothing of those with few", () => {
  const ready = new Map([[c, 2]]);
  assert.equal(isQualified({ geneses: [kv(3, "three"), kv(2, "two")], ready, online: [c, d, e] }), false);
  assert.equal(isQualified({ geneses: [kv(3, "three"), kv(2, "two")], ready, online: [b, c, d] }), true);
  assert.equal(isQualified({ geneses: [kv(3, "three")], ready, online: [c] }), true);
});

test("a host below the floor is complete for nothing, with whomever it has caught up: it has yet to drop what was deleted, and to fetch what that had superseded", () => {
  const given = { geneses: [kv(3, "three")], ready: new Map([[b, 0], [c, 2], [d, 2]]), online: [b, c, d, e] };
  assert.equal(isQualified(given), true);
  assert.equal(isQualified({ ...given, isNewcomer: true }), false);
});
