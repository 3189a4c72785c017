import assert from "node:assert/strict";
import test from "node:test";
import { decode, encode } from "cborg";
import fc from "fast-check";
import type { HostId } from "./index.ts";
import { CodecError, boolean, byteString, choice, codec, fixedBytes, id, idFromBytes, list, nullable, optional, struct, text, uint, unread } from "./index.ts";

const letter = codec(
  "A letter",
  3,
  4096,
  struct({
    host: id<HostId>(),
    count: uint(),
    open: boolean,
    words: list(text(200), 10),
    digest: fixedBytes(4),
    note: nullable(byteString(100)),
    extra: optional(uint(9)),
    body: choice({ plain: text(500), number: uint() }),
  }),
);

const plainObjects = { noNullPrototype: true };

const letters = fc.record({
  host: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => idFromBytes<HostId>(bytes)),
  count: fc.maxSafeNat(),
  open: fc.boolean(),
  words: fc.array(fc.string({ maxLength: 5, unit: "grapheme" }), { maxLength: 10 }),
  digest: fc.uint8Array({ minLength: 4, maxLength: 4 }),
  note: fc.option(fc.uint8Array({ maxLength: 100 })),
  extra: fc.option(fc.nat(9), { nil: undefined }),
  body: fc.oneof(fc.record({ kind: fc.constant("plain" as const), value: fc.string({ maxLength: 10 }) }, plainObjects), fc.record({ kind: fc.constant("number" as const), value: fc.nat() }, plainObjects)),
}, plainObjects);

test("a value comes back from its bytes, and has no other bytes", () => {
  fc.assert(
    fc.property(letters, (value) => {
      const bytes = letter.encode(value);
      assert.deepEqual(letter.decode(bytes), value);
      assert.deepEqual(letter.encode(letter.decode(bytes)), bytes);
    }),
  );
});

test("the bytes are those that the reference library writes, and it reads them", () => {
  const numbers = codec("Numbers", 1, 4096, struct({ numbers: list(uint(), 100), words: list(text(1000), 100), maybe: nullable(byteString(100)) }));
  const edges = [0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER];
  const values = fc.record({ numbers: fc.array(fc.oneof(fc.constantFrom(...edges), fc.maxSafeNat())), words: fc.array(fc.string({ unit: "grapheme" })), maybe: fc.option(fc.uint8Array({ maxLength: 100 })) }, plainObjects);
  fc.assert(
    fc.property(values, (value) => {
      const plain = [value.numbers, value.words, value.maybe];
      const bytes = numbers.encode(value);
      assert.deepEqual(bytes.subarray(1), new Uint8Array(encode(plain)));
      assert.deepEqual(decode(bytes.subarray(1)), plain);
    }),
  );
});

test("a value within another is read as it is by itself, and what is not wanted is passed over", () => {
  const outer = struct({ before: uint(), inner: letter.within, after: text(10) });
  const [whole, part] = [codec("A cover", 1, 9000, outer), codec("A cover", 1, 9000, struct({ before: unread, inner: unread, after: text(10) }))];
  fc.assert(
    fc.property(letters, (inner) => {
      const bytes = whole.encode({ before: 300, inner, after: "x" });
      assert.deepEqual(whole.decode(bytes), { before: 300, inner, after: "x" });
      assert.deepEqual(decode(bytes.subarray(1)), [300, letter.encode(inner), "x"]);
      assert.equal(part.decode(bytes).after, "x");
    }),
  );
  const short = codec("A cover", 1, 9000, struct({ inner: codec("A number", 1, 8, uint()).within }));
  for (const bytes of [[0x81, 0x41, 1], [0x81, 0x42, 2, 5], [0x81, 0x43, 1, 5, 5], [0x81, 0x41, 1, 5], [0x81, 0x40]]) assert.throws(() => short.decode(Uint8Array.of(1, ...bytes)), CodecError);
});

test("bytes that anybody may send give a value or a CodecError, and nothing else", () => {
  const decodes = (bytes: Uint8Array): void => {
    try {
      const value = letter.decode(bytes);
      assert.deepEqual(letter.encode(value), bytes);
    } catch (error) {
      assert.ok(error instanceof CodecError, String(error));
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => decodes(Uint8Array.of(3, ...bytes))), { numRuns: 2000 });
  fc.assert(
    fc.property(letters, fc.nat(), fc.nat(255), (value, at, byte) => {
      const bytes = letter.encode(value);
      bytes[at % bytes.length] = byte;
      decodes(bytes);
    }),
    { numRuns: 2000 },
  );
});

const hostile: readonly (readonly [string, readonly number[]])[] = [
  ["a list that claims four billion items", [0x9a, 0xff, 0xff, 0xff, 0xff]],
  ["a string that claims an exabyte", [0x5b, 0x0f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
  ["ten thousand nested lists", Array.from({ length: 10_000 }, () => 0x81)],
  ["a list of indefinite length", [0x9f, 0xff]],
  ["a map", [0xa1, 0x01, 0x01]],
  ["a tag", [0xc0, 0x01]],
  ["a float", [0xfb, 0, 0, 0, 0, 0, 0, 0, 0]],
  ["bytes behind the end", [0x80, 0x00]],
  ["nothing", []],
];

for (const [what, bytes] of hostile) {
  test(`a decoder refuses ${what}`, () => {
    const any = codec("Anything", 1, 100_000, list(uint(), 10));
    assert.throws(() => any.decode(Uint8Array.of(1, ...bytes)), CodecError);
  });
}

test("a decoder refuses another version, too many bytes and a number written longer than needed", () => {
  const small = codec("A number", 1, 8, uint());
  assert.throws(() => small.decode(Uint8Array.of(2, 5)), /version 2/);
  assert.throws(() => small.decode(new Uint8Array(9)), /more than the 8/);
  assert.throws(() => small.decode(Uint8Array.of(1, 0x18, 5)), CodecError);
});
