import assert from "node:assert/strict";
import test from "node:test";
import type { HostId, PackId } from "../codec/index.ts";
import { idFromBytes, utf8 } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import type { BulkStream } from "../net/index.ts";
import { claimCodec, signClaim } from "./record/claim.ts";
import type { FakeTransport } from "./fakes/fake-net.ts";
import { packOfNobody } from "./fakes/stored-pack.ts";
import type { Villager } from "./fakes/village.ts";
import { Village, collect, content, copies, keyOf } from "./fakes/village.ts";
import { GET, HAS, PUT, RESERVE, emptyCodec, hasAnswerCodec, hasCodec, leavesAnswerCodec, leavesRequestCodec, pieceNameCodec, reserveAnswerCodec, reserveCodec } from "./messages.ts";
import { decodePackRecord, packIdOf } from "./record/pack-record.ts";
import { packKey } from "./record/keys.ts";
import { labelCodec } from "./record/label.ts";

const MIB = 2 ** 20;
const unknown = idFromBytes<PackId>(sha256(utf8("no such pack")));

interface Scene {
  readonly village: Village;
  /** The host under attack: it holds `pack`. */
  readonly target: Villager;
  /** A member that does not keep to the protocol: its own pool is there, but the test speaks for it. */
  readonly attacker: Villager;
  readonly pack: PackId;
  readonly bytes: Uint8Array;
  readonly label: Uint8Array;
}

async function scene(sizeBytes = 2 * MIB): Promise<Scene> {
  const village = await Village.build({ hosts: 2, factor: 100 });
  const [target, attacker] = [village.at(0), village.at(1)];
  const { bytes, blobs } = content(sizeBytes);
  const { pack } = await target.pool.store(village.namespace, { bytes, blobs }, copies(2));
  const label = await target.store.packRecord(pack, 0);
  return { village, target, attacker, pack, bytes, label };
}

async function reserve({ village, target, attacker }: Scene, pack: PackId, sizeBytes: number, from: FakeTransport = attacker.transport): Promise<string> {
  const answer = await from.request(target.host, RESERVE, reserveCodec.encode({ namespace: village.namespace, pack, index: 0, sizeBytes }), { timeoutMs: 5000 });
  return reserveAnswerCodec.decode(answer).kind;
}

async function lastWord(stream: BulkStream): Promise<string> {
  try {
    const frames = await collect(stream.frames());
    return `ended after ${frames.length} bytes`;
  } catch (error) {
    return (error as { remoteCode?: string }).remoteCode ?? String(error);
  }
}

/** Sends frames as a put of the piece; what the target's handler ended with. */
async function put({ target, attacker }: Scene, pack: PackId, frames: readonly Uint8Array[]): Promise<string> {
  const stream = await attacker.transport.openBulk(target.host, PUT, pieceNameCodec.encode({ pack, index: 0 }));
  try {
    for (const frame of frames) await stream.send(frame);
    await stream.finish();
  } catch {
    // The target has ended the stream already; its last word says why.
  }
  return await lastWord(stream);
}

test("a host that is no member gets neither space nor pieces", async () => {
  const at = await scene();
  const stranger = at.village.net.join(idFromBytes<HostId>(keyOf("stranger").publicKey));
  await assert.rejects(reserve(at, unknown, 10, stranger), { remoteCode: "REFUSED" });
  await assert.rejects(stranger.request(at.target.host, HAS, hasCodec.encode({ pack: at.pack, pieces: 1 }), { timeoutMs: 5000 }), { remoteCode: "REFUSED" });
  for (const [kind, header] of [[PUT, pieceNameCodec.encode({ pack: unknown, index: 0 })], [GET, emptyCodec.encode({})]] as const) {
    assert.equal(await lastWord(await stranger.openBulk(at.target.host, kind, header)), "REFUSED");
  }
  await at.village.close();
});

test("requests for space that are malformed, too large or too many are refused, and what was promised runs out", async () => {
  const at = await scene();
  await assert.rejects(reserve(at, unknown, 16 * MIB + 1), { remoteCode: "MALFORMED" });
  await assert.rejects(at.attacker.transport.request(at.target.host, RESERVE, utf8("give me all"), { timeoutMs: 5000 }), { remoteCode: "MALFORMED" });
  const answers: string[] = [];
  for (let number = 0; number < 70; number++) answers.push(await reserve(at, idFromBytes<PackId>(sha256(Uint8Array.of(number))), MIB));
  assert.equal(answers.filter((kind) => kind === "reserved").length, 64);
  assert.equal(answers.filter((kind) => kind === "busy").length, 6);
  assert.equal(at.target.store.reservedBytes, 64 * MIB);
  await at.village.env.timers.sleep(121_000);
  assert.equal(at.target.store.reservedBytes, 0);
  await at.village.close();
});

