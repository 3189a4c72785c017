import assert from "node:assert/strict";
import test from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { HostId } from "../codec/index.ts";
import { TokenBucket } from "../platform/index.ts";
import { ASK_DIFFER } from "./messages.ts";
import { Newcomer } from "./newcomer.ts";
import type { NewcomerParts } from "./newcomer.ts";
import { UNRAISED } from "./floor.ts";
import { rowKey } from "./tables.ts";
import { env, everywhere, everywhereId } from "./test-hosts.ts";

setFlagsFromString("--expose_gc");
const gc = runInNewContext("gc") as () => void;

/** A row may have 60 such versions, and 256 rows are compared at once. */
const ROWS = 32;
const VERSIONS = 8;
const ENTRIES = 4000;

test("what a newcomer keeps in memory of what others have of its rows does not grow with the contexts that a member has left there", async () => {
  const keys = Array.from({ length: ROWS }, (_, at) => `k${at}`);
  const other = "other" as HostId;
  let heldBytes = Infinity;
  const used = (): number => {
    gc();
    return process.memoryUsage().heapUsed;
  };
  const before = used();
  const replica = {
    floor: { state: { floor: 1 }, admits: () => true, isBelow: () => false, hasMissedToo: () => false },
    stored: { siblings: () => [], walk: () => [keys.map((key) => ({ key: rowKey(everywhereId, key), value: new Uint8Array(64) }))] },
    geneses: new Map([[everywhereId, everywhere]]),
    readiness: { others: () => [other] },
    outbox: { waiting: () => [] },
    retain: async () => void (heldBytes = used() - before),
  };
  const context = (from: number): unknown => Array.from({ length: ENTRIES }, (_, at) => ({ actor: { host: other, incarnation: from + at }, upTo: 1, extra: [] }));
  const record = (key: string, at: number): unknown => ({ body: { namespace: everywhereId, key }, dot: { actor: { host: other, incarnation: at }, counter: 1 }, context: context(at * ENTRIES), sealed: { leaf: Uint8Array.of(at), seal: new Uint8Array(0), path: [], index: 0 } });
  let page = "";
  const peers = {
    nearest: (hosts: readonly HostId[]) => hosts,
    ask: async (_: HostId, kind: { readonly kind: string }, asked: { readonly keys: readonly { readonly key: string }[] }) => {
      if (kind.kind === ASK_DIFFER.kind) return { standing: UNRAISED, different: asked.keys.map((_key, at) => at) };
      page = asked.keys[0]!.key;
      return { standing: UNRAISED, keysDone: 1, skip: 0, parcel: { geneses: [], seals: [], items: [] } };
    },
    open: () => Array.from({ length: VERSIONS }, (_, at) => record(page, at + 1)),
  };
  const cluster = { online: () => [other], members: () => [other], self: "self" as HostId };
  const pace = new TokenBucket(env.clock, { perSecond: 1e12, burst: 1e12 });
  const newcomer = new Newcomer(env, { replica, cluster, peers, pace } as unknown as NewcomerParts);
  assert.equal(await newcomer.compare({ signal: new AbortController().signal, report: () => {} }), true);
  // All rows that are compared at once have 60 times as much at most.
  assert.ok(heldBytes < 16e6, `${Math.round(heldBytes / 1e6)} MB for ${ROWS} rows with ${VERSIONS} versions each`);
});
