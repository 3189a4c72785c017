import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { encode } from "cborg";
import type { Genesis } from "../../src/cluster/index.ts";
import { admissionCodec, inviteCodec, namespaceIdOf, readInviteCode, removalCodec, signInvite } from "../../src/cluster/index.ts";
import type { PackId, StoreId } from "../../src/codec/index.ts";
import { bytesOfId, concatBytes, utf8 } from "../../src/codec/index.ts";
import { keyPairFromSeed, newSeed } from "../../src/crypto/index.ts";
import { BULK, encodeOpen } from "../../src/net/bulk-frames.ts";
import { CONTROL, encodeId } from "../../src/net/control-frames.ts";
import { frameHead } from "../../src/net/frame-reader.ts";
import { MAX_MESSAGE, REDEEM } from "../../src/net/index.ts";
import { BULK_PROTOCOL, CONTROL_PROTOCOL } from "../../src/net/protocols.ts";
import { RawStream } from "../../src/net/raw-peer.fixture.ts";
import { codeOf } from "../../src/platform/index.ts";
import { GET, HAS, PUT, RESERVE, emptyCodec, pieceNameCodec } from "../../src/pool/messages.ts";
import { ASK_CONFIRM, ASK_FETCH, ASK_GENESIS, ASK_HEADS, ASK_NEWEST, ASK_PUSH, ASK_SCAN } from "../../src/records/messages.ts";
import type { Parcel } from "../../src/records/parcel.ts";
import { recordCodec } from "../../src/records/record.ts";
import { encodeClaim, siteGenesis } from "../../src/site/claim.ts";
import type { HostileMember, Scene } from "./attack.ts";
import { holdings, noise, rawPeer, refusal, servesOthers, stage, transportWith, victimOf } from "./attack.ts";
import { Bench, httpGet, until } from "./harness.ts";
import { MIB } from "./size.ts";

const HUGE = Number.MAX_SAFE_INTEGER;

test("a host outlives hostile members, strangers, invites and hosts that were removed", { timeout: 180_000 }, async (t) => {
  await using bench = await Bench.make();
  const scene = await stage(bench);
  const { attic, moles } = scene;
  const processId = attic.pid;
  const before = await holdings(attic);
  const step = async (what: string, work: (scene: Scene) => Promise<void>): Promise<void> => {
    await t.test(what, async () => {
      await work(scene);
      await servesOthers(scene);
      assert.equal((await attic.ask<{ pid: number }>(["status"])).pid, processId, "the same process serves");
    });
  };
  await step("frames that are too long, malformed or garbage end the connection", malformedFrames);
  await step("requests of unknown kinds and malformed questions are refused by their code", malformedQuestions);
  await step("forged records are refused, each with its reason", forgedRecords);
  await step("questions with absurd numbers get small answers", absurdNumbers);
  await step("requests about pieces with impossible ranges are refused", impossibleRanges);
  await step("records that would poison the roster change nothing", poison);
  await t.test("nothing of that has changed what the network holds, and the host starts again", async () => {
    assert.deepEqual(await holdings(attic), before);
    for (const mole of moles) await mole.transport.disconnect(scene.victim.self);
  });
  await t.test("strangers and invites may do nothing but redeem", () => outsiders(scene));
  await t.test("a removed host is refused everywhere, and so is what it writes later", () => removed(scene));
  await Promise.all(moles.map((mole) => mole[Symbol.asyncDispose]()));
  await t.test("after all that the host starts anew and holds what it held", async () => {
    await attic.kill();
    await attic.up();
    const found = (await holdings(attic)) as { hosts: { name: string }[] };
    assert.deepEqual(found.hosts.map(({ name }) => name).sort(), ["attic", "cellar", "mole2", "mole3", "mole4"]);
    assert.equal((await attic.get("film")).status, 200);
  });
});

