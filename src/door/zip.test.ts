import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { listOf, unzip } from "./fakes/zip-reader.ts";
import type { ZipItem } from "./zip.ts";
import { ZipLength, ZipWriter, behindFile, centralHeader, ending, localHeader } from "./zip.ts";

const GIB = 2 ** 30;

function item(name: string, sizeBytes: number, more: Partial<ZipItem> = {}): ZipItem {
  return { name, kind: "file", mode: 0o640, modifiedMs: Date.UTC(2026, 10, 28, 9, 30, 14), sizeBytes, ...more };
}

async function* inParts(text: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < text.length; at += 7) yield text.subarray(at, at + 7);
}

async function zipOf(items: readonly (readonly [ZipItem, Buffer])[]): Promise<Buffer> {
  const writer = new ZipWriter();
  const parts: Uint8Array[] = [];
  for (const [each, bytes] of items) {
    if (each.kind === "folder") parts.push(writer.folder(each));
    else for await (const part of writer.file(each, inParts(bytes))) parts.push(part);
  }
  return Buffer.concat([...parts, ...writer.end()]);
}

function lengthOf(items: readonly ZipItem[]): number {
  const length = new ZipLength();
  for (const each of items) length.add(each);
  return length.bytes;
}

test("an archive has every file and folder with its bytes under its name, and the length that was said before", async () => {
  const name = fc.string({ minLength: 1, maxLength: 40, unit: "grapheme" }).map((text) => text.toWellFormed().replaceAll("/", "_"));
  const file = fc.tuple(name, fc.uint8Array({ maxLength: 60 })).map(([of, bytes]) => [item(of, bytes.length), Buffer.from(bytes)] as const);
  const folder = name.map((of) => [item(of, 0, { kind: "folder", mode: 0o755 }), Buffer.alloc(0)] as const);
  const items = fc.uniqueArray(fc.oneof(file, folder), { selector: ([{ name: of, kind }]) => (kind === "folder" ? `${of}/` : of), maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(items, async (given) => {
      const zip = await zipOf(given);
      assert.equal(zip.length, lengthOf(given.map(([each]) => each)));
      assert.deepEqual([...unzip(zip)], given.map(([{ name: of, kind }, bytes]) => [kind === "folder" ? `${of}/` : of, bytes.toString("latin1")]));
    }),
    { numRuns: 60 },
  );
});

test("an archive keeps permissions and times, times before 1980 and after 2107 as near as it can", async () => {
  const zip = await zipOf([[item("a", 1), Buffer.from("x")], [item("b", 0, { kind: "folder", mode: 0o700, modifiedMs: 0 }), Buffer.alloc(0)], [item("c", 0, { modifiedMs: 1e15 }), Buffer.alloc(0)]]);
  const [a, b, c] = listOf(zip.length, (offset, length) => zip.subarray(offset, offset + length));
  const words = (dosTime: number): readonly number[] => [(dosTime >>> 25) + 1980, (dosTime >>> 21) & 15, (dosTime >>> 16) & 31, (dosTime >>> 11) & 31, (dosTime >>> 5) & 63, (dosTime & 31) * 2];
  assert.deepEqual([a!.mode.toString(8), b!.mode.toString(8)], ["100640", "40700"]);
  assert.deepEqual([words(a!.dosTime), words(b!.dosTime), words(c!.dosTime)], [[2026, 11, 28, 9, 30, 14], [1980, 1, 1, 0, 0, 0], [2107, 12, 31, 23, 59, 58]]);
});

test("files beyond 4 GiB, and files behind them, are found by ZIP64's records", () => {
  // Laid out by its length alone: what is between the headers is a hole.
  const items = [item("small", 3), item("film.mkv", 5 * GIB), item("behind", 4)];
  const parts = new Map<number, Buffer>();
  const list: Buffer[] = [];
  let at = 0;
  const put = (bytes: Buffer): void => void (parts.set(at, bytes), (at += bytes.length));
  for (const [crc, each] of items.entries()) {
    list.push(centralHeader(each, crc, at));
    put(localHeader(each));
    at += each.sizeBytes;
    put(behindFile(each, crc));
  }
  const listOffset = at;
  put(Buffer.concat(list));
  put(ending(items.length, at - listOffset, listOffset));
  assert.equal(at, lengthOf(items));
  const read = (offset: number, length: number): Buffer => {
    const [start, bytes] = [...parts].findLast(([from]) => from <= offset)!;
    return bytes.subarray(offset - start, offset - start + length);
  };
  assert.deepEqual(listOf(at, read).map(({ name, sizeBytes, crc }) => [name, sizeBytes, crc]), [["small", 3, 0], ["film.mkv", 5 * GIB, 1], ["behind", 4, 2]]);
});

test("an archive of more than 65,534 items says so in ZIP64's records", () => {
  assert.equal(ending(65_534, 10, 20).length, 22);
  const end = ending(65_535, 10, 20);
  assert.deepEqual([end.length, end.readBigUInt64LE(24), end.readBigUInt64LE(32), end.readUInt16LE(end.length - 12)], [98, 65_535n, 65_535n, 0xffff]);
});
