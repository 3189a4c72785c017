import assert from "node:assert/strict";
import test from "node:test";
import { EVERYWHERE } from "../cluster/index.ts";
import { codeOf } from "../platform/index.ts";
import { ASK_NAMESPACES, ASK_RANGES, ASK_SUMS, MAX_LISTED } from "./compare-messages.ts";
import type { RangesAnswer } from "./compare-messages.ts";
import { ready } from "./disk-views.ts";
import type { TestHost } from "./test-hosts.ts";
import { TestHosts, everywhereId, until } from "./test-hosts.ts";

const tags = new Uint8Array(16).fill(7);
const scope = { rank: 0, followed: [] };

/** A victim that compares itself with a host whose answers about ranges are the test's. */
async function compared(ranges: (asked: number) => RangesAnswer): Promise<{ readonly code: string | undefined; readonly asked: number; readonly victim: string | undefined }> {
  await using all = await TestHosts.of("victim", "mallory");
  const [victim, mallory] = all.hosts as [TestHost, TestHost];
  await victim.put(everywhereId, "k", "v");
  await until("both are ready", () => mallory.value(everywhereId, "k") === "v");
  await ready(victim, mallory);
  await victim.records.workers().find((worker) => worker.status().name === "compare")!.stop();
  let asked = 0;
  const request = victim.transport.request.bind(victim.transport);
  victim.transport.request = async (peer, kind, body, options) => {
    if (kind === ASK_SUMS.kind) return ASK_SUMS.answer.encode({ groups: [{ group: EVERYWHERE, scope, tags, count: 9 }] });
    if (kind === ASK_NAMESPACES.kind) return ASK_NAMESPACES.answer.encode({ namespaces: [{ namespace: everywhereId, tags, count: 9 }], upTo: null });
    if (kind === ASK_RANGES.kind) return ASK_RANGES.answer.encode(ranges((asked += 1)));
    return request(peer, kind, body, options);
  };
  const code = await victim.records.compareWith(mallory.self).then(() => undefined, codeOf);
  return { code, asked, victim: victim.value(everywhereId, "k") };
}

const part = (to: string | null): { to: string | null; tags: Uint8Array; count: number } => ({ to, tags, count: 1 });

const answers: readonly { readonly what: string; readonly answer: RangesAnswer }[] = [
  { what: "nothing", answer: { ranges: [] } },
  { what: "more ranges than were asked about", answer: { ranges: [{ kind: "same", value: true }, { kind: "same", value: true }] } },
  { what: "no parts", answer: { ranges: [{ kind: "parts", value: [] }] } },
  { what: "parts that go back", answer: { ranges: [{ kind: "parts", value: [part("m"), part("c"), part(null)] }] } },
  { what: "a part that is empty", answer: { ranges: [{ kind: "parts", value: [part("m"), part("m"), part(null)] }] } },
  { what: "parts behind the end", answer: { ranges: [{ kind: "parts", value: [part(null), part("m")] }] } },
];

for (const { what, answer } of answers) {
  test(`a peer that answers with ${what} ends the comparison, and harms nothing`, async () => {
    const { code, asked, victim } = await compared(() => answer);
    assert.deepEqual([code, asked, victim], ["BAD_RECORD", 1, "v"]);
  });
}

test("a peer that divides a range for ever is asked so often and no more", async () => {
  const { code, asked, victim } = await compared(() => ({ ranges: [{ kind: "parts", value: [part(null)] }] }));
  assert.deepEqual([code, victim], [undefined, "v"]);
  assert.ok(asked > 1 && asked <= 4096, `asked ${asked} times`);
});

test("a peer that lists keys which it then does not have costs one question for each namespace", async () => {
  const value = Array.from({ length: MAX_LISTED }, (_, at) => ({ key: `key ${at}`, tag: tags, isDeleted: false }));
  const { code, asked, victim } = await compared(() => ({ ranges: [{ kind: "keys", value }] }));
  // The network's own namespace, which the answer left out, is the other one.
  assert.deepEqual([code, asked, victim], [undefined, 2, "v"]);
});