async function malformedFrames({ moles, victim }: Scene): Promise<void> {
  const raw = await rawPeer(moles[0]!.identity.key.seed, victim);
  const wrong: readonly ((stream: RawStream) => void)[] = [
    (stream) => stream.send(frameHead(CONTROL.request, 2 ** 32 - 1)),
    (stream) => stream.send(frameHead(CONTROL.request, MAX_MESSAGE + 1000)),
    (stream) => stream.frame(200, noise(10)),
    (stream) => stream.send(concatBytes(Uint8Array.of(0xff), noise(20_000))),
    (stream) => stream.frame(CONTROL.request, encodeId(1), Uint8Array.of(200), utf8("short")),
    (stream) => stream.frame(CONTROL.answer, encodeId(77), utf8("nobody asked")),
    (stream) => stream.frame(CONTROL.request),
  ];
  for (const say of wrong) {
    const stream = await raw.stream(CONTROL_PROTOCOL);
    stream.hello();
    await stream.next(CONTROL.hello);
    say(stream);
    await stream.closed;
  }
  await raw.peer.stop();
  // The two ends of one key have met; the transport comes back by itself.
  await moles[0]!.connect(victim);
}

/** A value in the wire's form with nothing checked: version 1, then CBOR. */
function plain(value: unknown): Uint8Array {
  return concatBytes(Uint8Array.of(1), encode(value));
}

async function malformedQuestions({ moles, victim }: Scene): Promise<void> {
  const [mole] = moles as [HostileMember];
  assert.equal(await refusal(mole.ask(victim, "no/such-kind", noise(10))), "UNKNOWN_KIND");
  assert.equal(await refusal(mole.ask(victim, "constructor", noise(10))), "UNKNOWN_KIND");
  for (const { kind } of [ASK_PUSH, ASK_NEWEST, ASK_HEADS, ASK_FETCH, ASK_SCAN, ASK_GENESIS, ASK_CONFIRM]) {
    for (const body of [new Uint8Array(0), noise(500), plain({ a: 1 }), plain(nested(2000)), Uint8Array.of(1, 0x9b, 255, 255, 255, 255, 255, 255, 255, 255)]) {
      assert.equal(await refusal(mole.ask(victim, kind, body)), "MALFORMED", kind);
    }
  }
  for (const kind of [RESERVE, HAS, "pool/release", "cluster/beat", "cluster/approve", REDEEM]) assert.notEqual(await refusal(mole.ask(victim, kind, noise(300))), "nothing", kind);
}

function nested(depth: number): unknown {
  let value: unknown = 0;
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}

