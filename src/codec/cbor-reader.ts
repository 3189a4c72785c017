import { copyOfBytes, fromUtf8 } from "./bytes.ts";
import { CodecError } from "./errors.ts";

/** The kinds of CBOR items that Holdfast writes, by their major type. */
export const UINT = 0;
export const BYTES = 2;
export const TEXT = 3;
export const LIST = 4;
export const SIMPLE = 7;

export const FALSE = 20;
export const TRUE = 21;
export const NULL = 22;

const SHORT_TEXT = 128;

/**
 * Reads deterministic CBOR (RFC 8949, section 4.2) item by item. Only the kinds named above are read, each in its shortest form, and no
 * length is believed beyond the bytes that are there, so nothing is allocated for what was only claimed.
 */
export class CborReader {
  readonly #bytes: Buffer;
  readonly #name: string;
  #at: number;
  /** The field that is being read, for the message of an error. */
  field = "";

  /** @param name what the bytes should be, for messages */
  constructor(bytes: Uint8Array, at: number, name: string) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#name = name;
    this.#at = at;
  }

  wrong(expected: string): CodecError {
    return new CodecError(`${this.#name}${this.field === "" ? "" : `, at ${this.field},`} is not ${expected}.`);
  }

  /** The argument of the next item's head. @throws CodecError when the item is of another kind */
  head(kind: number, expected: string): number {
    const first = this.#bytes[this.#at];
    if (first === undefined || first >> 5 !== kind) throw this.wrong(expected);
    const info = first & 31;
    this.#at += 1;
    if (info < 24) return info;
    if (info > 27 || kind === SIMPLE) throw this.wrong(expected);
    return this.#argument(1 << (info - 24), expected);
  }

  isNull(): boolean {
    if (this.#bytes[this.#at] !== ((SIMPLE << 5) | NULL)) return false;
    this.#at += 1;
    return true;
  }

  /** A byte string apart from the memory that is read. */
  bytes(minBytes: number, maxBytes: number, expected: string): Uint8Array {
    const [from, end] = this.#string(BYTES, minBytes, maxBytes, expected);
    // A copy, so that what is kept of a message does not keep all of it.
    return copyOfBytes(this.#bytes.subarray(from, end));
  }

  /** A byte string with a character for each byte, which is cheaper than memory of its own. */
  latin1(length: number, expected: string): string {
    const [from, end] = this.#string(BYTES, length, length, expected);
    return this.#bytes.toString("latin1", from, end);
  }

  /** Reads what stands within a byte string, which must begin with `version` and hold one item. */
  within<T>(version: number, maxBytes: number, expected: string, read: () => T): T {
    const [from, end] = this.#string(BYTES, 1, maxBytes, expected);
    if (this.#bytes[from] !== version) throw this.wrong(expected);
    this.#at = from + 1;
    const value = read();
    if (this.#at !== end) throw this.wrong(expected);
    return value;
  }

  /** Passes over one item, whatever it is. */
  skip(): void {
    for (let left = 1; left > 0; left -= 1) {
      const kind = (this.#bytes[this.#at] ?? 0) >> 5;
      const argument = this.head(kind, "an item that is used here");
      if (kind === BYTES || kind === TEXT) this.#pass(argument);
      if (kind === LIST) left += argument;
    }
  }

  text(maxBytes: number, expected: string): string {
    const [from, end] = this.#string(TEXT, 0, maxBytes, expected);
    // The decoder, which refuses what is not UTF-8, takes ten times as long to begin as ASCII takes to read.
    return end - from <= SHORT_TEXT && this.#isAscii(from, end) ? this.#bytes.toString("latin1", from, end) : fromUtf8(this.#bytes.subarray(from, end));
  }

  /** How many items follow. */
  list(maxItems: number, expected: string): number {
    const items = this.head(LIST, expected);
    // Each item takes a byte at least.
    if (items > maxItems || items > this.#bytes.length - this.#at) throw this.wrong(expected);
    return items;
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw new CodecError(`${this.#name} has bytes behind its end.`);
  }

  #pass(length: number): number {
    if (length > this.#bytes.length - this.#at) throw new CodecError(`${this.#name} ends in the middle of an item.`);
    return (this.#at += length);
  }

  /** Where a string begins and ends. */
  #string(kind: number, minBytes: number, maxBytes: number, expected: string): readonly [number, number] {
    const length = this.head(kind, expected);
    if (length < minBytes || length > maxBytes) throw this.wrong(expected);
    return [this.#at, this.#pass(length)];
  }

  #argument(width: number, expected: string): number {
    const at = this.#at;
    this.#pass(width);
    const value = width === 8 ? this.#bytes.readUInt32BE(at) * 2 ** 32 + this.#bytes.readUInt32BE(at + 4) : this.#bytes.readUIntBE(at, width);
    // A number has one form only, the shortest.
    if (value < (width === 1 ? 24 : 2 ** (width * 4)) || value > Number.MAX_SAFE_INTEGER) throw this.wrong(expected);
    return value;
  }

  #isAscii(from: number, end: number): boolean {
    for (let at = from; at < end; at += 1) if (this.#bytes[at]! > 127) return false;
    return true;
  }
}
