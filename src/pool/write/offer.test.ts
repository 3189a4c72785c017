import assert from "node:assert/strict";
import test from "node:test";
import { RAW, blobIdOf } from "../../codec/index.ts";
import { sha256 } from "../../crypto/index.ts";
import { Village, content, copies } from "../fakes/village.ts";
import { PUT } from "../messages.ts";
import type { PoolParts } from "../parts.ts";
import { Going } from "../upkeep/going.ts";
import { FRAME_BYTES, Offers } from "./offer.ts";
import type { Piece } from "./offer.ts";

test("a host claims no piece of its own while it is letting it go", async () => {
  const village = await Village.build({ hosts: 1 });
  const { host, key, store, transport, pool } = village.at(0);
  const { pack } = await pool.store(village.namespace, content(1), copies(1));
  const going = new Going();
  const allowance = { denial: async () => undefined, promised: () => {}, released: () => {} };
  const offers = new Offers(village.env, { self: host, hostKey: key, store, transport } as unknown as PoolParts, { allowance, going });
  const piece: Piece = { ...store.held(pack, 0)!, namespace: village.namespace, label: new Uint8Array(0), bytes: () => assert.fail("it lies here already") };
  const put = () => offers.put(host, piece, () => {}, new AbortController().signal);
  assert.equal((await put()).pack, pack);
  going.begin(pack, 0);
  await assert.rejects(put(), { code: "HOST_BUSY" });
  going.end(pack, 0);
  assert.equal((await put()).host, host);
  await village.close();
});

test("a pack of many small files, whose label is longer than a frame of content, comes to its holders over a slow line", async () => {
  const village = await Village.build({ hosts: 3, factor: 40 });
  const { bytes } = content(4096 * 16);
  const blobs = Array.from({ length: 4096 }, (_, at) => ({ id: blobIdOf(RAW, sha256(bytes.subarray(at * 16, at * 16 + 16))), offset: at * 16, length: 16 }));
  const writer = village.at(0);
  let longest = 0;
  // Each holder's share of the line: a frame of content comes in less than half of the time for which a holder waits.
  village.net.fault = async (from, _to, kind, frame) => {
    if (kind === PUT && from === writer.host) {
      longest = Math.max(longest, frame.length);
      await village.env.timers.sleep((frame.length / FRAME_BYTES) * 6_000);
    }
    return frame;
  };
  assert.equal((await writer.pool.store(village.namespace, { bytes, blobs }, copies(3))).holders.length, 3);
  assert.ok(longest > 2.5 * FRAME_BYTES);
  await village.close();
});
