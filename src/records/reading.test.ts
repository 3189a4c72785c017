import assert from "node:assert/strict";
import test from "node:test";
import { utf8 } from "../codec/index.ts";
import { NetError } from "../net/index.ts";
import { ASK_FETCH } from "./messages.ts";
import { EMPTY_CONTEXT } from "./port.ts";
import type { TestHost } from "./test-hosts.ts";
import { TestHosts, everywhere, everywhereId, settled, textOf, until } from "./test-hosts.ts";

const FRESH = { fresh: true, deleted: true };

test("a fresh read counts who has answered, not who is connected, and shows what this host has all the same", async () => {
  await using all = await TestHosts.of("a", "b", "c");
  const [a, b, c] = all.hosts as [TestHost, TestHost, TestHost];
  await a.put(everywhereId, "k", "v");
  await until("all have it", () => all.hosts.every((host) => host.value(everywhereId, "k") === "v"));
  await settled(all, everywhere, "k");
  assert.equal((await a.records.read(everywhereId, "k", FRESH))?.answered, 3);
  for (const host of [b, c]) {
    await host.stop();
    host.plugIn();
    host.transport.handle(ASK_FETCH.kind, () => Promise.reject(new NetError("UNREACHABLE", "it has more to do than it can")));
    await a.transport.connect(host.self, [all.wire.addressOf(host.self)]);
  }
  assert.equal(a.transport.connected().length, 2);
  const state = await a.records.read(everywhereId, "k", FRESH);
  assert.deepEqual([textOf(state), state?.answered], ["v", 1]);
});

test("a fresh read says of a key that nobody has written, or that is deleted, how many say so, and of a value that a deletion stands beside it", async () => {
  await using all = await TestHosts.of("a", "b");
  const [a, b] = all.hosts as [TestHost, TestHost];
  await settled(all, everywhere, "k");
  const seen = async () => {
    const state = await a.records.read(everywhereId, "k", FRESH);
    return [textOf(state), state?.answered, state?.isDeleted];
  };
  assert.deepEqual(await seen(), ["", 2, false]);
  assert.equal(await a.records.read(everywhereId, "k", { fresh: true }), undefined);
  await b.put(everywhereId, "k", "v");
  assert.deepEqual(await seen(), ["v", 2, false]);
  await b.put(everywhereId, "k", null);
  assert.deepEqual(await seen(), ["", 2, true]);
  await b.records.write([{ namespace: everywhereId, key: "k", value: utf8("beside it"), context: EMPTY_CONTEXT }]);
  assert.deepEqual(await seen(), ["beside it", 2, true]);
  assert.equal((await a.records.read(everywhereId, "k"))?.answered, undefined, "one was enough");
});
