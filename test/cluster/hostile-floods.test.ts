import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { namespaceIdOf } from "../../src/cluster/index.ts";
import type { NamespaceId, PackId } from "../../src/codec/index.ts";
import { BULK, decodeCredit, encodeCredit, encodeOpen } from "../../src/net/bulk-frames.ts";
import type { BulkStream } from "../../src/net/index.ts";
import { BULK_LINE_PROTOCOL, BULK_PROTOCOL } from "../../src/net/protocols.ts";
import { RawStream } from "../../src/net/raw-peer.fixture.ts";
import { labelCodec } from "../../src/pool/record/label.ts";
import { GET, PUT, RESERVE, emptyCodec, leavesRequestCodec, pieceNameCodec, reserveAnswerCodec, reserveCodec } from "../../src/pool/messages.ts";
import { encodeBody, packIdOf, signPack } from "../../src/pool/record/pack-record.ts";
import { ASK_FETCH, ASK_HEADS } from "../../src/records/messages.ts";
import { siteGenesis } from "../../src/site/claim.ts";
import type { HostileMember, Scene, Victim } from "./attack.ts";
import { forgetPeak, memoryOf, noise, rawPeer, refusal, servesOthers, stage } from "./attack.ts";
import { Bench, until } from "./harness.ts";
import { MIB, sized } from "./size.ts";

/** What all bulk streams of a host may hold, and what garbage, answers on their way and the rest of a busy process may add. */
const RECEIVE_BUDGET_BYTES = 256 * MIB;
const SLACK_BYTES = 128 * MIB;

test("a host stays small and quick, however much hostile members send, ask for or leave unread", { timeout: 180_000 }, async (t) => {
  await using bench = await Bench.make();
  const scene = await stage(bench);
  await t.test("100 streams that come in and stall stay within the receive budget", () => slowStreams(scene));
  await t.test("peers that ask for gigabytes and read nothing stay within it, too", () => pausedReaders(scene));
  await t.test("a flood of the dearest questions leaves the host answering others", () => flood(scene));
  await Promise.all(scene.moles.map((mole) => mole[Symbol.asyncDispose]()));
});

/** A piece that its owner signed, of a site that does not exist; its content will not lead to its root. */
function bait(mole: HostileMember, sizeBytes: number): { readonly namespace: NamespaceId; readonly pack: PackId; readonly label: Uint8Array } {
  const genesis = siteGenesis(mole.network, mole.account, noise(16));
  const body = encodeBody({ k: 1, m: 0, copies: 3, sizeBytes, pieceBytes: sizeBytes, roots: [noise(32)], blobs: [], nonce: noise(16) });
  const namespace = namespaceIdOf(genesis);
  return { namespace, pack: packIdOf(body), label: labelCodec.encode({ genesis, record: signPack(namespace, body, mole.delegation, mole.identity.key) }) };
}

async function slowStream(mole: HostileMember, victim: Victim): Promise<BulkStream> {
  const sizeBytes = 16 * MIB;
  const { namespace, pack, label } = bait(mole, sizeBytes);
  const promised = reserveAnswerCodec.decode(await mole.ask(victim, RESERVE, reserveCodec.encode({ namespace, pack, index: 0, sizeBytes })));
  assert.equal(promised.kind, "reserved");
  const stream = await mole.transport.openBulk(victim.self, PUT, pieceNameCodec.encode({ pack, index: 0 }));
  await stream.send(label);
  return stream;
}

async function slowStreams(scene: Scene): Promise<void> {
  const { attic, moles, victim } = scene;
  await Promise.all(moles.map((mole) => mole.connect(victim)));
  await forgetPeak(attic.pid);
  const quiet = await memoryOf(attic.pid);
  const streams = (await Promise.all(moles.map((mole) => Promise.all(Array.from({ length: 25 }, () => slowStream(mole, victim)))))).flat();
  const frame = noise(MIB);
  let failed = 0;
  // As much as each may send at once, and then nothing more.
  const sent = streams.map(async (stream) => {
    for (let frames = 0; frames < sized(15, 3); frames += 1) await stream.send(frame);
  });
  for (const each of sent) each.catch(() => (failed += 1));
  await Promise.allSettled(sent);
  assert.equal(failed, 0);
  const begun = (await readdir(join(attic.data, "incoming"))).length;
  assert.equal(begun, 100, "100 pieces are coming in, and none goes on");
  for (let round = 0; round < 10; round += 1) await servesOthers(scene);
  const { peakBytes } = await memoryOf(attic.pid);
  assert.ok(peakBytes < quiet.residentBytes + RECEIVE_BUDGET_BYTES + SLACK_BYTES, `from ${Math.round(quiet.residentBytes / MIB)} to ${Math.round(peakBytes / MIB)} MiB`);
  const one = await refusal(slowStream(moles[0]!, victim).then(async (stream) => stream.abort(new Error("enough"))));
  assert.equal(one, "nothing", "what is open leaves places for more");
  for (const stream of streams) stream.abort(new Error("enough"));
  await until("nothing of it is left", 10_000, async () => (await readdir(join(attic.data, "incoming"))).length === 0);
}

