import assert from "node:assert/strict";
import test from "node:test";
import type { HostId, PackId } from "../../codec/index.ts";
import { idFromBytes } from "../../codec/index.ts";
import { sha256 } from "../../crypto/index.ts";
import { LEAF_BYTES } from "../../store/index.ts";
import { MAX_LEAVES } from "../messages.ts";
import { MAX_PIECES } from "../record/pack-record.ts";
import { orderAnswerCodec, orderCodec, standingCodec } from "../repair/messages.ts";
import { LEAVES_PER_QUESTION, NEVER, proofsCodec, proveCodec, witnessAnswerCodec, witnessCodec } from "./messages.ts";

const pack = idFromBytes<PackId>(sha256(Uint8Array.of(1)));
const host = idFromBytes<HostId>(sha256(Uint8Array.of(2)));

function times<T>(one: T): T[] {
  return Array.from({ length: LEAVES_PER_QUESTION }, () => one);
}

test("the largest question and answer of an audit fit into their messages", () => {
  const questions = times({ pack, index: MAX_PIECES - 1, leaf: MAX_LEAVES - 1 });
  assert.deepEqual(proveCodec.decode(proveCodec.encode(questions)), questions);
  const proofs = times({ kind: "leaf" as const, value: { bytes: new Uint8Array(LEAF_BYTES), proof: Array.from({ length: 8 }, () => new Uint8Array(32)) } });
  assert.equal(proofsCodec.decode(proofsCodec.encode(proofs)).length, LEAVES_PER_QUESTION);
  assert.deepEqual(witnessCodec.decode(witnessCodec.encode({ host, packs: times(pack) })), { host, packs: times(pack) });
  assert.deepEqual(witnessAnswerCodec.decode(witnessAnswerCodec.encode(times(NEVER))), times(NEVER));
});

test("an order, its answer and how repair stands are read back as they were said", () => {
  const order = { namespace: pack as string as Parameters<typeof orderCodec.encode>[0]["namespace"], pack, index: MAX_PIECES - 1 };
  assert.deepEqual(orderCodec.decode(orderCodec.encode(order)), order);
  assert.deepEqual(orderAnswerCodec.decode(orderAnswerCodec.encode({ kind: "refused", value: { why: "holds-another" } })), { kind: "refused", value: { why: "holds-another" } });
  const most = Number.MAX_SAFE_INTEGER;
  const standing = { shortPacks: most, shortPieces: most, shortBytes: most, endangeredPacks: most, unreadablePacks: most, repairing: most, bytesPerSecond: most };
  assert.deepEqual(standingCodec.decode(standingCodec.encode(standing)), standing);
  assert.deepEqual(standingCodec.decode(standingCodec.encode({ ...standing, bytesPerSecond: null })).bytesPerSecond, null);
});