async function forgedRecords({ moles, victim, site }: Scene): Promise<void> {
  const [mole, accomplice] = moles as [HostileMember, HostileMember];
  const { roster, account, identity } = mole;
  const own = identity.host;
  const other = keyPairFromSeed(newSeed());
  const genesis = { ...siteGenesis(mole.network, account, noise(16)) };
  const dots = (count: number): number[] => Array.from({ length: count }, (_, at) => 3 + 2 * at);
  const actor = { host: own, incarnation: 1 };
  const key = `member/${accomplice.identity.host}`;
  const [row] = ASK_FETCH.answer.decode(await mole.ask(victim, ASK_FETCH.kind, ASK_FETCH.question.encode({ keys: [{ namespace: roster, key }], skip: 0 }))).parcel.items;
  const admitted = admissionCodec.decode(recordCodec.decode(row!.leaf).value!);
  const pushed = async (parcel: Parcel): Promise<string> => {
    try {
      return (await mole.push(victim, parcel)).exceptions[0]?.verdict.value ?? "stored";
    } catch (error) {
      return String((error as { remoteCode?: string }).remoteCode ?? codeOf(error));
    }
  };
  const mine = { namespace: roster, key: `host/${own}`, author: null };
  const cases: readonly (readonly [string, string, () => Parcel])[] = [
    ["a signature that is another key's", "BAD_SEAL", () => mole.parcel([mine], { key: other })],
    ["a batch of another network", "BAD_SEAL", () => mole.parcel([mine], { network: namespaceIdOf(genesis) as string as typeof mole.network })],
    ["a delegation that another person gave another host", "BAD_SEAL", () => mole.parcel([mine], { delegation: accomplice.delegation })],
    ["an author who did not delegate", "BAD_SEAL", () => mole.parcel([{ ...mine, author: accomplice.account }])],
    ["a record changed after it was signed", "BAD_SEAL", () => changed(mole.parcel([mine]))],
    ["a dot that is another host's", "BAD_SEAL", () => mole.parcel([{ ...mine, dot: { actor: { host: accomplice.identity.host, incarnation: 1 }, counter: 1 } }])],
    ["a context beyond its own counter", "BAD_RECORD", () => mole.parcel([{ ...mine, context: [{ actor, upTo: 9, extra: [] }] }])],
    ["a context of more dots than allowed", "MALFORMED", () => mole.parcel([{ ...mine, dot: { actor, counter: HUGE }, context: [{ actor, upTo: 1, extra: dots(8193) }] }])],
    ["a context of more actors than allowed", "MALFORMED", () => mole.parcel([{ ...mine, context: Array.from({ length: 4097 }, (_, at) => ({ actor: { host: accomplice.identity.host, incarnation: at + 1 }, upTo: 1, extra: [] })) }])],
    ["a value of more bytes than allowed", "MALFORMED", () => mole.parcel([{ ...mine, value: noise(513 * 1024) }])],
    ["a key of more bytes than allowed", "MALFORMED", () => mole.parcel([{ ...mine, key: "k".repeat(1025) }])],
    ["an empty key", "BAD_RECORD", () => mole.parcel([{ ...mine, key: "" }])],
    ["a namespace that nobody knows", "UNKNOWN_NAMESPACE", () => mole.parcel([{ namespace: namespaceIdOf(genesis), key: "head" }])],
    ["a namespace of another network", "OTHER_NETWORK", () => foreign(mole, { ...genesis, network: null })],
    ["a namespace of a type that is a word of the language", "UNKNOWN_TYPE", () => foreign(mole, { ...genesis, type: "constructor" })],
    ["a namespace of a type that is the root of all objects", "UNKNOWN_TYPE", () => foreign(mole, { ...genesis, type: "__proto__" })],
    ["a head of another's site", "NOT_OWNER", () => mole.parcel([{ namespace: site, key: "head" }])],
    ["the deletion of another's site", "NOT_OWNER", () => mole.parcel([{ namespace: site, key: "head", value: null }])],
    ["another host's card", "NOT_OWN", () => mole.parcel([{ ...mine, key: `host/${victim.self}`, value: null }])],
    ["another host's vote on a name", "NOT_OWN", () => mole.parcel([{ ...mine, key: `name/film/vote/${victim.self}`, value: null }])],
    ["another person's claim of a name", "NOT_OWN", () => mole.parcel([{ namespace: roster, key: `name/film/claim/${accomplice.account}`, value: encodeClaim(genesis) }])],
    ["the removal of another's host", "NOT_ADMINISTRATOR", () => mole.parcel([{ namespace: roster, key: `removed/${victim.self}/${account}`, value: removalCodec.encode({ honoured: [] }) }])],
    ["an administrator who made themselves one", "NOT_ADMINISTRATOR", () => mole.parcel([{ namespace: roster, key: `administrator/${account}`, value: new Uint8Array(0) }])],
    ["another host's admission under another name", "NOT_CONSENTED", () => mole.parcel([{ namespace: roster, key, value: admissionCodec.encode({ ...admitted, name: "attic" }) }])],
    ["another host's admission in another zone", "NOT_CONSENTED", () => mole.parcel([{ namespace: roster, key, value: admissionCodec.encode({ ...admitted, zone: "elsewhere" }) }])],
    ["the terms of an invite that another made", "NOT_PROVEN", () => mole.parcel([{ namespace: roster, key: `invite/${admitted.invite}`, value: inviteCodec.encode({ inviter: account, expiresMs: 1, zone: null, quotaBytes: null, role: "member", signature: noise(64) }) }])],
    ["the end of an admission", "NOT_DELETABLE", () => mole.parcel([{ namespace: roster, key: `member/${victim.self}`, value: null }])],
    ["a kind of record that is a word of the language", "UNKNOWN_KIND", () => mole.parcel([{ namespace: roster, key: "constructor" }])],
  ];
  for (const [what, code, make] of cases) assert.equal(await pushed(make()), code, what);
}

function foreign(mole: HostileMember, genesis: Genesis): Parcel {
  return mole.parcel([{ namespace: namespaceIdOf(genesis), key: "head" }], { genesis });
}

