import { utf8 } from "./bytes.ts";
import { BYTES, LIST, SIMPLE, TEXT, UINT } from "./cbor-reader.ts";
import { CodecError } from "./errors.ts";

const FIRST_BYTES = 256;
/** The widest head: kind and width, then a number of 64 bits. */
const HEAD_BYTES = 9;

/** Writes deterministic CBOR (RFC 8949, section 4.2) item by item. */
export class CborWriter {
  #bytes = new Uint8Array(FIRST_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  /** @param version the byte before the first item */
  constructor(version: number) {
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
    const bytes = utf8(value);
    this.#head(TEXT, bytes.length);
    this.#put(bytes);
  }

  /** Says how many items follow. */
  list(items: number): void {
    this.#head(LIST, items);
  }

  /** All that was written, in memory of its own. */
  taken(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
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
