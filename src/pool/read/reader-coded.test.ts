import assert from "node:assert/strict";
import test from "node:test";
import type { HostId, PackId } from "../../codec/index.ts";
import { HandTime } from "../fakes/hand-time.ts";
import { readingOf } from "../fakes/reading.ts";
import { storedIn } from "../fakes/stored-pack.ts";
import type { PackInVillage } from "../fakes/stored-pack.ts";
import type { VillageOptions, Villager } from "../fakes/village.ts";
import { Village, code, collect, content } from "../fakes/village.ts";
import { GET, HAS, PUT, leavesAnswerCodec, leavesRequestCodec } from "../messages.ts";
import type { PackContent, SourceReport } from "../port.ts";
import { rebuild } from "./rebuild.ts";
import { pieceBytesOf, rangesWithin, sliced } from "../layout/slices.ts";

const MIB = 2 ** 20;
/** Longer than the head of any answer, shorter than any answer's leaves in these tests. */
const HEAD_BYTES = 9_000;

/** Blobs of odd lengths, so that slices begin and end in the middle of leaves. */
function oddContent(sizeBytes: number, seed = 1): PackContent {
  const { bytes, blobs } = content(sizeBytes, seed);
  const odd: PackContent["blobs"][number][] = [];
  for (let offset = 0, at = 0; offset < sizeBytes; at++) {
    const length = Math.min(sizeBytes - offset, [MIB, 1, 70_001, 500_003, 0, 333_333][at % 6]!);
    odd.push({ id: blobs[0]!.id, offset, length });
    offset += length;
  }
  return { bytes, blobs: odd };
}

async function stored([k, m]: readonly [number, number], sizeBytes: number, options: VillageOptions = {}): Promise<PackInVillage> {
  return await storedIn(await Village.build({ hosts: k + m + 1, ...options }), oddContent(sizeBytes), code(k, m));
}

/** What a host that has read nothing yet, and that keeps nothing from before, reads. */
async function assertReadsAfresh({ village, pack, what, reader }: PackInVillage): Promise<void> {
  await reader.cache.clear();
  const fresh = readingOf(village, reader);
  assert.deepEqual(await collect(fresh.reader.read(village.namespace, pack, 0, what.bytes.length)), Buffer.from(what.bytes));
  fresh.close();
}

async function assertReads({ village, pack, what }: Pick<PackInVillage, "village" | "pack" | "what">, { pool }: Villager, offset = 0, length = what.bytes.length): Promise<void> {
  assert.deepEqual(await collect(pool.read(village.namespace, pack, offset, length)), Buffer.from(what.bytes.subarray(offset, offset + length)));
}

test("every host reads every byte of a coded pack, and any range of it", async () => {
  const at = await stored([4, 2], 3 * MIB + 321);
  const size = at.what.bytes.length;
  for (const villager of [at.reader, at.holders[0]!, at.holders.at(-1)!]) {
    for (const [offset, length] of [[0, size], [MIB - 1, 3], [size - 1, 1], [MIB + 7, MIB], [4, 0], [size, 0], [262_140, 9], [700_000, 1_500_000]] as const) await assertReads(at, villager, offset, length);
  }
  await assert.rejects(collect(at.reader.pool.read(at.village.namespace, at.pack, 0, size + 1)), { code: "BAD_RANGE" });
  await at.village.close();
});

test("ranges of blobs are found by their places, whatever lies between", () => {
  const { blobs } = oddContent(4 * MIB);
  const all = sliced(blobs, 3);
  for (const [offset, end] of [[0, 1], [MIB, MIB + 1], [MIB - 1, MIB + 2], [0, 4 * MIB], [2_000_000, 2_000_000], [4, 4], [4 * MIB - 1, 4 * MIB]] as const) {
    const found = rangesWithin(all, offset, end);
    assert.equal(found.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0), end - offset);
    assert.ok(found.every(({ runs, sizeBytes }) => runs.reduce((sum, run) => sum + run.to - run.from, 0) === sizeBytes));
  }
});

