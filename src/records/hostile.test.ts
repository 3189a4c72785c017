import assert from "node:assert/strict";
import test from "node:test";
import { ACCEPT, EVERYWHERE, delegate, namespaceIdOf, shardOf } from "../cluster/index.ts";
import type { AccountId, HostId, NetworkId, StoreId } from "../codec/index.ts";
import { idFromBytes, idFromText, utf8 } from "../codec/index.ts";
import { keyPairFromSeed, newSeed, sign } from "../crypto/index.ts";
import { MemoryLog } from "../store/index.ts";
import { hostSealer, sealerWith } from "./batch.ts";
import type { Proven } from "./batch.ts";
import { UNRAISED } from "./floor.ts";
import { ALL_GROUPS, MAX_KEY_PAGES } from "./limits.ts";
import { ASK_FETCH, ASK_HEADS, ASK_NEWEST, ASK_PUSH, ASK_SCAN } from "./messages.ts";
import { pack } from "./parcel.ts";
import type { Parcel } from "./parcel.ts";
import type { Context } from "./port.ts";
import { EMPTY_CONTEXT } from "./port.ts";
import type { RecordBody } from "./record.ts";
import { sealCodec } from "./record.ts";
import { storeIn, table } from "./tables.ts";
import type { TestHost } from "./test-hosts.ts";
import { TestHosts, account, env, everywhere, everywhereId, kv, network, settled, until } from "./test-hosts.ts";

const person = idFromBytes<AccountId>(account.publicKey);
const otherNetwork = idFromText<NetworkId>(idFromBytes<HostId>(newSeed()));

function body(host: TestHost, key: string, more: Partial<RecordBody> = {}): RecordBody {
  return { namespace: everywhereId, key, dot: { actor: { host: host.self, incarnation: 77 }, counter: 1 }, context: EMPTY_CONTEXT, value: utf8("v"), wallMs: 0, author: null, ...more };
}

function sealed(host: TestHost, bodies: readonly RecordBody[], delegation = null as Parameters<ReturnType<typeof hostSealer>>[3]): readonly Proven[] {
  return hostSealer(host.key, network)({ host: host.self, incarnation: 77 }, 1, bodies, delegation);
}

function parcel(records: readonly Proven[]): Parcel {
  return pack(records, (namespace) => (namespace === everywhereId ? everywhere : undefined));
}

function contextOf(host: HostId, count: number): Context {
  return Array.from({ length: count }, (_, at) => ({ actor: { host, incarnation: at + 1 }, upTo: 1, extra: [] }));
}

async function attack(send: (mallory: TestHost, victim: TestHost) => Uint8Array): Promise<{ readonly code: string | undefined; readonly counters: Readonly<Record<string, number>>; readonly stored: number }> {
  await using all = await TestHosts.of("mallory", "victim");
  const [mallory, victim] = all.hosts as [TestHost, TestHost];
  const code = await mallory.transport.request(victim.self, ASK_PUSH.kind, send(mallory, victim), { timeoutMs: 2000 }).then(
    () => undefined,
    (error: { readonly remoteCode?: string }) => error.remoteCode,
  );
  const stored = victim.records.localScan(everywhereId, {}).entries.length;
  assert.equal((await victim.put(everywhereId, "still", "alive")).dots.length, 1);
  return { code, counters: victim.records.counters(), stored };
}

const push = (records: readonly Proven[]): Uint8Array => ASK_PUSH.question.encode({ standing: UNRAISED, parcel: parcel(records) });

