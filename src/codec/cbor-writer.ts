import { SHORT_TEXT, copyOfBytes, putAscii, utf8 } from "./bytes.ts";
import { BYTES, LIST, SIMPLE, TEXT, UINT } from "./cbor-reader.ts";
import { CodecError } from "./errors.ts";

const FIRST_BYTES = 1024;
/** Memory of one writer at a time that the next one writes into; what grew beyond this is left to the collector. */
const SPARE_BYTES_MAX = 256 * 1024;
const NOTHING = new Uint8Array(0);
let spare: Uint8Array | undefined;
/** The widest head: kind and width, then a number of 64 bits. */
const HEAD_BYTES = 9;

/** Writes deterministic CBOR (RFC 8949, section 4.2) item by item. */
export class CborWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #at = 0;

  /** @param version the byte before the first item */
  constructor(version: number) {
    this.#bytes = spare ?? new Uint8Array(FIRST_BYTES);
    spare = undefined;
    this.#view = new DataView(this.#bytes.buffer);
    this.#bytes[this.#at++] = version;
  }

  uint(value: number): void {
    this.#head(UINT, value);
  }

  simple(value: number): void {
    this.#head(SIMPLE, value);
  }

  bytes(value: Uint8Array): void {
    this.#head(BYTES, value.length);
    this.#put(value);
  }

  text(value: string): void {
    if (value.length <= SHORT_TEXT && this.#ascii(value)) return;
    const bytes = utf8(value);
    this.#head(TEXT, bytes.length);
    this.#put(bytes);
  }

  /** Says how many items follow. */
  list(items: number): void {
    this.#head(LIST, items);
  }

  /** All that was written, apart from the writer's memory. The last that is asked of a writer. */
  taken(): Uint8Array {
    const bytes = copyOfBytes(this.#bytes.subarray(0, this.#at));
    if (this.#bytes.length <= SPARE_BYTES_MAX) spare = this.#bytes;
    this.#bytes = NOTHING;
    return bytes;
  }

  /** @returns false, with nothing written, for a text that is not all ASCII */
  #ascii(value: string): boolean {
    const from = this.#at;
    this.#head(TEXT, value.length);
    this.#grow(value.length);
    const isWritten = putAscii(this.#bytes, this.#at, value);
    this.#at = isWritten ? this.#at + value.length : from;
    return isWritten;
  }

  #put(bytes: Uint8Array): void {
    this.#grow(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #head(kind: number, argument: number): void {
    if (!Number.isSafeInteger(argument) || argument < 0) throw new CodecError(`${argument} is no number that can be written.`);
    this.#grow(HEAD_BYTES);
    const major = kind << 5;
    if (argument < 24) {
      this.#bytes[this.#at++] = major | argument;
      return;
    }
    const power = argument < 2 ** 8 ? 0 : argument < 2 ** 16 ? 1 : argument < 2 ** 32 ? 2 : 3;
    this.#bytes[this.#at++] = major | (24 + power);
    if (power === 0) this.#view.setUint8(this.#at, argument);
    else if (power === 1) this.#view.setUint16(this.#at, argument);
    else if (power === 2) this.#view.setUint32(this.#at, argument);
    else this.#view.setBigUint64(this.#at, BigInt(argument));
    this.#at += 1 << power;
  }

  #grow(by: number): void {
    if (this.#at + by <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + by));
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}
