import assert from "node:assert/strict";
import test from "node:test";
import type { Genesis } from "../cluster/index.ts";
import { namespaceIdOf } from "../cluster/index.ts";
import { utf8 } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import { hostSealer } from "./batch.ts";
import { Courier } from "./courier.ts";
import type { DeliveryItem } from "./delivery.ts";
import { Delivery } from "./delivery.ts";
import type { PushAnswer } from "./messages.ts";
import { EMPTY_CONTEXT } from "./port.ts";
import type { TestHost } from "./test-hosts.ts";
import { TestHosts, env, everywhere, kv, network, until } from "./test-hosts.ts";

const [writer, peer] = new TestHosts(["a", "b"]).hosts as [TestHost, TestHost];
const seal = hostSealer(writer.key, network);
const fast = kv(3, "fast");

/** The n-th batch of the writer: one record. */
function batchOf(genesis: Genesis, n: number): Delivery {
  const namespace = namespaceIdOf(genesis);
  const dot = { actor: { host: writer.self, incarnation: 1 }, counter: 1 };
  const [record] = seal(dot.actor, n, [{ namespace, key: `key ${n}`, dot, context: EMPTY_CONTEXT, value: utf8("v"), wallMs: 1, author: null }], null);
  return new Delivery([{ at: 0, record: record!, group: 0, genesis, isApplied: false, sequence: 0 }]);
}

/** A courier on a clock that stands, to a peer that finds one namespace written too fast. */
function courierTo(): { readonly courier: Courier; readonly pushed: DeliveryItem[]; readonly clock: { nowMs: number } } {
  const clock = { nowMs: 0 };
  const pushed: DeliveryItem[] = [];
  const still: Env = { ...env, clock: { ...env.clock, monotonicMs: () => clock.nowMs } };
  const push = async (items: readonly DeliveryItem[]): Promise<PushAnswer> => {
    pushed.push(...items);
    const exceptions = items.flatMap(({ genesis }, at) => (genesis === fast ? [{ at, verdict: { kind: "later" as const, value: "TOO_FAST" } }] : []));
    return Promise.resolve({ exceptions });
  };
  const route = { targets: [peer.self], recipients: [peer.self], missing: 0, spares: [] };
  return { courier: new Courier(still, { peer: peer.self, push, routes: () => () => route, failed: () => assert.fail("the peer answers"), settle: () => {} }), pushed, clock };
}

const answered = (courier: Courier): Promise<void> => until("the peer has answered", () => courier.isIdle);

test("a courier brings the writes of other namespaces while its peer finds one written too fast", async () => {
  const { courier } = courierTo();
  courier.send(batchOf(fast, 1));
  await answered(courier);
  assert.equal(courier.isResting, false);
  const other = batchOf(everywhere, 2);
  courier.send(other);
  await answered(courier);
  assert.equal(other.copies(0), 2);
});

test("a backlog of what is written too fast is offered again and again with pauses that grow to a minute", async () => {
  const { courier, pushed, clock } = courierTo();
  const backlog = Array.from({ length: 50 }, (_, at) => batchOf(fast, at + 1));
  // As the outbox offers it, each second.
  for (; clock.nowMs < 10 * 60_000; clock.nowMs += 1000) {
    for (const delivery of backlog) courier.send(delivery);
    await answered(courier);
  }
  const each = Map.groupBy(pushed, ({ record }) => record.batch);
  assert.deepEqual(new Set([...each.values()].map(({ length }) => length)), new Set([15]));
});
