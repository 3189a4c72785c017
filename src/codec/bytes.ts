import { CodecError } from "./errors.ts";

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
/** By character code; -1 for what is no letter of base32. */
const DIGITS = Int8Array.from({ length: 128 }, (_, code) => ALPHABET.indexOf(String.fromCharCode(code)));

/** RFC 4648 base32, lower case, without padding. */
export function base32(bytes: Uint8Array): string {
  let text = "";
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(value >> bits) & 31];
    }
  }
  return bits > 0 ? text + ALPHABET[(value << (5 - bits)) & 31] : text;
}

/** @throws CodecError for a character outside the alphabet, or left-over bits that are not zero */
export function fromBase32(text: string): Uint8Array {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8));
  let bits = 0;
  let value = 0;
  let at = 0;
  for (let index = 0; index < text.length; index += 1) {
    const digit = DIGITS[text.charCodeAt(index)] ?? -1;
    if (digit < 0) throw new CodecError(`"${text[index]!}" is not a letter of base32.`);
    value = ((value << 5) | digit) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (value >> bits) & 0xff;
    }
  }
  if (bits >= 5 || (value & ((1 << bits) - 1)) !== 0) throw new CodecError("The base32 text ends in the middle of a byte.");
  return bytes;
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

export function fromHex(text: string): Uint8Array {
  if (!/^(?:[0-9a-f]{2})*$/.test(text)) throw new CodecError("Not lower-case hexadecimal.");
  return new Uint8Array(Buffer.from(text, "hex"));
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Texts up to here are written letter by letter while they are ASCII: quicker than an encoder. */
export const SHORT_TEXT = 64;

export function utf8(text: string): Uint8Array {
  if (text.length > SHORT_TEXT) return encoder.encode(text);
  const bytes = zeros(text.length);
  return putAscii(bytes, 0, text) ? bytes : encoder.encode(text);
}

/** Writes a text into bytes that have room for it. @returns false for a text that is not all ASCII, of which a part may have been written */
export function putAscii(bytes: Uint8Array, from: number, text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code > 127) return false;
    bytes[from + at] = code;
  }
  return true;
}

/** @throws CodecError for bytes that are not UTF-8 */
export function fromUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (error) {
    throw new CodecError("The bytes are not UTF-8.", { cause: error });
  }
}

/** Up to here bytes are compared one by one: quicker than a call out of JavaScript. */
const FEW_BYTES = 32;

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  if (a.length > FEW_BYTES) return Buffer.compare(a, b) === 0;
  for (let at = 0; at < a.length; at += 1) if (a[at] !== b[at]) return false;
  return true;
}

/** Order of unsigned bytes, the order of the record log's keys. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b);
}

// Memory of its own costs a short array a microsecond and more, its bytes some nanoseconds; so short arrays are parts of larger pieces. Each
// part is given once. A piece goes when all its parts have gone, so whoever keeps few of many for long keeps up to a piece for each.

const SHORT_BYTES_MAX = 1024;
const PIECE_BYTES = 8192;
let piece = new ArrayBuffer(PIECE_BYTES);
let given = 0;

/** Zeros. Their buffer may be other arrays' too: it is never to change over to a thread. */
export function zeros(length: number): Uint8Array {
  if (length > SHORT_BYTES_MAX) return new Uint8Array(length);
  if (given + length > PIECE_BYTES) [piece, given] = [new ArrayBuffer(PIECE_BYTES), 0];
  const bytes = new Uint8Array(piece, given, length);
  given += length;
  return bytes;
}

/** The same bytes apart from whatever else they are a part of, in memory as `zeros` gives it. */
export function copyOfBytes(bytes: Uint8Array): Uint8Array {
  const copy = zeros(bytes.length);
  copy.set(bytes);
  return copy;
}

/** In memory as `zeros` gives it. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = zeros(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
