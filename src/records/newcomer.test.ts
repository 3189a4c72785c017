import assert from "node:assert/strict";
import test from "node:test";
import type { TestHost } from "./test-hosts.ts";
import { everywhereId, until } from "./test-hosts.ts";
import { hostsOf, isKept, progress, working } from "./test-rounds.ts";

test("what hosts that were counted out together had acknowledged to each other stays, also when its writer does not come back with them", async () => {
  await using all = await hostsOf("a", "b", "c", "d");
  const [a, b, writer, other] = all.hosts as [TestHost, TestHost, TestHost, TestHost];
  for (const key of ["k", "taken back"]) await a.put(everywhereId, key, "v");
  await until("all have it", () => all.hosts.every((host) => host.value(everywhereId, "taken back") === "v"));
  await working("all are counted", all.hosts, () => all.hosts.every((host) => progress(host).includes("round")));
  for (const host of [writer, other]) await all.isolate(host);
  await all.connect([writer, other]);
  assert.equal((await writer.put(everywhereId, "alone", "v")).safe, true);
  await writer.stop();
  for (const host of [writer, other]) all.declare(host, true);
  for (const key of ["k", "taken back"]) await b.put(everywhereId, key, null);
  await working("the deletions are collected", all.hosts, () => [a, b].every((host) => !isKept(host, "k") && !isKept(host, "taken back")));
  all.declare(other, false);
  await all.connect();
  await working("all have it again", all.hosts, () => [a, b, other].every((host) => host.value(everywhereId, "alone") === "v"));
  assert.equal(other.records.counters()["times a newcomer"], 1);
  await working("nothing else has come back", all.hosts, () => progress(other).includes("is complete") && !isKept(other, "k"));
  assert.ok([a, b, other].every((host) => !isKept(host, "k") && !isKept(host, "taken back")));
});