const attacks: readonly { readonly what: string; readonly code: string; readonly send: (mallory: TestHost, victim: TestHost) => Uint8Array }[] = [
  { what: "signed by another than its host", code: "BAD_SEAL", send: (mallory, victim) => push(hostSealer(mallory.key, network)({ host: victim.self, incarnation: 77 }, 1, [body(victim, "k")], null)) },
  { what: "whose signature is zeros", code: "BAD_SEAL", send: (mallory) => push(sealerWith(() => new Uint8Array(64), network)({ host: mallory.self, incarnation: 77 }, 1, [body(mallory, "k")], null)) },
  { what: "of another network", code: "BAD_SEAL", send: (mallory) => push(sealerWith((message) => sign(mallory.key, message), otherNetwork)({ host: mallory.self, incarnation: 77 }, 1, [body(mallory, "k")], null)) },
  { what: "in a person's name without their delegation", code: "BAD_SEAL", send: (mallory) => push(sealed(mallory, [body(mallory, "k", { author: person })])) },
  {
    what: "under a delegation to another host",
    code: "BAD_SEAL",
    send: (mallory, victim) => push(sealed(mallory, [body(mallory, "k", { author: person })], victim.delegation)),
  },
  {
    what: "under a delegation that the person did not sign",
    code: "BAD_SEAL",
    send: (mallory) => {
      const forged = delegate(keyPairFromSeed(newSeed()), { network, account: person, host: mallory.self, issuedMs: 1 });
      return push(sealed(mallory, [body(mallory, "k", { author: person })], forged));
    },
  },
  {
    what: "one of whose records was changed",
    code: "BAD_SEAL",
    send: (mallory) => {
      const whole = parcel(sealed(mallory, [body(mallory, "k"), body(mallory, "l")]));
      const [first, second] = whole.items as [Parcel["items"][0], Parcel["items"][0]];
      const leaf = first.leaf.slice();
      leaf[leaf.length - 4]! ^= 1;
      return ASK_PUSH.question.encode({ standing: UNRAISED, parcel: { ...whole, items: [{ ...first, leaf }, second] } });
    },
  },
  {
    what: "with the path of another record",
    code: "BAD_SEAL",
    send: (mallory) => {
      const [one, two] = sealed(mallory, [body(mallory, "k"), body(mallory, "l"), body(mallory, "m")]) as [Proven, Proven, Proven];
      return push([{ ...one, sealed: { ...one.sealed, path: two.sealed.path } }]);
    },
  },
  {
    what: "that is not whole and has no paths",
    code: "BAD_SEAL",
    send: (mallory) => {
      const whole = parcel(sealed(mallory, [body(mallory, "k"), body(mallory, "l")]));
      return ASK_PUSH.question.encode({ standing: UNRAISED, parcel: { ...whole, items: whole.items.slice(0, 1) } });
    },
  },
  {
    what: "whose dots are another actor's",
    code: "BAD_SEAL",
    send: (mallory, victim) => push(hostSealer(mallory.key, network)({ host: mallory.self, incarnation: 77 }, 1, [body(victim, "k")], null)),
  },
  { what: "with a record that claims to have read itself", code: "BAD_RECORD", send: (mallory) => push(sealed(mallory, [body(mallory, "k", { context: [{ actor: { host: mallory.self, incarnation: 77 }, upTo: 5, extra: [] }] })])) },
  { what: "with an empty key", code: "BAD_RECORD", send: (mallory) => push(sealed(mallory, [body(mallory, "")])) },
  { what: "with a key beyond its bound", code: "MALFORMED", send: (mallory) => push(sealed(mallory, [body(mallory, "k".repeat(1025))])) },
  { what: "with a value beyond its bound", code: "MALFORMED", send: (mallory) => push(sealed(mallory, [body(mallory, "k", { value: new Uint8Array(512 * 1024 + 1) })])) },
  { what: "with a context bomb", code: "MALFORMED", send: (mallory, victim) => push(sealed(mallory, [body(mallory, "k", { context: contextOf(victim.self, 4097) })])) },
  { what: "with a context in another than its one form", code: "MALFORMED", send: (mallory, victim) => push(sealed(mallory, [body(mallory, "k", { context: contextOf(victim.self, 3).toReversed() })])) },
  { what: "of no number", code: "BAD_SEAL", send: (mallory) => push(hostSealer(mallory.key, network)({ host: mallory.self, incarnation: 77 }, 0, [body(mallory, "k")], null)) },
  { what: "that is no CBOR", code: "MALFORMED", send: () => Uint8Array.of(1, 0x9b, 255, 255, 255, 255, 255, 255, 255, 255) },
  { what: "of another format version", code: "MALFORMED", send: () => Uint8Array.of(9, 0x80) },
];

for (const { what, code, send } of attacks) {
  test(`a batch ${what} is refused as ${code}, counted, and nothing of it is stored`, async () => {
    const result = await attack(send);
    assert.equal(result.code, code);
    assert.equal(result.stored, 0);
    assert.equal(result.counters[`hostile ${code}`], 1);
  });
}

test("records that the rules refuse are not stored, and those that they cannot judge yet are not either until they can", async () => {
  await using all = await TestHosts.of("a", "b");
  const [a, b] = all.hosts as [TestHost, TestHost];
  b.judge = ({ key }) => (key === "bad" ? { kind: "refuse", code: "NOT_ALLOWED", why: "it is bad" } : key === "early" ? { kind: "later", why: "its author is not known" } : ACCEPT);
  await a.records.write(["bad", "good", "early"].map((key) => ({ namespace: everywhereId, key, value: utf8(key) })));
  await until("the good one is there", () => b.value(everywhereId, "good") === "good");
  assert.equal(b.value(everywhereId, "bad"), undefined);
  assert.equal(b.value(everywhereId, "early"), undefined);
  assert.ok(b.records.counters()["refused NOT_ALLOWED"]! >= 1);
  b.judge = ({ key }) => (key === "bad" ? { kind: "refuse", code: "NOT_ALLOWED", why: "it is bad" } : ACCEPT);
  await until("the early one is there", () => b.value(everywhereId, "early") === "early");
  await assert.rejects(b.put(everywhereId, "bad", "x"), { code: "REFUSED" });
});

