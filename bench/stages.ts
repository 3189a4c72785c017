import { randomFillSync } from "node:crypto";
import { concatBytes, idFromBytes } from "../src/codec/index.ts";
import type { NamespaceId } from "../src/codec/index.ts";
import { newSeed } from "../src/crypto/index.ts";
import { Chunker } from "../src/drive/chunker.ts";
import { PrivateKeys } from "../src/drive/keys.ts";
import { createCoder } from "../src/erasure/index.ts";
import type { PackedBlob } from "../src/pool/index.ts";
import { rootOf } from "../src/pool/layout/leaves.ts";
import { codePieces } from "../src/pool/layout/slices.ts";
import { MIB, median } from "./figures.ts";
import { rates } from "./processor-rate.ts";

// What happens to private content on its way out, each step by itself on one thread, with the code that hosts run.

const PACK_BYTES = 16 * MIB;
const FEED_BYTES = MIB;
const [ROUNDS, ROUND_MS] = [9, 50];

export interface Stage {
  readonly what: string;
  /** Of content, for each second that the thread has the processor. */
  readonly mbPerSecond: number;
}

function cutUp(chunker: Chunker, bytes: Uint8Array): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += FEED_BYTES) for (const chunk of chunker.push(bytes.subarray(at, at + FEED_BYTES))) chunks.push(chunk.slice());
  for (const chunk of chunker.finish()) chunks.push(chunk.slice());
  return chunks;
}

/** The steps of storing a full pack in k + m pieces. */
export function stages(k: number, m: number): readonly Stage[] {
  const text = randomFillSync(new Uint8Array(PACK_BYTES - 64 * 1024));
  const keys = new PrivateKeys(newSeed(), idFromBytes(newSeed()) as NamespaceId);
  const [chunker, coder] = [new Chunker(keys.gear), createCoder()];
  const chunks = cutUp(chunker, text);
  const sealed = chunks.map((chunk) => keys.sealBlob("content", chunk));
  let offset = 0;
  const blobs = sealed.map(({ ref, sealed: { length } }): PackedBlob => {
    offset += length;
    return { id: ref.id, offset: offset - length, length };
  });
  const content = { bytes: concatBytes(...sealed.map((each) => each.sealed)), blobs };
  const pieces = codePieces(coder, k, m, content);
  const timed = (what: string, work: () => void): Stage => ({ what, mbPerSecond: 1000 * median(rates(work, text.length, ROUNDS, ROUND_MS)) });
  return [
    timed("cutting", () => void cutUp(chunker, text)),
    timed("hashing and sealing", () => chunks.forEach((chunk) => keys.sealBlob("content", chunk))),
    timed(`coding ${k}+${m}`, () => void codePieces(coder, k, m, content)),
    timed("roots of the pieces", () => pieces.forEach((piece) => rootOf(piece))),
  ];
}
