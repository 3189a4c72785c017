import assert from "node:assert/strict";
import test from "node:test";
import type { Genesis } from "../cluster/index.ts";
import { namespaceIdOf } from "../cluster/index.ts";
import { utf8 } from "../codec/index.ts";
import { MAX_MESSAGE } from "../net/index.ts";
import type { Env } from "../platform/index.ts";
import { hostSealer } from "./batch.ts";
import { Courier } from "./courier.ts";
import type { DeliveryItem } from "./delivery.ts";
import { Delivery } from "./delivery.ts";
import { UNRAISED } from "./floor.ts";
import { MAX_BATCH_RECORDS } from "./limits.ts";
import { ASK_PUSH } from "./messages.ts";
import type { PushAnswer } from "./messages.ts";
import { pack } from "./parcel.ts";
import { EMPTY_CONTEXT } from "./port.ts";
import type { TestHost } from "./test-hosts.ts";
import { TestHosts, env, everywhere, kv, network, until } from "./test-hosts.ts";

const [writer, peer] = new TestHosts(["a", "b"]).hosts as [TestHost, TestHost];
const seal = hostSealer(writer.key, network);
const fast = kv(3, "fast");

/** The records of the writer's n-th batch. */
function itemsOf(genesis: Genesis, n: number, values: readonly Uint8Array[] = [utf8("v")]): readonly DeliveryItem[] {
  const actor = { host: writer.self, incarnation: 1 };
  const bodies = values.map((value, at) => ({ namespace: namespaceIdOf(genesis), key: `key ${n}.${at}`, dot: { actor, counter: 1 }, context: EMPTY_CONTEXT, value, wallMs: 1, author: null }));
  return seal(actor, n, bodies, null).map((record, at) => ({ at, record, group: 0, genesis, isApplied: false, sequence: 0 }));
}

const batchOf = (genesis: Genesis, n: number): Delivery => new Delivery(itemsOf(genesis, n));

/** A courier on a clock that stands, to a peer that finds one namespace written too fast. */
function courierTo(): { readonly courier: Courier; readonly pushed: DeliveryItem[]; readonly clock: { nowMs: number } } {
  const clock = { nowMs: 0 };
  const pushed: DeliveryItem[] = [];
  const still: Env = { ...env, clock: { ...env.clock, monotonicMs: () => clock.nowMs } };
  const push = async (items: readonly DeliveryItem[]): Promise<PushAnswer> => {
    const geneses = new Map(items.map(({ record, genesis }) => [record.body.namespace, genesis]));
    const parcel = pack(items.map(({ record }) => record), (namespace) => geneses.get(namespace));
    assert.ok(ASK_PUSH.question.encode({ standing: UNRAISED, parcel }).length <= MAX_MESSAGE);
    pushed.push(...items);
    const exceptions = items.flatMap(({ genesis }, at) => (genesis === fast ? [{ at, verdict: { kind: "later" as const, value: "TOO_FAST" } }] : []));
    return Promise.resolve({ exceptions });
  };
  const route = { targets: [peer.self], recipients: [peer.self], missing: 0, isWantedHere: true, spares: [] };
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
  for (; clock.nowMs < 3 * 60_000; clock.nowMs += 1000) {
    for (const delivery of backlog) courier.send(delivery);
    await answered(courier);
  }
  const each = Map.groupBy(pushed, ({ record }) => record.batch);
  assert.deepEqual(new Set([...each.values()].map(({ length }) => length)), new Set([8]));
});

test("a pressed outbox lets go what lies in a row that the layout wants here, and of what this host merely follows only what others have", () => {
  const [item] = itemsOf(kv(1, "followed"), 1) as [DeliveryItem];
  const delivery = new Delivery([{ ...item, isApplied: true }]);
  const isSettled = (isPressed: boolean, isWantedHere: boolean): boolean => delivery.isSettled(delivery.items[0]!, { recipients: [peer.self], isWantedHere }, isPressed);
  assert.deepEqual([isSettled(true, true), isSettled(true, false), isSettled(false, true)], [true, false, false]);
  delivery.acknowledged(peer.self, delivery.items);
  assert.equal(isSettled(true, false), true);
});

test("what is left of a large batch after a part was given up and the host was started again is brought in several messages", async () => {
  const { courier, pushed } = courierTo();
  const items = itemsOf(everywhere, 1, Array.from({ length: MAX_BATCH_RECORDS }, () => new Uint8Array(750)));
  const left = new Delivery(items.slice(1));
  for (let message = 0; message < 3; message += 1) {
    courier.send(left);
    await answered(courier);
  }
  assert.deepEqual(pushed, items.slice(1));
});

test("records of many namespaces with long geneses are brought in several messages, whether they wait together or one by one", async () => {
  const { courier, pushed } = courierTo();
  const items = Array.from({ length: 1100 }, (_, at) => itemsOf({ ...kv(3, `long ${at}`), rules: new Uint8Array(4096) }, at + 1)[0]!);
  const together = new Delivery(items.map((item, at) => ({ ...item, at })));
  for (let message = 0; message < 2; message += 1) {
    courier.send(together);
    await answered(courier);
  }
  assert.equal(pushed.length, items.length);
  for (const item of items) courier.send(new Delivery([{ ...item, at: 0 }]));
  await answered(courier);
  assert.equal(pushed.length, 2 * items.length);
});
