import assert from "node:assert/strict";
import fc from "fast-check";
import test from "node:test";
import { groupsOf, namespaceIdOf } from "../cluster/index.ts";
import { utf8 } from "../codec/index.ts";
import { EMPTY_CONTEXT } from "./port.ts";
import type { TestHost } from "./test-hosts.ts";
import { TestHosts, env, kv, settled, until } from "./test-hosts.ts";
import { compareKeys } from "./rows.ts";

/** Keys that are there throughout, among which others come and go; some of them are not ASCII, so that order is that of UTF-8. */
const LASTING = Array.from({ length: 60 }, (_, at) => `${at % 7 === 0 ? "ä" : at % 5 === 0 ? "\u{1f98a}" : "k"}${String(at).padStart(2, "0")}`);
const FLEETING = Array.from({ length: 60 }, (_, at) => `${at % 7 === 0 ? "ä" : "k"}${String(at).padStart(2, "0")}-`);

interface Step {
  readonly writer: number;
  readonly key: number;
  readonly what: "put" | "delete" | "rewrite";
}

const step = fc.record({ writer: fc.nat(2), key: fc.nat(FLEETING.length - 1), what: fc.constantFrom("put" as const, "delete" as const, "rewrite" as const) });
const plan = fc.record({ limit: fc.integer({ min: 4, max: 40 }), between: fc.array(fc.array(step, { maxLength: 6 }), { minLength: 1, maxLength: 8 }) });

test("pages of a scan hold every key that is there throughout exactly once and in order, on hosts with and without a copy, while writes go on", { timeout: 120_000 }, async () => {
  await using all = await TestHosts.of("a", "b", "c", "d", "e");
  const genesis = kv(2, "pages", 16);
  const namespace = namespaceIdOf(genesis);
  for (const host of all.hosts) await host.records.create(genesis);
  const [whole, ...others] = all.hosts as [TestHost, ...TestHost[]];
  await whole.records.follow(namespace);
  await whole.records.write(LASTING.map((key) => ({ namespace, key, value: utf8("0") })));
  await until("the follower has all", () => whole.records.localScan(namespace, { limit: 1000 }).entries.length === LASTING.length);
  // At the start of a network nobody has said yet that a copy is complete.
  for (const host of all.hosts) while ((await host.records.scan(namespace, { limit: 1 })).isPartial === true) await env.timers.sleep(20);
  const parts = (host: TestHost): number => groupsOf(namespace, genesis).filter((group) => host.view().replicas(group, 2).includes(host.self)).length;
  assert.ok(others.every((host) => parts(host) < groupsOf(namespace, genesis).length), "no other host has all of it by the layout");

  async function take({ writer, key, what }: Step): Promise<void> {
    const host = others[writer]!;
    if (what === "rewrite") await host.put(namespace, LASTING[key]!, String(key));
    else await host.put(namespace, FLEETING[key]!, what === "put" ? "x" : null);
  }

  async function pages(host: TestHost, limit: number, between: readonly (readonly Step[])[]): Promise<string[]> {
    const keys: string[] = [];
    let after: string | undefined;
    for (let at = 0; ; at += 1) {
      const writing = Promise.all((between[at % between.length] ?? []).map(take));
      const page = await host.records.scan(namespace, { limit, ...(after === undefined ? {} : { after }) });
      assert.ok(page.entries.length <= limit);
      assert.notEqual(page.isPartial, true);
      keys.push(...page.entries.map(({ key }) => key));
      await writing;
      if (page.next === undefined) return keys;
      assert.ok(after === undefined || compareKeys(page.next, after) > 0, "it goes forward");
      after = page.next;
    }
  }

  const property = fc.asyncProperty(fc.nat(1), plan, async (which, { limit, between }) => {
    const keys = await pages([whole, others[3]!][which]!, limit, between);
    assert.deepEqual(keys, [...keys].sort(compareKeys), "in order");
    assert.equal(new Set(keys).size, keys.length, "no key twice");
    assert.deepEqual(keys.filter((key) => LASTING.includes(key)), [...LASTING].sort(compareKeys), "every key that was there throughout");
  });
  await fc.assert(property, { numRuns: 12 });
});

test("keys whose siblings are too many for a message come a few in each page, all of them and in order", async () => {
  await using all = await TestHosts.of("a", "b");
  const genesis = kv(1, "large");
  const namespace = namespaceIdOf(genesis);
  for (const host of all.hosts) await host.records.create(genesis);
  await settled(all, genesis);
  const [keeper, reader] = all.list(groupsOf(namespace, genesis)[0]!).map((id) => all.byId(id)) as [TestHost, TestHost];
  const keys = Array.from({ length: 6 }, (_, at) => `key ${at}`);
  const value = new Uint8Array(400_000);
  for (const key of keys) await keeper.records.write([1, 2, 3].map(() => ({ namespace, key, value, context: EMPTY_CONTEXT })));
  const pages: string[][] = [];
  for (let after: string | undefined, more = true; more; more = after !== undefined) {
    const page = await reader.records.scan(namespace, after === undefined ? {} : { after });
    assert.ok(page.entries.every(({ siblings }) => siblings.length === 3));
    pages.push(page.entries.map(({ key }) => key));
    after = page.next;
  }
  assert.deepEqual(pages.flat(), keys);
  assert.ok(pages.every(({ length }) => length <= 4), pages.map(({ length }) => length).join());
});