test("asking again for the same space does not take it twice", async () => {
  const at = await scene();
  for (let time = 0; time < 5; time++) assert.equal(await reserve(at, unknown, MIB), "reserved");
  assert.equal(at.target.store.reservedBytes, MIB);
  await at.village.close();
});

test("a piece that was not announced, or has frames missing, wrong, too many or out of order, is not kept", async () => {
  const at = await scene();
  const { pack, bytes, label } = at;
  await at.target.store.remove(pack, 0);
  const [one, two] = [bytes.subarray(0, MIB), bytes.subarray(MIB)];
  assert.equal(await put(at, pack, [label, one, two]), "REFUSED", "no space was promised");
  const cases: readonly (readonly [string, readonly Uint8Array[], string])[] = [
    ["content before the label", [one, label, two], "REFUSED"],
    ["nothing at all", [], "REFUSED"],
    ["a label that is none", [utf8("label"), one, two], "MALFORMED"],
    ["the second half first", [label, two, one], "PIECE_MISMATCH"],
    ["half of it", [label, one], "PIECE_MISMATCH"],
    ["more than it", [label, one, two, utf8("x")], "REFUSED"],
    ["far more than it", [label, ...Array.from({ length: 64 }, () => one)], "REFUSED"],
    ["other bytes", [label, two, two], "PIECE_MISMATCH"],
  ];
  for (const [what, frames, code] of cases) {
    assert.equal(await reserve(at, pack, 2 * MIB), "reserved");
    assert.equal(await put(at, pack, frames), code, what);
    assert.equal(at.target.store.reservedBytes, 0, what);
  }
  assert.equal(at.target.store.held(pack, 0), undefined);
  assert.equal(await reserve(at, pack, 2 * MIB), "reserved");
  assert.match(await put(at, pack, [label, one, two]), /^ended after \d+ bytes$/);
  assert.notEqual(at.target.store.held(pack, 0), undefined);
  await at.village.close();
});

test("a label whose pack, size, owner or network is another than announced is refused", async () => {
  const at = await scene(1000);
  const { pack, label, bytes, village } = at;
  await at.target.store.remove(pack, 0);
  const other = await village.at(0).pool.store(village.namespace, content(1000, 5), copies(1));
  const otherLabel = await village.holding(other.pack)[0]!.store.packRecord(other.pack, 0);
  const stolen = labelCodec.encode({ ...labelCodec.decode(label), genesis: { ...village.genesis, nonce: Uint8Array.of(8) } });
  await reserve(at, pack, 1000);
  assert.equal(await put(at, pack, [otherLabel, bytes]), "REFUSED");
  await reserve(at, pack, 999);
  assert.equal(await put(at, pack, [label, bytes]), "REFUSED");
  await reserve(at, pack, 1000);
  assert.equal(await put(at, pack, [stolen, bytes]), "REFUSED");
  assert.equal(at.target.store.held(pack, 0), undefined);
  await village.close();
});

test("a pack whose owner is nobody is not taken in, not even where space was promised before its namespace was known", async () => {
  const at = await scene(1000);
  const { village, target, attacker } = at;
  const { owner, namespace, pack, label } = packOfNobody(village, attacker, at.bytes);
  const reserved = async (): Promise<string> => reserveAnswerCodec.decode(await attacker.transport.request(target.host, RESERVE, reserveCodec.encode({ namespace, pack, index: 0, sizeBytes: 1000 }), { timeoutMs: 5000 })).kind;
  assert.equal(await reserved(), "reserved");
  assert.equal(await put(at, pack, [label, at.bytes]), "REFUSED");
  assert.equal(target.store.held(pack, 0), undefined);
  village.people.set(owner, { ...village.people.get(village.owner)!, account: owner });
  assert.equal(await reserved(), "reserved");
  assert.match(await put(at, pack, [label, at.bytes]), /^ended after \d+ bytes$/);
  await village.close();
});

