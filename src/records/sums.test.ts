import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { hex } from "../codec/index.ts";
import { sumsOf } from "./disk-views.ts";
import { Sum } from "./sums.ts";
import type { TestHost } from "./test-hosts.ts";
import { TestHosts, everywhereId, kv, until } from "./test-hosts.ts";

const weight = fc.record({ tag: fc.uint8Array({ minLength: 16, maxLength: 16 }), bytes: fc.nat(1_000_000) });

test("a sum is the same in whatever order rows come, go and come again, also after it was stored", () => {
  fc.assert(
    fc.property(fc.array(weight, { maxLength: 20 }), fc.array(weight, { maxLength: 20 }), fc.array(weight, { maxLength: 20 }), (kept, gone, rest) => {
      const one = new Sum();
      for (const each of [...gone, ...kept]) one.add(each);
      const stored = Sum.decode(one.encode());
      for (const each of gone.toReversed()) stored.remove(each);
      const tail = new Sum();
      for (const each of rest) tail.add(each);
      stored.join(tail);
      const other = new Sum();
      for (const each of [...rest, ...kept].toReversed()) other.add(each);
      assert.equal(hex(stored.encode()), hex(other.encode()));
      assert.equal(BigInt(`0x${hex(other.tags)}`), [...rest, ...kept].reduce((sum, { tag }) => (sum + BigInt(`0x${hex(tag)}`)) % 2n ** 128n, 0n));
    }),
  );
});

test("the sums follow the rows through puts, overwrites, deletions, siblings, following and unfollowing", async () => {
  await using all = await TestHosts.of("a", "b", "c", "d");
  const [a, b] = all.hosts as [TestHost, TestHost];
  const genesis = kv(1, "parts", 16);
  const parts = await a.records.create(genesis);
  await all.isolate(b);
  await Promise.all([a.put(everywhereId, "k", "a"), b.put(everywhereId, "k", "b"), a.put(everywhereId, "gone", "x")]);
  await all.connect();
  for (let at = 0; at < 40; at += 1) await a.put(parts, `key ${at}`, "v");
  for (let at = 0; at < 10; at += 1) await a.put(parts, `key ${at}`, at < 5 ? null : "longer");
  await a.put(everywhereId, "gone", null);
  await b.records.follow(parts);
  await until("all have what they should", () => b.value(parts, "key 39") === "v" && all.hosts.every((host) => host.records.deleted(everywhereId, "gone") && host.value(everywhereId, "k") === "a|b" || host.value(everywhereId, "k") === "b|a"));
  for (const host of all.hosts) assert.deepEqual(sumsOf(host).kept, sumsOf(host).counted, host.name);
  await b.records.unfollow(parts);
  for (const host of all.hosts) {
    const { kept, counted } = sumsOf(host);
    assert.deepEqual(kept, counted, host.name);
    assert.equal(Object.keys(kept).filter((name) => name === `256 ${everywhereId}`).length, 1);
  }
});
