import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import test from "node:test";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { fromHex, hex } from "../codec/index.ts";
import type { Slice } from "./index.ts";
import { ErasureError, MAX_PIECES, createCoder } from "./index.ts";
import { plainCombiner } from "./plain-combiner.ts";

const FIXTURES = resolve(import.meta.dirname, "../../test/fixtures/erasure");
const coder = createCoder();
const plain = createCoder(plainCombiner);

const empty = (count: number, length: number): Uint8Array[] => Array.from({ length: count }, () => new Uint8Array(length).fill(0xa5));

/** All pieces of a code. */
function piecesOf(m: number, data: readonly Uint8Array[]): Uint8Array[] {
  const parity = empty(m, data[0]!.length);
  coder.encode(data.length, m, data, parity);
  return [...data, ...parity];
}

/** Rebuilds what is not in `kept`, and says whether all came back as it was. */
function comesBack(k: number, pieces: readonly Uint8Array[], kept: readonly number[]): void {
  const missing = pieces.map((_, index) => index).filter((index) => !kept.includes(index));
  const wanted = missing.map((index): Slice => ({ index, bytes: new Uint8Array(pieces[index]!.length).fill(0xa5) }));
  coder.reconstruct(k, pieces.length - k, kept.map((index) => ({ index, bytes: pieces[index]! })), wanted);
  assert.deepEqual(wanted.map(({ bytes }) => bytes), missing.map((index) => pieces[index]), `k = ${k}, kept ${kept.join()}`);
}

for (const file of readdirSync(FIXTURES)) {
  test(`the pieces of ${file} are what they have always been, and each follows from others`, () => {
    const [k, m] = file.slice(0, -4).split("+").map(Number) as [number, number];
    const pieces = readFileSync(join(FIXTURES, file), "utf8").trim().split("\n").map(fromHex);
    assert.deepEqual(piecesOf(m, pieces.slice(0, k)).map(hex), pieces.map(hex));
    comesBack(k, pieces, pieces.map((_, index) => index).slice(-k));
  });
}

test("of up to eight pieces any k give all others", () => {
  for (let n = 1; n <= 8; n += 1) {
    for (let k = 1; k <= n; k += 1) {
      const pieces = piecesOf(n - k, Array.from({ length: k }, (_, at) => Uint8Array.of(at + 1, 0, 255, at * 37, 128 >> at)));
      for (let pattern = 0; pattern < 2 ** n; pattern += 1) {
        const kept = pieces.map((_, index) => index).filter((index) => (pattern >> index) & 1);
        if (kept.length === k) comesBack(k, pieces, kept);
      }
    }
  }
});

const content = (k: number, length: number): fc.Arbitrary<Uint8Array[]> => fc.array(fc.uint8Array({ minLength: length, maxLength: length }), { minLength: k, maxLength: k });
const code = fc.integer({ min: 1, max: MAX_PIECES }).chain((k) =>
  fc.nat(MAX_PIECES - k).chain((m) =>
    fc.nat(130).chain((length) =>
      fc.record({ k: fc.constant(k), m: fc.constant(m), data: content(k, length), kept: fc.shuffledSubarray(Array.from({ length: k + m }, (_, at) => at), { minLength: k, maxLength: k }) }),
    ),
  ),
);

test("any k pieces of any code give all others, in any order and of any length, as the plain twin says", () => {
  fc.assert(
    fc.property(code, ({ k, m, data, kept }) => {
      const pieces = piecesOf(m, data);
      const parity = empty(m, data[0]!.length);
      plain.encode(k, m, data, parity);
      assert.deepEqual(parity, pieces.slice(k));
      comesBack(k, pieces, kept);
    }),
    { numRuns: process.env["HOLDFAST_SIZE"] === "1" ? 150 : 50 },
  );
});

test("a range of a piece follows from the same range of others, and only what is wanted is made", () => {
  const data = Array.from({ length: 4 }, (_, at) => Uint8Array.from({ length: 100_003 }, (_, place) => (place * (at + 3)) >> 2));
  const pieces = piecesOf(2, data);
  const [from, to] = [31_337, 90_001];
  const wanted = { index: 5, bytes: new Uint8Array(to - from) };
  coder.reconstruct(4, 2, [4, 0, 2, 3].map((index) => ({ index, bytes: pieces[index]!.subarray(from, to) })), [wanted]);
  assert.deepEqual(wanted.bytes, pieces[5]!.subarray(from, to));
  coder.reconstruct(4, 2, [0, 1, 2, 3].map((index) => ({ index, bytes: pieces[index]! })), []);
});