test("any k pieces are enough: whichever m hosts are down, the content comes", async () => {
  const at = await stored([3, 2], MIB + 77);
  for (let first = 0; first < 5; first++) {
    for (let second = first + 1; second < 5; second++) {
      for (const number of [first, second]) at.village.net.kill(at.holders[number]!.host);
      await assertReadsAfresh(at);
      for (const number of [first, second]) at.village.net.revive(at.holders[number]!.host);
    }
  }
  await at.village.close();
});

test("with too few pieces in reach a coded pack is UNAVAILABLE, and the error names all holders", async () => {
  const at = await stored([3, 2], MIB);
  for (const { host } of at.holders.slice(0, 3)) at.village.net.kill(host);
  const names = at.holders.map(({ host }) => at.village.members.get(host)!.name);
  await assert.rejects(collect(at.reader.pool.read(at.village.namespace, at.pack, 0, 1)), (error: Error & { code?: string }) => error.code === "UNAVAILABLE" && names.every((name) => error.message.includes(name)));
  // For the whole range and its first leaf, and not for each of its leaves.
  assert.deepEqual(at.holders.slice(3).map(({ transport }) => transport.answered.get(HAS)), [2, 2]);
  await at.village.close();
});

test("a holder reads its own piece from its disk and only the others' over the wire, and tells what came from whom", async () => {
  const at = await stored([4, 2], 2 * MIB);
  const [reader] = at.holders as [Villager];
  const reports: SourceReport[] = [];
  await collect(reader.pool.read(at.village.namespace, at.pack, 0, 2 * MIB, { onSource: (report) => reports.push(report) }));
  const pieceBytes = pieceBytesOf(at.what.blobs, 4);
  const own = reports.filter(({ via }) => via === "disk");
  assert.ok(own.every(({ host }) => host === reader.host));
  assert.equal(own.reduce((sum, { bytes }) => sum + bytes, 0), pieceBytes);
  const wire = reports.filter(({ via }) => via === "network");
  assert.equal(wire.reduce((sum, { bytes }) => sum + bytes, 0), 3 * pieceBytes);
  assert.ok(wire.every(({ host, elapsedMs }) => host !== reader.host && elapsedMs >= 0));
  assert.ok(new Set(wire.map(({ host }) => host)).size >= 3);
  await at.village.close();
});

test("what was read once is read again without the others", async () => {
  const at = await stored([4, 2], 2 * MIB);
  await assertReads(at, at.reader);
  for (const { host } of at.holders) at.village.net.kill(host);
  await assertReads(at, at.reader, MIB + 5, 100_000);
  const reports: SourceReport[] = [];
  await collect(readingOf(at.village, at.reader).reader.read(at.village.namespace, at.pack, 0, 2 * MIB, { onSource: (report) => reports.push(report) }));
  assert.ok(reports.every(({ via }) => via === "cache"));
  await at.village.close();
});

test("a host whose commit was lost after its transfer appears as maybe, and a fetch that needs it succeeds", async () => {
  const village = await Village.build({ hosts: 5 });
  let quiet: HostId | undefined;
  // The holder's only frame is its claim: it never reaches the writer.
  village.net.fault = (from, to, kind, frame) => {
    if (kind === PUT && to === village.at(0).host && (quiet ??= from) === from) throw new Error("the line was cut");
    return frame;
  };
  const what = oddContent(MIB + 5);
  const { pack, holders } = await village.at(0).pool.store(village.namespace, what, code(3, 2));
  village.net.fault = (_from, _to, _kind, frame) => frame;
  assert.equal(holders.length, 4);
  assert.equal(village.holding(pack).length, 5);
  const { maybe, pieces } = village.at(0).pool.info(village.namespace, pack)!;
  assert.deepEqual(maybe.map(({ host }) => host), [quiet]);
  assert.ok(!pieces.some(({ host }) => host === quiet));
  // Of the four that signed, two go: the reader, its other one, and the one that nobody signed for are left.
  const gone = holders.filter((host) => host !== village.at(0).host).slice(0, 2);
  for (const host of gone) village.net.kill(host);
  await assertReads({ village, pack, what }, village.at(0));
  // A host that has not heard of it asks everybody.
  const other = village.villagers.find(({ host }) => host !== village.at(0).host && host !== quiet && !gone.includes(host))!;
  await assertReads({ village, pack, what }, other);
  await village.close();
});