test("a reader judges what a replica shows it, be it one key or many", async () => {
  await using all = await TestHosts.of("a", "b");
  const genesis = kv(1, "judged");
  const namespace = namespaceIdOf(genesis);
  for (const host of all.hosts) await host.records.create(genesis);
  await settled(all, genesis);
  const [keeper, reader] = all.list(shardOf(namespace, genesis, "")).map((id) => all.byId(id)) as [TestHost, TestHost];
  for (const key of ["bad", "good"]) await keeper.put(namespace, key, "v");
  reader.judge = ({ key }) => (key === "bad" ? { kind: "refuse", code: "NOT_ALLOWED", why: "it is bad" } : ACCEPT);
  assert.equal(await reader.records.read(namespace, "bad"), undefined);
  assert.deepEqual((await reader.records.scan(namespace, {})).entries.map(({ key }) => key), ["good"]);
});

test("a replica that sends one key's siblings without end is left after as many pages as a key can have", async () => {
  await using all = await TestHosts.of("a", "b");
  const genesis = kv(1, "endless");
  const namespace = namespaceIdOf(genesis);
  for (const host of all.hosts) await host.records.create(genesis);
  await settled(all, genesis);
  const [, reader] = all.list(shardOf(namespace, genesis, "")).map((id) => all.byId(id)) as [TestHost, TestHost];
  let asked = 0;
  const request = reader.transport.request.bind(reader.transport);
  const nothing = { standing: UNRAISED, parcel: parcel([]), isReady: true };
  reader.transport.request = async (peer, kind, question, options) => {
    if (kind === ASK_FETCH.kind) return ASK_FETCH.answer.encode({ ...nothing, keysDone: 0, skip: (asked += 1) });
    if (kind === ASK_SCAN.kind) return ASK_SCAN.answer.encode({ ...nothing, large: ["k"], next: null });
    return request(peer, kind, question, options);
  };
  await assert.rejects(reader.records.read(namespace, "k"), { code: "NOT_HELD" });
  await assert.rejects(reader.records.scan(namespace, {}), { code: "NOT_HELD" });
  assert.equal(asked, 2 * MAX_KEY_PAGES);
});

test("a replica that answers a scan with a place where it has been is not believed", async () => {
  await using all = await TestHosts.of("a", "b");
  const genesis = kv(1, "circle");
  const namespace = namespaceIdOf(genesis);
  for (const host of all.hosts) await host.records.create(genesis);
  await settled(all, genesis);
  const [, reader] = all.list(shardOf(namespace, genesis, "")).map((id) => all.byId(id)) as [TestHost, TestHost];
  const request = reader.transport.request.bind(reader.transport);
  reader.transport.request = async (peer, kind, question, options) =>
    kind === ASK_SCAN.kind ? ASK_SCAN.answer.encode({ standing: UNRAISED, parcel: parcel([]), large: [], next: "k", isReady: true }) : request(peer, kind, question, options);
  assert.equal((await reader.records.scan(namespace, {})).next, "k");
  await assert.rejects(reader.records.scan(namespace, { after: "k" }), { code: "NOT_HELD" });
});

test("a host that claims to have read what another has yet to write does not kill what that one writes", async () => {
  await using all = await TestHosts.of("mallory", "victim");
  const [mallory, victim] = all.hosts as [TestHost, TestHost];
  const first = await victim.put(everywhereId, "k", "one");
  const { actor } = first.dots[0]!;
  const poison = sealed(mallory, [body(mallory, "k", { context: [{ actor, upTo: 1_000_000, extra: [] }] })]);
  await mallory.transport.request(victim.self, ASK_PUSH.kind, push(poison), { timeoutMs: 2000 });
  const second = await victim.records.write([{ namespace: everywhereId, key: "k", value: utf8("two"), context: EMPTY_CONTEXT }]);
  assert.notEqual(second.dots[0]!.actor.incarnation, actor.incarnation);
  assert.equal(victim.value(everywhereId, "k")?.includes("two"), true);
});

test("two records under one dot leave the same one on every host", async () => {
  await using all = await TestHosts.of("mallory", "b", "c");
  const [mallory, b, c] = all.hosts as [TestHost, TestHost, TestHost];
  const [one] = sealed(mallory, [body(mallory, "k", { value: utf8("one") })]) as [Proven];
  const [two] = sealed(mallory, [body(mallory, "k", { value: utf8("two") })]) as [Proven];
  const send = (to: TestHost, record: Proven): Promise<Uint8Array> => mallory.transport.request(to.self, ASK_PUSH.kind, push([record]), { timeoutMs: 2000 });
  await send(b, one);
  await send(c, two);
  await send(b, two);
  await send(c, one);
  assert.equal(b.value(everywhereId, "k"), c.value(everywhereId, "k"));
  assert.ok(b.records.counters()["EQUIVOCATION"]);
});

