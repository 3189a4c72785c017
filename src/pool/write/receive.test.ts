import assert from "node:assert/strict";
import test from "node:test";
import type { HostId } from "../../codec/index.ts";
import type { BulkStream } from "../../net/index.ts";
import { Village, content, copies } from "../fakes/village.ts";
import { PUT, RESERVE, pieceNameCodec, reserveAnswerCodec, reserveCodec } from "../messages.ts";
import type { PoolParts } from "../parts.ts";
import type { Allowance } from "../upkeep/allowance.ts";
import { Going } from "../upkeep/going.ts";
import { Offers } from "./offer.ts";
import { Receiver } from "./receive.ts";

type OnRequest = (from: HostId, body: Uint8Array) => Promise<Uint8Array>;
type OnBulk = (from: HostId, header: Uint8Array, stream: BulkStream, signal: AbortSignal) => Promise<void>;

test("no claim is signed for a piece that is being let go, or went while it was sent", async () => {
  const village = await Village.build({ hosts: 2 });
  const what = content(200_000);
  const { pack } = await village.at(0).pool.store(village.namespace, what, copies(2));
  const { host, key, store, records } = village.at(0);
  const sender = village.at(1).host;
  const handlers = new Map<string, unknown>();
  const transport = { handle: (kind: string, on: unknown) => void handlers.set(kind, on), handleBulk: (kind: string, on: unknown) => void handlers.set(kind, on) };
  const going = new Going();
  const allowance = { denial: async () => undefined, promised: () => {}, released: () => {} } as unknown as Allowance;
  const parts = { self: host, hostKey: key, store, records, transport, roster: () => village.roster() } as unknown as PoolParts;
  const receiver = new Receiver(village.env, parts, new Offers(village.env, parts, { allowance, going }), { allowance, going });

  const label = await store.packRecord(pack, 0);
  const sent: Uint8Array[] = [];
  const send = async (meanwhile: () => Promise<void>): Promise<void> => {
    const answer = await (handlers.get(RESERVE) as OnRequest)(sender, reserveCodec.encode({ namespace: village.namespace, pack, index: 0, sizeBytes: what.bytes.length }));
    assert.equal(reserveAnswerCodec.decode(answer).kind, "reserved");
    async function* frames(): AsyncGenerator<Uint8Array> {
      yield label;
      await meanwhile();
      yield what.bytes;
    }
    const stream = { frames, send: async (frame: Uint8Array) => void sent.push(frame) } as unknown as BulkStream;
    await (handlers.get(PUT) as OnBulk)(sender, pieceNameCodec.encode({ pack, index: 0 }), stream, new AbortController().signal);
  };
  assert.ok(going.begin(pack, 0));
  await assert.rejects(send(async () => {}), { code: "HOST_BUSY" });
  // Let go while the bytes came, which the store had no use for.
  await assert.rejects(send(async () => (await store.remove(pack, 0), going.end(pack, 0))), { code: "HOST_BUSY" });
  assert.equal(sent.length, 0);
  await send(async () => {});
  assert.equal(sent.length, 1);
  receiver.close();
  await village.close();
});
