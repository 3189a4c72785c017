import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import type { Genesis } from "../cluster/index.ts";
import { shardOf } from "../cluster/index.ts";
import type { NamespaceId } from "../codec/index.ts";
import { concatBytes, hex, utf8 } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import type { LogOperation } from "../store/index.ts";
import { ASK_NAMESPACES, ASK_RANGES, ASK_SUMS } from "./compare-messages.ts";
import { contentOf, ready, rowsOf, sumsOf, tamper } from "./disk-views.ts";
import { EMPTY_CONTEXT } from "./port.ts";
import { encodeHead, rowSequence } from "./row.ts";
import { Sum, weightOf } from "./sums.ts";
import { namespaceIn, recordKeyIn, rowKey, sequenceKey, sumKey, u64 } from "./tables.ts";
import type { TestHost } from "./test-hosts.ts";
import { TestHosts, everywhereId, kv, until } from "./test-hosts.ts";

/** Counts what a host asks the others for comparing. */
function meter(host: TestHost): { messages: number; bytes: number } {
  const seen = { messages: 0, bytes: 0 };
  const request = host.transport.request.bind(host.transport);
  host.transport.request = async (peer, kind, body, options) => {
    const answer = await request(peer, kind, body, options);
    if ([ASK_SUMS.kind, ASK_NAMESPACES.kind, ASK_RANGES.kind].includes(kind)) {
      seen.messages += 1;
      seen.bytes += body.length + answer.length;
    }
    return answer;
  };
  return seen;
}

const MANY = process.env["HOLDFAST_SIZE"] === "1" ? 1_000_000 : 30_000;

test("one difference among tens of thousands of rows, or a million, is found with a few small messages, and others have their turns meanwhile", async () => {
  await using all = new TestHosts(["a", "b"]);
  const [a, b] = all.hosts as [TestHost, TestHost];
  const operations: LogOperation[] = [];
  const sum = new Sum();
  for (let at = 0; at < MANY; at += 1) {
    const key = rowKey(everywhereId, `key ${String(at).padStart(7, "0")}`);
    const value = concatBytes(Uint8Array.of(1), u64(at + 1), sha256(key).subarray(0, 16), new Uint8Array(100));
    sum.add(weightOf(key, value)!);
    operations.push({ kind: "put", key, value });
  }
  operations.push({ kind: "put", key: sumKey(256, everywhereId), value: sum.encode() });
  for (const host of all.hosts) {
    await host.start();
    const check = host.records.workers().find((worker) => worker.status().name === "check records")!;
    await until("the store is counted", () => check.status().runs > 0);
    // These rows are only heads, which is all that comparing looks at; checking would find them out.
    await check.stop();
    tamper(host, operations);
  }
  await b.put(everywhereId, "key 0012345 and a half", "only b has this");
  await all.connect();
  await until("a has it", () => a.value(everywhereId, "key 0012345 and a half") !== undefined);
  await ready(a, b);
  const name = rowKey(everywhereId, "key 0012345 and a half");
  tamper(a, [{ kind: "delete", key: name }, { kind: "put", key: sumKey(256, everywhereId), value: sum.encode() }]);
  const seen = meter(a);
  let turns = 0;
  const ticking = setInterval(() => (turns += 1), 1);
  const compared = await a.records.compareWith(b.self);
  clearInterval(ticking);
  assert.deepEqual([compared.differing, compared.fetched], [1, 1]);
  assert.equal(a.value(everywhereId, "key 0012345 and a half"), "only b has this");
  assert.ok(seen.messages <= 6, `${seen.messages} messages`);
  assert.ok(seen.bytes < 64 * 1024, `${seen.bytes} bytes`);
  assert.ok(turns > 10, `others had ${turns} turns meanwhile`);
  assert.equal((await a.records.compareWith(b.self)).differing, 0);
});