test("a pack that its owner has deleted is not taken in again", async () => {
  const at = await scene(1000);
  await at.village.at(0).pool.remove(at.village.namespace, [at.pack]);
  for (const villager of at.village.villagers) await at.village.turn(villager, "reclaim");
  await reserve(at, at.pack, 1000);
  assert.equal(await put(at, at.pack, [at.label, at.bytes]), "REFUSED");
  await at.village.close();
});

test("a sender that goes silent loses its stream and its reservation", async () => {
  const at = await scene();
  await at.target.store.remove(at.pack, 0);
  await reserve(at, at.pack, 2 * MIB);
  const stream = await at.attacker.transport.openBulk(at.target.host, PUT, pieceNameCodec.encode({ pack: at.pack, index: 0 }));
  await stream.send(at.label);
  assert.equal(await lastWord(stream), "DEADLINE");
  assert.equal(at.target.store.reservedBytes, 0);
  await at.village.close();
});

test("questions about pieces never answer more than is held", async () => {
  const at = await scene();
  const ask = async (pack: PackId, pieces: number): Promise<readonly number[]> =>
    hasAnswerCodec.decode(await at.attacker.transport.request(at.target.host, HAS, hasCodec.encode({ pack, pieces }), { timeoutMs: 5000 })).indexes;
  assert.deepEqual(await ask(at.pack, 64), [0]);
  assert.deepEqual(await ask(at.pack, 0), []);
  assert.deepEqual(await ask(unknown, 64), []);
  await assert.rejects(ask(at.pack, 65), { remoteCode: "MALFORMED" });
  await at.village.close();
});

test("a reader that asks for what is not there, or talks nonsense, harms only its own stream", async () => {
  const at = await scene();
  const { target, attacker, pack } = at;
  const open = (): Promise<BulkStream> => attacker.transport.openBulk(target.host, GET, emptyCodec.encode({}));
  const encoded = (request: { pack?: PackId; index?: number; firstLeaf?: number; leafCount?: number }): Uint8Array => leavesRequestCodec.encode({ number: 1, pack, index: 0, firstLeaf: 0, leafCount: 1, ...request });
  const ask = (request: Parameters<typeof encoded>[0]): Promise<string> => say(encoded(request));
  const say = async (request: Uint8Array): Promise<string> => {
    const stream = await open();
    await stream.send(request);
    try {
      for await (const frame of stream.frames()) return leavesAnswerCodec.decode(frame).outcome.kind;
    } catch (error) {
      return (error as { remoteCode?: string }).remoteCode ?? String(error);
    } finally {
      stream.abort(new Error("done"));
    }
    return "ended";
  };
  assert.equal(await ask({}), "leaves");
  assert.equal(await ask({ pack: unknown }), "absent");
  assert.equal(await ask({ index: 63 }), "absent");
  assert.equal(await ask({ firstLeaf: 32 }), "BAD_RANGE");
  assert.equal(await ask({ firstLeaf: 31, leafCount: 2 }), "BAD_RANGE");
  assert.equal(await ask({ leafCount: 0 }), "BAD_RANGE");
  assert.equal(await ask({ leafCount: 17 }), "MALFORMED");
  const negative = encoded({});
  // The last two bytes are the first leaf and the count; 0x20 is CBOR's -1, which no writer of ours writes.
  negative[negative.length - 2] = 0x20;
  assert.equal(await say(negative), "MALFORMED");
  assert.equal(await ask({ firstLeaf: 2 ** 40 }), "MALFORMED");
  assert.equal(await ask({ index: 64 }), "MALFORMED");
  const nonsense = await open();
  await nonsense.send(utf8("leaves, please"));
  assert.equal(await lastWord(nonsense), "MALFORMED");
  assert.equal(await ask({}), "leaves");
  await at.village.close();
});

test("a reader that takes nothing, on as many streams as it likes, holds a bounded part of the server's memory", async () => {
  const at = await scene();
  let reads = 0;
  const readProven = at.target.store.readProven.bind(at.target.store);
  at.target.store.readProven = (...range) => {
    reads += 1;
    return readProven(...range);
  };
  const streams = await Promise.all(Array.from({ length: 8 }, () => at.attacker.transport.openBulk(at.target.host, GET, emptyCodec.encode({}))));
  const flood = async (stream: BulkStream): Promise<void> => {
    for (let number = 0; number < 40; number++) await stream.send(leavesRequestCodec.encode({ number, pack: at.pack, index: 0, firstLeaf: 0, leafCount: 16 }));
  };
  const floods = await Promise.allSettled(streams.map(flood));
  assert.ok(floods.every(({ status }) => status === "rejected"), "streams beyond four are refused, and stalled ones are ended");
  // Four streams, each with what fits into the link and three answers under way.
  assert.ok(reads <= 4 * 6, `${reads} segments were read`);
  await at.village.close();
});

