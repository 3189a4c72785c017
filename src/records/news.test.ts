import assert from "node:assert/strict";
import test from "node:test";
import { namespaceIdOf, shardOf } from "../cluster/index.ts";
import type { Genesis } from "../cluster/index.ts";
import type { NamespaceId } from "../codec/index.ts";
import { NetError } from "../net/index.ts";
import { TELL_NEWS } from "./messages.ts";
import type { TestHost } from "./test-hosts.ts";
import { TestHosts, env, kv, until } from "./test-hosts.ts";

/** One that the layout keeps nothing of the namespace on, and the others. */
function outsider(all: TestHosts, namespace: NamespaceId, genesis: Genesis): [TestHost, TestHost[]] {
  const replicas = all.hosts[0]!.view().replicas(shardOf(namespace, genesis, ""), genesis.replicas);
  const found = all.hosts.find(({ self }) => !replicas.includes(self))!;
  return [found, all.hosts.filter((host) => host !== found)];
}

test("a follower's feed shows a write of another host long before it would ask by itself", async (t) => {
  await using all = await TestHosts.of("a", "b", "c", "d");
  const genesis = kv(2, "news");
  const namespace = namespaceIdOf(genesis);
  const [follower, others] = outsider(all, namespace, genesis);
  const writer = others[0]!;
  await writer.records.create(genesis);
  await writer.put(namespace, "first", "x");
  await follower.records.follow(namespace);
  await until("the follower has what there is", () => follower.value(namespace, "first") === "x");
  const stop = new AbortController();
  const seenMs = new Map<string, number>();
  const reading = (async () => {
    for await (const { state } of follower.records.changes(namespace, undefined, stop.signal)) seenMs.set(state.key, env.clock.monotonicMs());
  })();
  const tookMs: number[] = [];
  for (let at = 0; at < 30; at += 1) {
    const begunMs = env.clock.monotonicMs();
    await writer.put(namespace, `k${at}`, "x");
    await until("it is in the feed", () => seenMs.has(`k${at}`));
    tookMs.push(seenMs.get(`k${at}`)! - begunMs);
  }
  stop.abort();
  await reading;
  tookMs.sort((a, b) => a - b);
  t.diagnostic(`a write is in a follower's feed after ${Math.round(tookMs[15]!)} ms in the middle, ${Math.round(tookMs[29]!)} ms at most`);
  // Asking by itself it would take a second on average.
  assert.ok(tookMs[15]! < 300, tookMs.join());
});

test("a follower that does not answer holds up no write and is told again once it asks", async () => {
  await using all = await TestHosts.of("a", "b", "c", "d");
  const genesis = kv(2, "deaf");
  const namespace = namespaceIdOf(genesis);
  const [follower, others] = outsider(all, namespace, genesis);
  const replica = all.byId(all.hosts[0]!.view().replicas(shardOf(namespace, genesis, ""), 1)[0]!);
  await replica.records.create(genesis);
  await replica.put(namespace, "first", "x");
  await follower.records.follow(namespace);
  await until("the follower has what there is", () => follower.value(namespace, "first") === "x");
  for (const other of others) all.wire.paths.cut(other.self, follower.self);
  let told = 0;
  const deaf = Promise.withResolvers<Uint8Array>();
  const request = replica.transport.request.bind(replica.transport);
  replica.transport.request = (to, kind, body, options) => {
    if (kind !== TELL_NEWS.kind) return request(to, kind, body, options);
    told += 1;
    return deaf.promise;
  };
  // Not one of them ends the follower's silence, so a write that waited for it would wait for ever.
  for (let at = 0; at < 100; at += 1) assert.equal((await replica.put(namespace, `k${at}`, "x")).safe, true);
  assert.ok(told <= 1, `told ${told} times`);
  replica.transport.request = request;
  deaf.reject(new NetError("UNREACHABLE", "It does not answer."));
  for (const other of others) all.wire.paths.mend(other.self, follower.self);
  await until("the follower has all", () => follower.value(namespace, "k99") === "x", 15_000);
});
