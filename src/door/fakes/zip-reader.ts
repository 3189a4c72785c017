import assert from "node:assert/strict";
import { crc32 } from "node:zlib";

// For tests only: reads an archive as one does who has all of it, from the list at its end.

export interface ReadItem {
  readonly name: string;
  readonly mode: number;
  readonly sizeBytes: number;
  readonly crc: number;
  readonly dosTime: number;
  readonly offset: number;
  /** Where its bytes begin. */
  readonly start: number;
}

/** @param read so many bytes from an offset: of an archive that may be larger than memory */
export function listOf(length: number, read: (offset: number, length: number) => Buffer): ReadItem[] {
  const end = read(length - 22, 22);
  assert.equal(end.readUInt32LE(0), 0x06054b50);
  let [count, listBytes, at] = [end.readUInt16LE(10), end.readUInt32LE(12), end.readUInt32LE(16)];
  if (count === 0xffff || listBytes === 0xffffffff || at === 0xffffffff) {
    const locator = read(length - 42, 20);
    assert.deepEqual([locator.readUInt32LE(0), locator.readUInt32LE(16)], [0x07064b50, 1]);
    const end64 = read(Number(locator.readBigUInt64LE(8)), 56);
    assert.deepEqual([end64.readUInt32LE(0), end64.readBigUInt64LE(4), end64.readBigUInt64LE(24)], [0x06064b50, 44n, end64.readBigUInt64LE(32)]);
    [count, listBytes, at] = [end64.readBigUInt64LE(32), end64.readBigUInt64LE(40), end64.readBigUInt64LE(48)].map(Number) as [number, number, number];
  }
  const list = read(at, listBytes);
  const items: ReadItem[] = [];
  for (let from = 0; from < list.length; from += 46 + list.readUInt16LE(from + 28) + list.readUInt16LE(from + 30)) items.push(itemAt(list.subarray(from), read));
  assert.equal(items.length, count);
  return items;
}

function itemAt(head: Buffer, read: (offset: number, length: number) => Buffer): ReadItem {
  assert.equal(head.readUInt32LE(0), 0x02014b50);
  const nameBytes = head.readUInt16LE(28);
  const name = head.toString("utf8", 46, 46 + nameBytes);
  assert.equal(head.readUInt16LE(8) & 0x0800, 0x0800, "names are UTF-8");
  let at = 46 + nameBytes + 4;
  const long = (): number => Number(head.readBigUInt64LE((at += 8) - 8));
  const [size, far] = [head.readUInt32LE(24), head.readUInt32LE(42)];
  const sizeBytes = size === 0xffffffff ? long() : size;
  if (size === 0xffffffff) assert.equal(long(), sizeBytes, "nothing is compressed");
  const offset = far === 0xffffffff ? long() : far;
  const local = read(offset, 30);
  assert.equal(local.readUInt32LE(0), 0x04034b50);
  assert.equal(read(offset + 30, local.readUInt16LE(26)).toString("utf8"), name);
  const start = offset + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
  const crc = head.readUInt32LE(16);
  if ((local.readUInt16LE(6) & 8) !== 0) {
    const is64 = local.readUInt16LE(28) > 0;
    const behind = read(start + sizeBytes, is64 ? 24 : 16);
    assert.deepEqual([behind.readUInt32LE(0), behind.readUInt32LE(4), is64 ? Number(behind.readBigUInt64LE(16)) : behind.readUInt32LE(12)], [0x08074b50, crc, sizeBytes]);
  }
  return { name, mode: head.readUInt32LE(38) >>> 16, sizeBytes, crc, dosTime: head.readUInt32LE(12), offset, start };
}

/** The bytes of each item by its name. */
export function unzip(zip: Buffer): ReadonlyMap<string, string> {
  const items = listOf(zip.length, (offset, length) => zip.subarray(offset, offset + length));
  return new Map(
    items.map(({ name, start, sizeBytes, crc }) => {
      const bytes = zip.subarray(start, start + sizeBytes);
      assert.equal(crc32(bytes), crc, name);
      return [name, bytes.toString("latin1")];
    }),
  );
}
