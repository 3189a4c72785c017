// A thread that makes files into sealed blobs: it cuts, hashes, encrypts and hashes again, which would hold the event loop up.
import type { Hasher } from "../crypto/index.ts";
import { hasher } from "../crypto/index.ts";
import { threadSide } from "../platform/index.ts";
import { Chunker } from "./chunker.ts";
import type { SealAnswer, SealData, SealQuestion, SealedChunk } from "./seal-protocol.ts";
import { sealText } from "./seal-text.ts";

const side = threadSide<SealQuestion, SealAnswer>();
const { gear, content } = side.data as SealData;

interface OpenFile {
  readonly chunker: Chunker;
  readonly hash: Hasher;
}

const files = new Map<number, OpenFile>();
/** Chunkers have 4 MiB of memory each: they are used again, not made anew for each of thousands of small files. */
const spare: Chunker[] = [];

function open(): OpenFile {
  return { chunker: spare.pop() ?? new Chunker(gear), hash: hasher() };
}

function sealed(chunks: Iterable<Uint8Array>): SealedChunk[] {
  return Array.from(chunks, (text) => ({ ...sealText(content, text), length: text.length }));
}

function work({ chunker, hash }: OpenFile, { kind, bytes }: SealQuestion): SealAnswer {
  if (kind === "drop") {
    chunker.reset();
    return { chunks: [], block: bytes };
  }
  hash.update(bytes);
  const chunks = sealed(chunker.push(bytes));
  if (kind === "more") return { chunks, block: bytes };
  chunks.push(...sealed(chunker.finish()));
  return { chunks, block: bytes, digest: hash.digest() };
}

side.onQuestion((question) => {
  const file = files.get(question.file) ?? open();
  const answer = work(file, question);
  if (question.kind === "more") files.set(question.file, file);
  else {
    files.delete(question.file);
    spare.push(file.chunker);
  }
  side.answer(
    answer,
    [...answer.chunks.map((chunk) => chunk.sealed), answer.block].map(({ buffer }) => buffer as ArrayBuffer),
  );
});