test("a row that the disk has damaged keeps nobody from writing its key, and what others have of it comes back", async () => {
  await using all = await TestHosts.of("a", "b");
  const [a, b] = all.hosts as [TestHost, TestHost];
  await a.put(everywhereId, "k", "before");
  await ready(a, b);
  const { key, value } = rowsOf(a, everywhereId)[0]!;
  tamper(a, [{ kind: "put", key, value: value.fill(255, 30) }]);
  await a.put(everywhereId, "k", "after");
  await a.records.compareWith(b.self);
  await until("both have what was written blindly beside what was there", () => all.hosts.every((host) => host.value(everywhereId, "k")?.split("|").sort().join() === "after,before"));
  assert.equal(a.records.counters()["rows damaged"], 1);
});

const HOW = ["remove", "flip", "misdirect", "unindex", "misindex", "unsum"] as const;
const damage = fc.record({ host: fc.nat(1), row: fc.nat(1e6), how: fc.constantFrom(...HOW), at: fc.nat(1e6) });
type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never;

/** Damages one row of a host. @returns the row's key when the row itself is lost by it */
function harm(host: TestHost, namespaces: readonly NamespaceId[], { row: place, how, at }: Damage, lost: ReadonlySet<string>): string | undefined {
  const rows = namespaces.flatMap((namespace) => rowsOf(host, namespace));
  const { key, value } = rows[place % rows.length]!;
  const name = hex(key);
  const group = (genesis: Genesis): number => shardOf(namespaceIn(key), genesis, recordKeyIn(key));
  const genesis = host.records.genesis(namespaceIn(key))!;
  if (how === "unsum") tamper(host, [{ kind: "put", key: sumKey(group(genesis), namespaceIn(key)), value: new Sum().encode() }]);
  else if (how === "unindex") tamper(host, [{ kind: "delete", key: sequenceKey(group(genesis), rowSequence(value)) }]);
  else if (how === "misindex") tamper(host, [{ kind: "put", key: sequenceKey(group(genesis), at), value: encodeHead({ namespace: namespaceIn(key), key: recordKeyIn(key), tag: new Uint8Array(16) }) }]);
  // What both have lost nobody can bring back.
  else if (lost.has(name)) return undefined;
  else if (how === "remove") tamper(host, [{ kind: "delete", key }]);
  else if (how === "misdirect") tamper(host, [{ kind: "put", key, value: rows[(place + 1) % rows.length]!.value }]);
  else {
    value[at % value.length]! ^= 1 << (at % 8);
    tamper(host, [{ kind: "put", key, value }]);
  }
  return ["unsum", "unindex", "misindex"].includes(how) ? undefined : name;
}

test("whatever is removed or altered behind the store's back on either side is found by checking and healed by comparing", async () => {
  await using all = await TestHosts.of("a", "b");
  const [a, b] = all.hosts as [TestHost, TestHost];
  const namespaces = [await a.records.create(kv(2, "parts", 16)), await a.records.create(kv(2, "whole")), everywhereId];
  for (const namespace of namespaces) {
    await a.records.write(Array.from({ length: 60 }, (_, at) => ({ namespace, key: `key/${at}`, value: utf8(`value ${at}`) })));
    await b.records.write(Array.from({ length: 20 }, (_, at) => ({ namespace, key: `key/${at * 2}`, value: at % 3 === 0 ? null : utf8(`new ${at}`), context: EMPTY_CONTEXT })));
  }
  await ready(a, b);
  const contents = (host: TestHost): unknown => namespaces.map((namespace) => contentOf(host, namespace));
  const want = contents(a);
  assert.deepEqual(contents(b), want);
  await fc.assert(
    fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 30 }), async (damages) => {
      const lost = new Set<string>();
      for (const each of damages) {
        const name = harm(all.hosts[each.host]!, namespaces, each, lost);
        if (name !== undefined) lost.add(name);
      }
      for (const host of all.hosts) await host.records.check();
      // Whoever has lost a row is compared with when it has caught up again.
      await ready(a, b);
      await a.records.compareWith(b.self);
      await b.records.compareWith(a.self);
      for (const host of all.hosts) {
        assert.deepEqual(contents(host), want);
        assert.deepEqual(sumsOf(host).kept, sumsOf(host).counted);
        assert.deepEqual({ ...(await host.records.check()), rows: 0 }, { rows: 0, damaged: 0, sums: 0, index: 0 });
      }
    }),
    { numRuns: 12 },
  );
});
