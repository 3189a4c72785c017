import { crc32 } from "node:zlib";
import { utf8 } from "../codec/index.ts";
import { dateOf } from "./gateway/http-date.ts";

// ZIP archives as a stream, by PKWARE's APPNOTE 6.3.10 (numbers in brackets are its sections). Nothing is compressed: most of what people keep
// is. Sizes are known beforehand and so is the archive's length; checksums are not, and stand behind each file (4.3.9). What does not fit into
// 32 bits, and more than 65,534 items, is said in ZIP64's records (4.3.14, 4.5.3).

/** A file or folder of an archive. */
export interface ZipItem {
  /** With "/" between its parts, and none at its end. */
  readonly name: string;
  readonly kind: "file" | "folder";
  /** Permissions of owner, group and others. */
  readonly mode: number;
  readonly modifiedMs: number;
  /** 0 for a folder. */
  readonly sizeBytes: number;
}

const MAX_32 = 0xffff_ffff;
const MAX_16 = 0xffff;
/** Of the end record of ZIP64, and of what it says of its own length. */
const END_64_BYTES = 56 - 12;
/** Version 4.5 (4.4.3.2): the first that knows ZIP64. Made on Unix (4.4.2.2), so that permissions are understood. */
const VERSION = { plain: 20, zip64: 45, madeBy: 0x032d } as const;
/** Names are UTF-8 (bit 11); checksum and sizes stand behind the file (bit 3). */
const FLAGS = { names: 0x0800, behind: 0x0008 } as const;
const UNIX_KIND = { file: 0o100000, folder: 0o040000 } as const;
const DOS_FOLDER = 0x10;

function nameOf({ name, kind }: ZipItem): Uint8Array {
  return utf8(kind === "folder" ? `${name}/` : name);
}

function isLarge({ sizeBytes }: ZipItem): boolean {
  return sizeBytes >= MAX_32;
}

/** Little-endian numbers of so many bytes each. */
function fields(...values: readonly (readonly [value: number, bytes: 2 | 4 | 8])[]): Buffer {
  const out = Buffer.alloc(values.reduce((sum, [, bytes]) => sum + bytes, 0));
  let at = 0;
  for (const [value, bytes] of values) {
    if (bytes === 8) out.writeBigUInt64LE(BigInt(value), at);
    else out.writeUIntLE(value, at, bytes);
    at += bytes;
  }
  return out;
}

/** Date and time as MS-DOS had them (4.4.6): from 1980, in steps of two seconds. They stand for UTC here. */
function dosTime(modifiedMs: number): readonly [time: number, date: number] {
  const seconds = Math.min(Math.max(Math.floor(modifiedMs / 1000), 315_532_800), 4_354_819_199);
  const { year, month, day } = dateOf(Math.floor(seconds / 86_400));
  const rest = seconds % 86_400;
  return [(Math.floor(rest / 3600) << 11) | ((Math.floor(rest / 60) % 60) << 5) | ((rest % 60) >> 1), ((year - 1980) << 9) | ((month + 1) << 5) | day];
}

/** What stands before a file's bytes (4.3.7). */
export function localHeader(item: ZipItem): Buffer {
  const [name, [time, date]] = [nameOf(item), dosTime(item.modifiedMs)];
  const [large, isFile] = [isLarge(item), item.kind === "file"];
  const size = large ? MAX_32 : 0;
  const head = fields([0x04034b50, 4], [large ? VERSION.zip64 : VERSION.plain, 2], [FLAGS.names | (isFile ? FLAGS.behind : 0), 2], [0, 2], [time, 2], [date, 2], [0, 4], [size, 4], [size, 4], [name.length, 2], [large ? 20 : 0, 2]);
  return Buffer.concat([head, name, large ? fields([1, 2], [16, 2], [0, 8], [0, 8]) : Buffer.alloc(0)]);
}

/** What stands behind a file's bytes (4.3.9). */
export function behindFile(item: ZipItem, crc: number): Buffer {
  const bytes = isLarge(item) ? 8 : 4;
  return fields([0x08074b50, 4], [crc, 4], [item.sizeBytes, bytes], [item.sizeBytes, bytes]);
}