test("a source that answers with wrong sizes, numbers or nonsense costs its own stream, and the content comes from another", async () => {
  const village = await Village.build({ hosts: 3 });
  const { bytes, blobs } = content(3 * MIB);
  const { pack } = await village.at(0).pool.store(village.namespace, { bytes, blobs }, copies(2));
  const holders = village.holding(pack);
  const reader = village.villagers.find((villager) => !holders.includes(villager))!;
  const evil = holders[0]!;
  const tricks: ((frame: Uint8Array) => Uint8Array)[] = [
    () => utf8("nonsense"),
    (frame) => (frame.length > 9000 ? frame.subarray(1) : frame),
    (frame) => (frame.length > 9000 ? new Uint8Array(frame.length) : frame),
    (frame) => (frame.length > 9000 ? frame : leavesAnswerCodec.encode({ ...leavesAnswerCodec.decode(frame), number: 999 })),
    (frame) => (frame.length > 9000 ? frame : leavesAnswerCodec.encode({ number: leavesAnswerCodec.decode(frame).number, outcome: { kind: "absent", value: {} } })),
  ];
  for (const trick of tricks) {
    village.net.fault = (from, _to, kind, frame) => (kind === GET && from === evil.host ? trick(frame) : frame);
    await reader.cache.clear();
    assert.deepEqual(await collect(reader.pool.read(village.namespace, pack, 0, bytes.length)), Buffer.from(bytes));
  }
  await village.close();
});

test("a holder whose claim is not its own, or not for this piece, is not believed", async () => {
  const village = await Village.build({ hosts: 2 });
  const evil = village.at(1);
  const claims: ((pack: PackId) => Uint8Array)[] = [
    () => utf8("I have it"),
    (pack) => claimCodec.encode(signClaim(village.namespace, { pack, index: 0, host: village.at(0).host, sizeBytes: 1000 }, evil.key)),
    (pack) => claimCodec.encode(signClaim(village.namespace, { pack, index: 0, host: evil.host, sizeBytes: 1000 }, village.at(0).key)),
    () => claimCodec.encode(signClaim(village.namespace, { pack: unknown, index: 0, host: evil.host, sizeBytes: 1000 }, evil.key)),
    (pack) => claimCodec.encode(signClaim(village.namespace, { pack, index: 0, host: evil.host, sizeBytes: 5 }, evil.key)),
    (pack) => claimCodec.encode(signClaim(village.network as string as typeof village.namespace, { pack, index: 0, host: evil.host, sizeBytes: 1000 }, evil.key)),
  ];
  for (const [number, claim] of claims.entries()) {
    evil.transport.handleBulk(PUT, async (_from, _header, stream) => {
      let label: Uint8Array | undefined;
      for await (const frame of stream.frames()) label ??= frame;
      await stream.send(claim(packIdOf(decodePackRecord(labelCodec.decode(label!).record).body)));
    });
    const stored = await village.at(0).pool.store(village.namespace, content(1000, number), copies(2));
    assert.deepEqual(stored.holders, [village.at(0).host]);
  }
  await village.close();
});

test("an owner's pack cannot be deleted by a claim, a namesake or another owner's tombstone", async () => {
  const at = await scene(1000);
  const { village, target, attacker, pack } = at;
  // The attacker takes the body into a namespace of its own, as far as that can be done, and deletes it there.
  const theirs = await attacker.records.create({ ...village.genesis, nonce: Uint8Array.of(99) });
  const record = attacker.records.local(village.namespace, packKey(pack))!.siblings[0]!.value;
  await assert.rejects(attacker.records.write([{ namespace: theirs, key: packKey(pack), value: record }]), { code: "REFUSED" });
  await attacker.records.write([{ namespace: theirs, key: packKey(pack), value: null }]);
  await village.turn(target, "reclaim");
  assert.notEqual(target.store.held(pack, 0), undefined);
  assert.notEqual(target.pool.info(village.namespace, pack), undefined);
  await village.close();
});
