import { decode, encode } from "cborg";
import { checkStructure } from "./bounds.ts";
import { concatBytes, utf8 } from "./bytes.ts";
import { CodecError } from "./errors.ts";
import { bytesOfId, idFromBytes } from "./ids.ts";

/** How a value stands in CBOR (RFC 8949, deterministic encoding), and which values are allowed at all. */
export interface Shape<T> {
  /** The value as cborg takes it. */
  toPlain(value: T): unknown;
  /** @throws CodecError when `plain` is not of this shape. `where` names the place for the message. */
  fromPlain(plain: unknown, where: string): T;
}

export type ValueOf<S> = S extends Shape<infer T> ? T : never;

function wrong(where: string, expected: string): never {
  throw new CodecError(`${where} is not ${expected}.`);
}

/** An integer from 0 to `max`. */
export function uint(max = Number.MAX_SAFE_INTEGER): Shape<number> {
  return {
    toPlain: (value) => value,
    fromPlain: (plain, where) => (Number.isSafeInteger(plain) && (plain as number) >= 0 && (plain as number) <= max ? (plain as number) : wrong(where, `an integer from 0 to ${max}`)),
  };
}

export const boolean: Shape<boolean> = {
  toPlain: (value) => value,
  fromPlain: (plain, where) => (typeof plain === "boolean" ? plain : wrong(where, "true or false")),
};

/** Text of at most `maxBytes` in UTF-8. */
export function text<T extends string = string>(maxBytes: number): Shape<T> {
  return {
    toPlain: (value) => value,
    fromPlain: (plain, where) => (typeof plain === "string" && utf8(plain).length <= maxBytes ? (plain as T) : wrong(where, `text of at most ${maxBytes} bytes`)),
  };
}

export function byteString(maxBytes: number, minBytes = 0): Shape<Uint8Array> {
  return {
    toPlain: (value) => value,
    fromPlain: (plain, where) => (plain instanceof Uint8Array && plain.length >= minBytes && plain.length <= maxBytes ? plain : wrong(where, `a byte string of ${minBytes} to ${maxBytes} bytes`)),
  };
}

export function fixedBytes(length: number): Shape<Uint8Array> {
  return byteString(length, length);
}

/** One of the 32-byte ids, text in memory and bytes on the wire. */
export function id<Id extends Parameters<typeof bytesOfId>[0]>(): Shape<Id> {
  return {
    toPlain: (value) => bytesOfId(value),
    fromPlain: (plain, where) => (plain instanceof Uint8Array && plain.length === 32 ? idFromBytes<Id>(plain) : wrong(where, "an id of 32 bytes")),
  };
}

export function list<T>(item: Shape<T>, maxItems: number): Shape<T[]> {
  return {
    toPlain: (value) => value.map((each) => item.toPlain(each)),
    fromPlain: (plain, where) => (Array.isArray(plain) && plain.length <= maxItems ? plain.map((each, at) => item.fromPlain(each, `${where}[${at}]`)) : wrong(where, `a list of at most ${maxItems}`)),
  };
}

export function nullable<T>(inner: Shape<T>): Shape<T | null> {
  return {
    toPlain: (value) => (value === null ? null : inner.toPlain(value)),
    fromPlain: (plain, where) => (plain === null ? null : inner.fromPlain(plain, where)),
  };
}

/** Like nullable, for fields that are left out in memory. */
export function optional<T>(inner: Shape<T>): Shape<T | undefined> {
  return {
    toPlain: (value) => (value === undefined ? null : inner.toPlain(value)),
    fromPlain: (plain, where) => (plain === null ? undefined : inner.fromPlain(plain, where)),
  };
}

type Fields = Readonly<Record<string, Shape<never> | Shape<unknown>>>;
type StructOf<F extends Fields> = { readonly [K in keyof F]: ValueOf<F[K]> };

/** Named fields in memory; on the wire an array in the order in which they are written here. */
export function struct<F extends Fields>(fields: F): Shape<StructOf<F>> {
  const entries = Object.entries(fields) as [string, Shape<unknown>][];
  return {
    toPlain: (value) => entries.map(([name, shape]) => shape.toPlain(value[name as keyof F])),
    fromPlain(plain, where) {
      if (!Array.isArray(plain) || plain.length !== entries.length) return wrong(where, `a list of ${entries.length} fields`);
      return Object.fromEntries(entries.map(([name, shape], at) => [name, shape.fromPlain(plain[at], `${where}.${name}`)])) as StructOf<F>;
    },
  };
}

type Choices = Readonly<Record<string, Shape<never> | Shape<unknown>>>;
type ChoiceOf<C extends Choices> = { [K in keyof C & string]: { readonly kind: K; readonly value: ValueOf<C[K]> } }[keyof C & string];

/** A discriminated union {kind, value}; on the wire [kind, value]. */
export function choice<C extends Choices>(choices: C): Shape<ChoiceOf<C>> {
  return {
    toPlain: (tagged) => [tagged.kind, (choices[tagged.kind] as unknown as Shape<unknown>).toPlain(tagged.value)],
    fromPlain(plain, where) {
      if (!Array.isArray(plain) || plain.length !== 2 || typeof plain[0] !== "string" || !Object.hasOwn(choices, plain[0])) {
        return wrong(where, `one of ${Object.keys(choices).join(", ")}`);
      }
      const kind = plain[0];
      return { kind, value: (choices[kind] as unknown as Shape<unknown>).fromPlain(plain[1], `${where}.${kind}`) } as ChoiceOf<C>;
    },
  };
}

export interface Codec<T> {
  readonly shape: Shape<T>;
  encode(value: T): Uint8Array;
  /** @throws CodecError for bytes of another form, version or size */
  decode(bytes: Uint8Array): T;
}

/**
 * The bytes of a versioned value: one byte of format version, then CBOR. `name` is for messages only.
 * Whoever changes a shape adds a version and keeps the old bytes as a fixture.
 */
export function codec<T>(name: string, version: number, maxBytes: number, shape: Shape<T>): Codec<T> {
  return {
    shape,
    encode: (value) => concatBytes(Uint8Array.of(version), encode(shape.toPlain(value))),
    decode(bytes) {
      if (bytes.length > maxBytes) throw new CodecError(`${name} has ${bytes.length} bytes, more than the ${maxBytes} allowed.`);
      if (bytes[0] !== version) throw new CodecError(`${name} has format version ${bytes[0] ?? "none"}; this program knows ${version}. Update Holdfast on the older host.`);
      return shape.fromPlain(parse(name, bytes.subarray(1)), name);
    },
  };
}

function parse(name: string, bytes: Uint8Array): unknown {
  checkStructure(bytes);
  try {
    return decode(bytes, { strict: true, allowIndefinite: false, allowUndefined: false, allowNaN: false, allowInfinity: false, rejectDuplicateMapKeys: true, allowBigInt: false });
  } catch (error) {
    throw new CodecError(`${name} is not deterministic CBOR.`, { cause: error });
  }
}

