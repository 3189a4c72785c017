import assert from "node:assert/strict";
import test from "node:test";
import { network, one, publish } from "../fakes/hosts.ts";
import { DAYS_MAX, readVisits, requestsOf, visitsCodec } from "./visit-records.ts";
import { Tally } from "./tally.ts";

const DAY_MS = 86_400_000;

test("each host's counts reach the others when it stops, and are found again by itself", async () => {
  const { hosts } = network({ a: "ada", b: "bob" });
  const { a, b } = hosts as { a: (typeof hosts)[string]; b: (typeof hosts)[string] };
  const { site } = await publish(a, "blog", { "index.html": "x" });
  for (let at = 0; at < 3; at += 1) a.sites.visits.counter(site.namespace).count(200, 100);
  a.sites.visits.counter(site.namespace).count(404, 0);
  a.sites.visits.counter(site.namespace).sent(50);
  b.sites.visits.counter(site.namespace).count(304, 0);
  const day = a.sites.visits.of("blog")[0]!.days[0]!.day;
  const counted = { host: a.records.self, days: [{ day, bytes: 350, statuses: [{ status: 200, requests: 3 }, { status: 404, requests: 1 }] }] };
  assert.deepEqual(a.sites.visits.of("blog"), [counted], "its own are there at once");
  await a.sites.stop();
  await b.sites.stop();
  const [own, others] = b.sites.visits.of("blog");
  assert.deepEqual(own!.days, [{ day, bytes: 0, statuses: [{ status: 304, requests: 1 }] }]);
  assert.deepEqual(others, counted);
  assert.throws(() => b.sites.visits.of("none"), { code: "NO_SITE" });
});

test("what has not been counted is not written, and a site that is gone is not written to", async () => {
  const { host } = one();
  const { site } = await publish(host, "blog", { "index.html": "x" });
  host.sites.visits.counter(site.namespace);
  await host.sites.stop();
  assert.equal(host.records.local(site.namespace, `visits/${host.records.self}`), undefined);
  host.sites.visits.counter(site.namespace).count(200, 1);
  await host.sites.unpublish("blog");
  await host.sites.stop();
  assert.equal(host.records.local(site.namespace, `visits/${host.records.self}`), undefined);
});

test("days are counted apart, and only the last of them are kept", () => {
  let nowMs = 0;
  const tally = new Tally({ wallMs: () => nowMs }, [{ day: 1, bytes: 5, statuses: [{ status: 200, requests: 5 }] }]);
  for (let day = 1; day < DAYS_MAX + 10; day += 1) {
    nowMs = day * DAY_MS + 1;
    tally.count(200, 1);
    tally.count(500, 1);
    if (day === 1) assert.deepEqual(tally.days(), [{ day: 1, bytes: 7, statuses: [{ status: 200, requests: 6 }, { status: 500, requests: 1 }] }]);
  }
  const days = tally.days();
  assert.deepEqual([days.length, days[0]!.day, days.at(-1)!.day], [DAYS_MAX, 10, DAYS_MAX + 9]);
  assert.deepEqual(visitsCodec.decode(visitsCodec.encode({ days })).days, days);
});

test("a record of every status on every day can be written", () => {
  const tally = new Tally({ wallMs: () => 0 }, []);
  for (let status = 100; status < 600; status += 1) tally.count(status, Number.MAX_SAFE_INTEGER / 1000);
  const days = Array.from({ length: DAYS_MAX }, (_, day) => ({ ...tally.days()[0]!, day: 1e6 + day }));
  visitsCodec.encode({ days });
});

test("of several versions of a host's counts the greater count of each day holds, and an unreadable one is passed over", () => {
  const version = (...days: [number, number][]): Uint8Array => visitsCodec.encode({ days: days.map(([day, requests]) => ({ day, bytes: requests, statuses: [{ status: 200, requests }] })) });
  const sibling = (value: Uint8Array | null) => ({ dot: { actor: { host: "h" as never, incarnation: 1 }, counter: 1 }, value, author: null, wallMs: 0 });
  const state = { key: "visits/h", context: [], siblings: [version([1, 5], [2, 1]), Uint8Array.of(9), null, version([2, 7], [3, 1])].map(sibling) };
  assert.deepEqual(readVisits(state).map((day) => [day.day, requestsOf(day)]), [[1, 5], [2, 7], [3, 1]]);
  assert.deepEqual(readVisits(undefined), []);
});