function changed(parcel: Parcel): Parcel {
  return { ...parcel, items: parcel.items.map((item) => ({ ...item, leaf: item.leaf.map((byte, at) => (at === item.leaf.length - 40 ? byte ^ 1 : byte)) })) };
}

async function poison({ moles, victim }: Scene): Promise<void> {
  const [mole] = moles as [HostileMember];
  const invite = keyPairFromSeed(newSeed());
  const invitation = inviteCodec.encode(signInvite(invite, mole.network, { inviter: mole.account, expiresMs: HUGE, zone: "\n\u202e<b>", quotaBytes: HUGE, role: "member" }));
  for (const key of ["invite/garbage", `invite/${"a".repeat(52)}/x`, "invite/", "member/garbage", `member/${"1".repeat(52)}`, `revoked/${mole.account}/garbage`, "voters/garbage", "voters/-1"]) {
    const { exceptions } = await mole.push(victim, mole.parcel([{ namespace: mole.roster, key, value: invitation }]));
    assert.equal(exceptions[0]?.verdict.kind, "refused", key);
  }
}

async function absurdNumbers({ moles, victim }: Scene): Promise<void> {
  const [mole] = moles as [HostileMember];
  const place = { life: HUGE, sequence: HUGE };
  const groups = Array.from({ length: 257 }, (_, group) => ({ group, place, scope: { rank: 64, followed: Array.from({ length: 30 }, () => mole.roster) } }));
  const far = ASK_HEADS.answer.decode(await mole.ask(victim, ASK_HEADS.kind, ASK_HEADS.question.encode({ groups: groups.map(({ group, scope }) => ({ group, scope, place: { life: 0, sequence: HUGE } })) })));
  assert.ok(far.groups.every(({ heads }) => heads.length <= 1024));
  await mole.ask(victim, ASK_HEADS.kind, ASK_HEADS.question.encode({ groups }));
  await mole.ask(victim, ASK_NEWEST.kind, ASK_NEWEST.question.encode({ standing: { done: HUGE, sets: [HUGE], floor: HUGE, set: HUGE }, store: victim.self as string as StoreId, reached: groups.map(({ group }) => ({ group, place, rank: 0 })), followed: [] }));
  const many = Array.from({ length: 1024 }, () => ({ namespace: mole.roster, key: `member/${victim.self}` }));
  const fetched = await mole.ask(victim, ASK_FETCH.kind, ASK_FETCH.question.encode({ keys: many, skip: 1024 }));
  assert.ok(fetched.length < 2 * MIB, `${fetched.length} bytes`);
  const { highest } = ASK_CONFIRM.answer.decode(await mole.ask(victim, ASK_CONFIRM.kind, ASK_CONFIRM.question.encode({ host: victim.self, incarnation: HUGE })));
  assert.deepEqual(highest, []);
  const scan = { namespace: mole.roster, group: 256, prefix: "", after: "\u{10ffff}".repeat(200), limit: 1000 };
  assert.deepEqual(ASK_SCAN.answer.decode(await mole.ask(victim, ASK_SCAN.kind, ASK_SCAN.question.encode(scan))).parcel.items, []);
  for (const wrong of [[bytesOfId(mole.roster), -1, "", null, 10], [bytesOfId(mole.roster), 1.5, "", null, 10], [bytesOfId(mole.roster), 0, "", null, 1e9], [bytesOfId(mole.roster), 257, "", null, 1]]) {
    assert.equal(await refusal(mole.ask(victim, ASK_SCAN.kind, plain(wrong))), "MALFORMED");
  }
}