test("a source that lies about a coded pack is caught, and no wrong byte is handed out", async () => {
  const at = await stored([3, 2], 2 * MIB);
  for (const liar of at.holders.slice(0, 2)) for (let leaf = 0; leaf < 10; leaf++) liar.store.spoil(at.pack, leaf * 65_536 + 9, at.village.indexesAt(liar, at.pack)[0]!);
  await assertReads(at, at.reader);
  await at.village.close();
});

test("sources that answer with nonsense, too much, too little or the leaves of another piece cost nothing but their own streams", async () => {
  const at = await stored([3, 2], MIB);
  const evil = at.holders.slice(0, 2).map(({ host }) => host);
  const honest = at.holders[3]!;
  const other = await honest.store.read(at.pack, at.village.indexesAt(honest, at.pack)[0]!, 0, honest.store.usedBytes);
  const tricks: ((frame: Uint8Array) => Uint8Array)[] = [
    () => new TextEncoder().encode("nonsense"),
    (frame) => (frame.length > HEAD_BYTES ? frame.subarray(1) : frame),
    (frame) => (frame.length > HEAD_BYTES ? Buffer.concat([frame, frame]) : frame),
    (frame) => (frame.length > HEAD_BYTES ? other.subarray(0, frame.length) : frame),
  ];
  for (const trick of tricks) {
    at.village.net.fault = (from, _to, kind, frame) => (kind === GET && evil.includes(from) ? trick(frame) : frame);
    await assertReadsAfresh(at);
  }
  await at.village.close();
});

test("sources that hang get company, and neither they nor slow ones hold a read up", async () => {
  const at = await stored([3, 2], 3 * MIB, { factor: 4 });
  const [hung, slow] = at.holders as [Villager, Villager];
  at.village.net.hung.add(hung.host);
  at.village.net.fault = async (from, _to, kind, frame) => {
    if (kind === GET && from === slow.host) await new Promise(() => {});
    return frame;
  };
  const startedMs = at.village.env.clock.monotonicMs();
  await assertReads(at, at.reader);
  assert.ok(at.village.env.clock.monotonicMs() - startedMs < 15_000);
  await at.village.close();
});

test("a fetch ends although as many sources as a pack may lose hold its answers back, and give others", async () => {
  const at = await stored([5, 3], MIB);
  const time = new HandTime();
  const { village, pack } = at;
  const other = await village.at(0).pool.store(village.namespace, content(MIB, 2), code(5, 3));
  const reading = readingOf(village, at.reader, time.env);
  const { catalog, fetcher } = reading;
  const holders = (of: PackId): HostId[] => catalog.holdings(village.namespace, of).map(({ host }) => host).filter((host) => host !== at.reader.host);
  const fetched = (of: PackId, count: number): ReturnType<typeof fetcher.fetch> => fetcher.fetch(catalog.facts(village.namespace, of)!, { range: { firstLeaf: 0, leafCount: 1 }, count, except: new Set() }, new AbortController().signal);
  // They are among the first five that are asked, and have none of the other pack when they are asked for that.
  for (const host of holders(pack).filter((each) => holders(other.pack).includes(each)).slice(0, 3)) {
    village.net.hosts.get(host)!.handleBulk(GET, async (_from, _header, stream) => {
      for await (const frame of stream.frames()) {
        const asked = leavesRequestCodec.decode(frame);
        if (asked.pack !== pack) await stream.send(leavesAnswerCodec.encode({ number: asked.number, outcome: { kind: "absent", value: {} } }));
      }
    });
  }
  let found: readonly { readonly index: number }[] = [];
  const fetching = fetched(pack, 5).then((slices) => (found = slices));
  await time.pass(0);
  for (let round = 0; round < 30 && found.length === 0; round += 1) {
    // Everybody has to be asked for so many, and by each answer those three show that they are alive.
    await assert.rejects(fetched(other.pack, 8), { code: "UNAVAILABLE" });
    await time.pass(5_000);
  }
  assert.equal(new Set(found.map(({ index }) => index)).size, 5);
  await fetching;
  reading.close();
  await village.close();
});