test("data slices that are short or empty count as followed by zeros", () => {
  for (const k of [1, 2, 3, 5]) {
    const length = 70_001;
    const short = Array.from({ length: k }, (_, at) => new Uint8Array([length, 69_000, 0, 1, 64][(at + k) % 5]!).fill(at + 7));
    const full = short.map((slice) => Uint8Array.from({ length }, (_, place) => slice[place] ?? 0));
    const [expected, actual] = [empty(3, length), empty(3, length)];
    coder.encode(k, 3, full, expected);
    coder.encode(k, 3, short, actual);
    assert.deepEqual(actual, expected);
  }
});

test("codes and slices that do not fit are refused", () => {
  const two = empty(2, 8);
  const slice = (index: number, length = 8): Slice => ({ index, bytes: new Uint8Array(length) });
  const refused = (code: string, attempt: () => void): void => assert.throws(attempt, (error) => error instanceof ErasureError && error.code === code);
  for (const [k, m] of [[0, 1], [-1, 2], [1, -1], [1.5, 1], [1, Number.NaN], [64, 1], [1, 64], [Infinity, 1]] as const) {
    refused("BAD_CODE", () => coder.encode(k, m, two, two));
    refused("BAD_CODE", () => coder.reconstruct(k, m, [], []));
  }
  refused("BAD_SLICES", () => coder.encode(3, 2, two, two));
  refused("BAD_SLICES", () => coder.encode(2, 1, two, two));
  refused("BAD_SLICES", () => coder.encode(2, 2, two, [new Uint8Array(8), new Uint8Array(9)]));
  refused("BAD_SLICES", () => coder.encode(2, 2, empty(2, 9), two));
  refused("BAD_SLICES", () => coder.reconstruct(2, 2, [slice(0)], [slice(1)]));
  refused("BAD_SLICES", () => coder.reconstruct(2, 2, [slice(0), slice(1), slice(2)], [slice(3)]));
  refused("BAD_SLICES", () => coder.reconstruct(2, 2, [slice(0), slice(0)], [slice(1)]));
  refused("BAD_SLICES", () => coder.reconstruct(2, 2, [slice(0), slice(1)], [slice(1)]));
  refused("BAD_SLICES", () => coder.reconstruct(2, 2, [slice(0), slice(4)], [slice(1)]));
  refused("BAD_SLICES", () => coder.reconstruct(2, 2, [slice(0), slice(-1)], [slice(1)]));
  refused("BAD_SLICES", () => coder.reconstruct(2, 2, [slice(0), slice(0.5)], [slice(1)]));
  refused("BAD_SLICES", () => coder.reconstruct(2, 2, [slice(0), slice(2)], [slice(1, 7)]));
  refused("BAD_SLICES", () => coder.reconstruct(2, 2, [slice(0), slice(2, 9)], [slice(1)]));
});

test("a code without parity needs none", () => {
  coder.encode(3, 0, empty(3, 5), []);
  coder.reconstruct(3, 0, [0, 1, 2].map((index) => ({ index, bytes: new Uint8Array(5) })), []);
});

/** Codes what is transferred to it with a coder of its own, and transfers the parity back. */
const WORKER = `
  const { parentPort, workerData: { door, k, m, data } } = require("node:worker_threads");
  import(door).then(({ createCoder }) => {
    const parity = Array.from({ length: m }, () => new Uint8Array(data[0].length));
    createCoder().encode(k, m, data, parity);
    parentPort.postMessage(parity, parity.map(({ buffer }) => buffer));
  });
`;

test("a worker thread codes transferred buffers", async () => {
  const data = Array.from({ length: 5 }, (_, at) => new Uint8Array(50_000).fill(at + 1));
  const expected = piecesOf(3, data).slice(5);
  const door = new URL("index.ts", import.meta.url).href;
  const worker = new Worker(WORKER, { eval: true, workerData: { door, k: 5, m: 3, data }, transferList: data.map(({ buffer }) => buffer) });
  const ended = once(worker, "exit");
  const [parity] = (await once(worker, "message")) as [Uint8Array[]];
  assert.deepEqual(parity, expected);
  await ended;
});