async function impossibleRanges({ moles, victim, attic }: Scene): Promise<void> {
  const [mole] = moles as [HostileMember];
  const pack = ((await readdir(join(attic.data, "pieces"), { recursive: true })).map((name) => /([a-z2-7]{52})/.exec(name)?.[1]).find((name) => name !== undefined) ?? "") as PackId;
  assert.notEqual(pack, "", "the victim holds a piece");
  const ranges: readonly (readonly [number, number])[] = [[-1, 1], [0, -1], [0, 0], [255, 16], [0, 1e6], [2 ** 40, 1], [1.5, 1]];
  for (const [firstLeaf, leafCount] of ranges) {
    const stream = await mole.transport.openBulk(victim.self, GET, emptyCodec.encode({}));
    await stream.send(plain([1, bytesOfId(pack), 0, firstLeaf, leafCount]));
    const code = await refusal(Array.fromAsync(stream.frames()));
    assert.ok(["BAD_RANGE", "MALFORMED"].includes(code), `${firstLeaf}, ${leafCount}: ${code}`);
  }
  const reserve = (...fields: readonly unknown[]): Promise<string> => refusal(mole.ask(victim, RESERVE, plain(fields)));
  assert.equal(await reserve(bytesOfId(mole.roster), bytesOfId(pack), 0, -1), "MALFORMED");
  assert.equal(await reserve(bytesOfId(mole.roster), bytesOfId(pack), 0, 2 ** 40), "MALFORMED");
  assert.equal(await reserve(bytesOfId(mole.roster), bytesOfId(pack), 64, 10), "MALFORMED");
  assert.equal(await refusal(mole.ask(victim, HAS, plain([bytesOfId(pack), 1e9]))), "MALFORMED");
  const unpromised = await mole.transport.openBulk(victim.self, PUT, pieceNameCodec.encode({ pack: mole.roster as string as PackId, index: 0 }));
  assert.equal(await refusal(Array.fromAsync(unpromised.frames())), "REFUSED");
}

async function outsiders({ attic, cellar, victim }: Scene): Promise<void> {
  const stranger = await transportWith(newSeed());
  assert.notEqual(await refusal(stranger.connect(victim.self, victim.addresses)), "nothing");
  assert.deepEqual(stranger.connected(), []);
  await stranger.close();
  const { code } = await attic.ask<{ code: string }>(["invite"]);
  await until("the neighbour knows the invite", 5_000, async () => (await httpGet(cellar.httpPort, "/")).status === 200);
  const invited = await rawPeer(readInviteCode(code).seed, victim);
  const stream = await invited.stream(CONTROL_PROTOCOL);
  stream.hello();
  await stream.next(CONTROL.hello);
  stream.request(1, ASK_SCAN.kind, utf8("anything"));
  assert.match(utf8Of(await stream.next(CONTROL.failure)), /STRANGER/);
  stream.request(2, REDEEM, noise(100));
  assert.doesNotMatch(utf8Of(await stream.next(CONTROL.failure)), /STRANGER/);
  const bulk = async (): Promise<number> => {
    const opened = new RawStream(stream.connection, await stream.connection.newStream([BULK_PROTOCOL]));
    opened.frame(BULK.open, encodeOpen({ credit: MIB, kind: GET, header: emptyCodec.encode({}) }));
    await opened.closed;
    return opened.frames.filter(({ type }) => type === BULK.accept).length;
  };
  assert.equal(await bulk().catch(() => 0), 0, "no bulk stream is accepted");
  await invited.peer.stop();
}

function utf8Of(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

async function removed({ attic, cellar, moles, victim }: Scene): Promise<void> {
  const [mole, accomplice] = moles as [HostileMember, HostileMember];
  const neighbour = victimOf(cellar);
  await Promise.all([mole.connect(victim), mole.connect(neighbour), accomplice.connect(victim), accomplice.connect(neighbour)]);
  assert.deepEqual(new Set(mole.transport.connected()), new Set([victim.self, neighbour.self]), "it was let in before");
  await attic.ask(["remove", "mole1", "--yes"]);
  await until("both have ended its connections", 10_000, () => mole.transport.connected().length === 0);
  for (const { self, addresses } of [victim, neighbour]) assert.notEqual(await refusal(mole.transport.connect(self, addresses)), "nothing");
  const late = mole.parcel([{ namespace: mole.roster, key: `host/${mole.identity.host}`, author: null, value: null }], { batch: 1000 });
  for (const each of [victim, neighbour]) assert.equal((await accomplice.push(each, late)).exceptions[0]?.verdict.value, "REMOVED");
  const again = await accomplice.push(victim, accomplice.parcel([{ namespace: mole.roster, key: `removed/${mole.identity.host}/${accomplice.account}`, value: null }]));
  assert.equal(again.exceptions[0]?.verdict.value, "NOT_DELETABLE");
}