test("a peer that answers catch-up with nonsense costs its own pull only", async () => {
  await using all = new TestHosts(["mallory", "b", "c"]);
  const [mallory, b, c] = all.hosts as [TestHost, TestHost, TestHost];
  mallory.plugIn();
  for (const host of [b, c]) await host.start();
  const store = idFromBytes<StoreId>(newSeed());
  const place = { life: 1, sequence: 1 };
  mallory.transport.handle(ASK_NEWEST.kind, async () => ASK_NEWEST.answer.encode({ standing: UNRAISED, store, life: 1, replicasMax: 0, newest: [{ group: EVERYWHERE, sequence: 1 }], reached: [] }));
  mallory.transport.handle(ASK_HEADS.kind, async () => ASK_HEADS.answer.encode({ store, namespaces: [everywhereId], groups: [{ group: EVERYWHERE, heads: [{ namespace: 0, tag: new Uint8Array(16), key: "k" }], next: place, isMore: true }] }));
  mallory.transport.handle(ASK_FETCH.kind, async () => {
    const good = parcel(sealed(mallory, [body(mallory, "k")]));
    const seal = sealCodec.decode(good.seals[0]!);
    return ASK_FETCH.answer.encode({ standing: UNRAISED, parcel: { ...good, seals: [sealCodec.encode({ ...seal, batch: 2 })] }, keysDone: 1, skip: 0, isReady: true });
  });
  await c.put(everywhereId, "from c", "v");
  await all.connect();
  await until("b has what c has", () => b.value(everywhereId, "from c") === "v");
  await until("the nonsense was seen", () => (b.records.counters()["hostile BAD_SEAL"] ?? 0) > 0);
  assert.equal(b.value(everywhereId, "k"), undefined);
});

test("a host comes to have all, also after a member has begun a thousand namespaces with long geneses", async () => {
  await using all = new TestHosts(["mallory", "a", "b"]);
  const [mallory, a, b] = all.hosts as [TestHost, TestHost, TestHost];
  mallory.plugIn();
  await a.start();
  await all.connect([mallory, a]);
  const geneses = new Map(Array.from({ length: 1100 }, (_, at) => ({ ...kv(0, `long ${at}`), rules: new Uint8Array(4096) })).map((genesis) => [namespaceIdOf(genesis), genesis]));
  const records = sealed(mallory, [...geneses.keys()].map((namespace) => body(mallory, "k", { namespace })));
  for (const half of [records.slice(0, 550), records.slice(550)]) {
    const question = { standing: UNRAISED, parcel: pack(half, (namespace) => geneses.get(namespace)) };
    await mallory.transport.request(a.self, ASK_PUSH.kind, ASK_PUSH.question.encode(question), { timeoutMs: 5000 });
  }
  await b.start();
  await a.transport.connect(b.self, [all.wire.addressOf(b.self)]);
  await until("b has all that a has", () => [...geneses.keys()].every((namespace) => b.value(namespace, "k") === "v"));
});

test("a member that names another store each time that it is asked leaves no more than one on others' disks", async () => {
  await using all = new TestHosts(["mallory", "b"]);
  const [mallory, b] = all.hosts as [TestHost, TestHost];
  mallory.plugIn();
  await b.start();
  let store = idFromBytes<StoreId>(newSeed());
  const next = { life: 1, sequence: 1 };
  mallory.transport.handle(ASK_NEWEST.kind, async () => {
    store = idFromBytes<StoreId>(newSeed());
    return ASK_NEWEST.answer.encode({ standing: UNRAISED, store, life: 1, replicasMax: 3, newest: ALL_GROUPS.map((group) => ({ group, sequence: 1 })), reached: [] });
  });
  mallory.transport.handle(ASK_HEADS.kind, async (_from, question) => ASK_HEADS.answer.encode({ store, namespaces: [], groups: ASK_HEADS.question.decode(question).groups.map(({ group }) => ({ group, heads: [], next, isMore: false })) }));
  const kept = (): readonly StoreId[] => [...new Set(new MemoryLog(env, b.disk).scan({ ...table("p"), limit: 1_000_000 }).map(({ key }) => storeIn(key)))];
  const named = new Set<StoreId>();
  for (let visit = 0; visit < 4; visit += 1) {
    await mallory.transport.connect(b.self, [all.wire.addressOf(b.self)]);
    await until("what it has named last is kept, and nothing else", () => kept().join() === store && !named.has(store));
    named.add(store);
    await mallory.transport.disconnect(b.self);
    await b.transport.disconnect(mallory.self);
  }
});