test("a read of a coded pack goes on when m of its sources are killed in the middle", async () => {
  const at = await stored([3, 2], 6 * MIB);
  const victims: HostId[] = [];
  let answers = 0;
  at.village.net.fault = (from, to, kind, frame) => {
    if (kind === GET && to === at.reader.host && frame.length > HEAD_BYTES && ++answers % 4 === 0 && victims.length < 2 && !victims.includes(from)) {
      victims.push(from);
      at.village.net.kill(from);
    }
    return frame;
  };
  await assertReads(at, at.reader);
  assert.equal(victims.length, 2);
  await at.village.close();
});

test("a fetch that broke off goes on where it was", async () => {
  const at = await stored([3, 2], 3 * MIB);
  const got: Uint8Array[] = [];
  const bytes = (): number => got.reduce((sum, { length }) => sum + length, 0);
  const broken = async (): Promise<void> => {
    for await (const chunk of at.reader.pool.read(at.village.namespace, at.pack, 0, 3 * MIB)) {
      got.push(chunk);
      if (bytes() > MIB) for (const { host } of at.holders) at.village.net.kill(host);
    }
  };
  await assert.rejects(broken(), { code: "UNAVAILABLE" });
  for (const { host } of at.holders) at.village.net.revive(host);
  for await (const chunk of at.reader.pool.read(at.village.namespace, at.pack, bytes(), 3 * MIB - bytes())) got.push(chunk);
  assert.deepEqual(Buffer.concat(got), Buffer.from(at.what.bytes));
  await at.village.close();
});

test("any piece is made anew from any k others, byte for byte, and from the host that has it when there is one", async () => {
  const at = await stored([3, 2], 2 * MIB + 3);
  const { catalog, reader } = readingOf(at.village, at.reader);
  const reading = { parts: at.reader, reader };
  const facts = catalog.facts(at.village.namespace, at.pack)!;
  const pieces = new Map<number, Uint8Array>();
  for (const holder of at.holders) {
    const [index] = at.village.indexesAt(holder, at.pack) as [number];
    pieces.set(index, await holder.store.read(at.pack, index, 0, holder.store.usedBytes));
  }
  for (const [index, bytes] of pieces) {
    const holder = at.holders.find((each) => at.village.indexesAt(each, at.pack)[0] === index)!;
    const sources = new Set<string>();
    const read = rebuild(reading, facts, index, { onSource: ({ host }) => sources.add(host) });
    assert.deepEqual(await collect(read.bytes(new AbortController().signal)), Buffer.from(bytes));
    assert.deepEqual([...sources], [holder.host], "nothing of the other pieces was moved");
    at.village.net.kill(holder.host);
    const piece = rebuild(reading, facts, index);
    // The store checks the whole against the root of the pack's record.
    await at.reader.store.put(piece, piece.label, piece.bytes(new AbortController().signal), await at.reader.store.reserve(piece.sizeBytes));
    assert.deepEqual(await at.reader.store.read(at.pack, index, 0, piece.sizeBytes), bytes);
    await at.reader.store.remove(at.pack, index);
    at.village.net.revive(holder.host);
  }
  assert.throws(() => rebuild(reading, facts, 5), { code: "UNKNOWN_PACK" });
  await at.village.close();
});
