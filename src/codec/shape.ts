import type { BlobId } from "./blob-id.ts";
import { BLOB_ID_BYTES, blobIdFromBytes, bytesOfBlobId } from "./blob-id.ts";
import { CborReader, FALSE, NULL, SIMPLE, TRUE, UINT } from "./cbor-reader.ts";
import { CborWriter } from "./cbor-writer.ts";
import { CodecError } from "./errors.ts";
import { ID_BYTES, bytesOfId, idFromLatin1 } from "./ids.ts";

/** How a value stands in CBOR (RFC 8949, deterministic encoding), and which values are allowed at all. */
export interface Shape<T> {
  write(writer: CborWriter, value: T): void;
  /** @throws CodecError when what comes is not of this shape */
  read(reader: CborReader): T;
}

export type ValueOf<S> = S extends Shape<infer T> ? T : never;

/** An integer from 0 to `max`. */
export function uint(max = Number.MAX_SAFE_INTEGER): Shape<number> {
  const expected = `an integer from 0 to ${max}`;
  return {
    write: (writer, value) => writer.uint(value),
    read(reader) {
      const value = reader.head(UINT, expected);
      if (value > max) throw reader.wrong(expected);
      return value;
    },
  };
}

export const boolean: Shape<boolean> = {
  write: (writer, value) => writer.simple(value ? TRUE : FALSE),
  read(reader) {
    const value = reader.head(SIMPLE, "true or false");
    if (value !== TRUE && value !== FALSE) throw reader.wrong("true or false");
    return value === TRUE;
  },
};

/** Text of at most `maxBytes` in UTF-8. */
export function text<T extends string = string>(maxBytes: number): Shape<T> {
  const expected = `text of at most ${maxBytes} bytes`;
  return { write: (writer, value) => writer.text(value), read: (reader) => reader.text(maxBytes, expected) as T };
}

export function byteString(maxBytes: number, minBytes = 0): Shape<Uint8Array> {
  const expected = `a byte string of ${minBytes} to ${maxBytes} bytes`;
  return { write: (writer, value) => writer.bytes(value), read: (reader) => reader.bytes(minBytes, maxBytes, expected) };
}

export function fixedBytes(length: number): Shape<Uint8Array> {
  return byteString(length, length);
}

/** One of the 32-byte ids, text in memory and bytes on the wire. */
export function id<Id extends Parameters<typeof bytesOfId>[0]>(): Shape<Id> {
  return { write: (writer, value) => writer.bytes(bytesOfId(value)), read: (reader) => idFromLatin1<Id>(reader.latin1(ID_BYTES, "an id of 32 bytes")) };
}

/** A content id: text in memory, its bytes on the wire. */
export const blobId: Shape<BlobId> = mapped(fixedBytes(BLOB_ID_BYTES), bytesOfBlobId, blobIdFromBytes);

/** Passed over when it is read, for readers that need only the rest. */
export const unread: Shape<undefined> = {
  write() {
    throw new CodecError("What was not read cannot be written.");
  },
  read: (reader) => reader.skip() as undefined,
};

/** A value that stands as another in CBOR. @param from throws a CodecError for what stands for nothing */
export function mapped<T, P>(inner: Shape<P>, to: (value: T) => P, from: (plain: P) => T): Shape<T> {
  return { write: (writer, value) => inner.write(writer, to(value)), read: (reader) => from(inner.read(reader)) };
}

export function list<T>(item: Shape<T>, maxItems: number): Shape<T[]> {
  const expected = `a list of at most ${maxItems}`;
  return {
    write(writer, value) {
      writer.list(value.length);
      for (const each of value) item.write(writer, each);
    },
    read(reader) {
      const value: T[] = [];
      for (let left = reader.list(maxItems, expected); left > 0; left -= 1) value.push(item.read(reader));
      return value;
    },
  };
}