async function pausedReaders(scene: Scene): Promise<void> {
  const { attic, moles, victim } = scene;
  await Promise.all(moles.map((mole) => mole.transport.disconnect(victim.self)));
  const pack = (await readdir(join(attic.data, "pieces"), { recursive: true })).map((name) => /([a-z2-7]{52})/.exec(name)?.[1]).find((name) => name !== undefined) as PackId;
  await forgetPeak(attic.pid);
  const quiet = await memoryOf(attic.pid);
  const peers = await Promise.all(moles.map((mole) => rawPeer(mole.identity.key.seed, victim)));
  const streams = (await Promise.all(peers.map((peer) => greedy(peer.stream, pack)))).flat();
  await sleep(2_000);
  assert.equal(streams.filter(({ stream }) => stream.status === "open").length, 16, "16 streams are open and paused");
  await servesOthers(scene);
  const { peakBytes } = await memoryOf(attic.pid);
  assert.ok(peakBytes < quiet.residentBytes + RECEIVE_BUDGET_BYTES + SLACK_BYTES, `from ${Math.round(quiet.residentBytes / MIB)} to ${Math.round(peakBytes / MIB)} MiB`);
  await Promise.all(peers.map(({ peer }) => peer.stop()));
}

/** Four streams on one connection, each asking for 1,500 MiB and reading nothing. */
async function greedy(stream: (protocol: string) => Promise<RawStream>, pack: PackId): Promise<RawStream[]> {
  const { connection } = await stream(BULK_LINE_PROTOCOL);
  return Promise.all(
    Array.from({ length: 4 }, async () => {
      const opened = new RawStream(connection, await connection.newStream([BULK_PROTOCOL]));
      opened.stream.maxReadBufferLength = Infinity;
      opened.frame(BULK.open, encodeOpen({ credit: 0, kind: GET, header: emptyCodec.encode({}) }));
      let room = decodeCredit(await opened.next(BULK.accept));
      opened.stream.pause();
      for (let at = 0; at < 8; at += 1) opened.frame(BULK.credit, encodeCredit(64 * MIB));
      for (let number = 0; number < 1500 && room > 2000; number += 1) {
        const request = leavesRequestCodec.encode({ number, pack, index: 0, firstLeaf: (number % 8) * 16, leafCount: 16 });
        opened.frame(BULK.data, request);
        room -= request.length + 512;
      }
      return opened;
    }),
  );
}

async function flood(scene: Scene): Promise<void> {
  const { moles, victim } = scene;
  await Promise.all(moles.map((mole) => mole.connect(victim)));
  const stop = new AbortController();
  let answered = 0;
  const place = { life: 0, sequence: 0 };
  const heads = ASK_HEADS.question.encode({ groups: Array.from({ length: 257 }, (_, group) => ({ group, place, scope: { rank: 64, followed: [] } })) });
  const fetch = ASK_FETCH.question.encode({ keys: Array.from({ length: 1024 }, () => ({ namespace: moles[0]!.roster, key: `member/${victim.self}` })), skip: 0 });
  const lane = async (mole: HostileMember, at: number): Promise<void> => {
    while (!stop.signal.aborted) {
      await mole.ask(victim, at % 2 === 0 ? ASK_HEADS.kind : ASK_FETCH.kind, at % 2 === 0 ? heads : fetch).catch(() => sleep(10));
      answered += 1;
    }
  };
  const lanes = moles.flatMap((mole) => Array.from({ length: 64 }, (_, at) => lane(mole, at)));
  try {
    for (let round = 0; round < 5; round += 1) await servesOthers(scene);
  } finally {
    stop.abort();
    await Promise.all(lanes);
  }
  assert.ok(answered > 256, `the flood was on: ${answered} answers`);
}

