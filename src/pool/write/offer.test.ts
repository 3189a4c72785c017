import assert from "node:assert/strict";
import test from "node:test";
import { Village, content, copies } from "../fakes/village.ts";
import type { PoolParts } from "../parts.ts";
import { Going } from "../upkeep/going.ts";
import { Offers } from "./offer.ts";
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