/** One item of the list at the end (4.3.12). @param offset of its local header */
export function centralHeader(item: ZipItem, crc: number, offset: number): Buffer {
  const [name, [time, date]] = [nameOf(item), dosTime(item.modifiedMs)];
  const [large, isFile, isFar] = [isLarge(item), item.kind === "file", offset >= MAX_32];
  const beyond = [...(large ? [item.sizeBytes, item.sizeBytes] : []), ...(isFar ? [offset] : [])];
  const extra = beyond.length === 0 ? Buffer.alloc(0) : fields([1, 2], [beyond.length * 8, 2], ...beyond.map((value) => [value, 8] as const));
  const size = large ? MAX_32 : item.sizeBytes;
  const attributes = (UNIX_KIND[item.kind] | item.mode) * 0x10000 + (isFile ? 0 : DOS_FOLDER);
  const head = fields([0x02014b50, 4], [VERSION.madeBy, 2], [beyond.length === 0 ? VERSION.plain : VERSION.zip64, 2], [FLAGS.names | (isFile ? FLAGS.behind : 0), 2], [0, 2], [time, 2], [date, 2], [crc, 4], [size, 4], [size, 4], [name.length, 2], [extra.length, 2], [0, 2], [0, 2], [0, 2], [attributes, 4], [isFar ? MAX_32 : offset, 4]);
  return Buffer.concat([head, name, extra]);
}

/** The end (4.3.14 to 4.3.16): how many items the list has, how long it is and where it begins. */
export function ending(items: number, listBytes: number, listOffset: number): Buffer {
  const count = Math.min(items, MAX_16);
  const end = fields([0x06054b50, 4], [0, 2], [0, 2], [count, 2], [count, 2], [Math.min(listBytes, MAX_32), 4], [Math.min(listOffset, MAX_32), 4], [0, 2]);
  if (items < MAX_16 && listBytes < MAX_32 && listOffset < MAX_32) return end;
  const end64 = fields([0x06064b50, 4], [END_64_BYTES, 8], [VERSION.madeBy, 2], [VERSION.zip64, 2], [0, 4], [0, 4], [items, 8], [items, 8], [listBytes, 8], [listOffset, 8]);
  return Buffer.concat([end64, fields([0x07064b50, 4], [0, 4], [listOffset + listBytes, 8], [1, 4]), end]);
}

/** How long the archive of these becomes. */
export class ZipLength {
  #items = 0;
  #listBytes = 0;
  #offset = 0;

  add(item: ZipItem): void {
    this.#items += 1;
    this.#listBytes += centralHeader(item, 0, this.#offset).length;
    this.#offset += localHeader(item).length + item.sizeBytes + (item.kind === "file" ? behindFile(item, 0).length : 0);
  }

  get bytes(): number {
    return this.#offset + this.#listBytes + ending(this.#items, this.#listBytes, this.#offset).length;
  }
}

/** An archive in the making: what is written is asked for part by part, and what was written before is needed no more but for its place in the list. */
export class ZipWriter {
  readonly #list: Buffer[] = [];
  #offset = 0;

  folder(item: ZipItem): Buffer {
    this.#list.push(centralHeader(item, 0, this.#offset));
    return this.#passed(localHeader(item));
  }

  /** @param content as many bytes as the item says */
  async *file(item: ZipItem, content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const start = this.#offset;
    yield this.#passed(localHeader(item));
    let crc = 0;
    for await (const chunk of content) {
      crc = crc32(chunk, crc);
      yield this.#passed(chunk);
    }
    yield this.#passed(behindFile(item, crc));
    this.#list.push(centralHeader(item, crc, start));
  }

  *end(): Generator<Uint8Array> {
    yield* this.#list;
    yield ending(this.#list.length, this.#list.reduce((sum, { length }) => sum + length, 0), this.#offset);
  }

  #passed<T extends Uint8Array>(bytes: T): T {
    this.#offset += bytes.length;
    return bytes;
  }
}