/** A value or null, whatever stands for null in memory. */
function orNull<T, N>(inner: Shape<T>, none: N): Shape<T | N> {
  return {
    write(writer, value) {
      if (value === none) writer.simple(NULL);
      else inner.write(writer, value as T);
    },
    read: (reader) => (reader.isNull() ? none : inner.read(reader)),
  };
}

export function nullable<T>(inner: Shape<T>): Shape<T | null> {
  return orNull(inner, null);
}

/** Like nullable, for fields that are left out in memory. */
export function optional<T>(inner: Shape<T>): Shape<T | undefined> {
  return orNull(inner, undefined);
}

type Fields = Readonly<Record<string, Shape<never> | Shape<unknown>>>;
type StructOf<F extends Fields> = { readonly [K in keyof F]: ValueOf<F[K]> };

/** Named fields in memory; on the wire an array in the order in which they are written here. */
export function struct<F extends Fields>(fields: F): Shape<StructOf<F>> {
  const entries = Object.entries(fields) as [string, Shape<unknown>][];
  const expected = `a list of ${entries.length} fields`;
  return {
    write(writer, value) {
      writer.list(entries.length);
      for (const [name, shape] of entries) shape.write(writer, value[name as keyof F]);
    },
    read(reader) {
      if (reader.list(entries.length, expected) !== entries.length) throw reader.wrong(expected);
      const value: Record<string, unknown> = {};
      for (const [name, shape] of entries) {
        reader.field = name;
        value[name] = shape.read(reader);
      }
      return value as StructOf<F>;
    },
  };
}

type Choices = Readonly<Record<string, Shape<never> | Shape<unknown>>>;
type ChoiceOf<C extends Choices> = { [K in keyof C & string]: { readonly kind: K; readonly value: ValueOf<C[K]> } }[keyof C & string];

/** A discriminated union {kind, value}; on the wire [kind, value]. */
export function choice<C extends Choices>(choices: C): Shape<ChoiceOf<C>> {
  const expected = `one of ${Object.keys(choices).join(", ")}`;
  const shapeOf = (kind: string): Shape<unknown> => choices[kind] as unknown as Shape<unknown>;
  return {
    write(writer, { kind, value }) {
      writer.list(2);
      writer.text(kind);
      shapeOf(kind).write(writer, value);
    },
    read(reader) {
      if (reader.list(2, expected) !== 2) throw reader.wrong(expected);
      const kind = reader.text(256, expected);
      if (!Object.hasOwn(choices, kind)) throw reader.wrong(expected);
      return { kind, value: shapeOf(kind).read(reader) } as ChoiceOf<C>;
    },
  };
}

export interface Codec<T> {
  readonly shape: Shape<T>;
  /** The encoded bytes, version and all, as a byte string within another value; read without a copy. */
  readonly within: Shape<T>;
  encode(value: T): Uint8Array;
  /** @throws CodecError for bytes of another form, version or size */
  decode(bytes: Uint8Array): T;
}

/**
 * The bytes of a versioned value: one byte of format version, then CBOR. `name` is for messages only.
 * Whoever changes a shape adds a version and keeps the old bytes as a fixture.
 */
export function codec<T>(name: string, version: number, maxBytes: number, shape: Shape<T>): Codec<T> {
  const encode = (value: T): Uint8Array => {
    const writer = new CborWriter(version);
    shape.write(writer, value);
    return writer.taken();
  };
  return {
    shape,
    encode,
    within: {
      write: (writer, value) => writer.bytes(encode(value)),
      read: (reader) => reader.within(version, maxBytes, name, () => shape.read(reader)),
    },
    decode(bytes) {
      if (bytes.length > maxBytes) throw new CodecError(`${name} has ${bytes.length} bytes, more than the ${maxBytes} allowed.`);
      if (bytes[0] !== version) throw new CodecError(`${name} has format version ${bytes[0] ?? "none"}; this program knows ${version}. Update Holdfast on the older host.`);
      const reader = new CborReader(bytes, 1, name);
      const value = shape.read(reader);
      reader.end();
      return value;
    },
  };
}
