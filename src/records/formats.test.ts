import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import test from "node:test";
import fc from "fast-check";
import { CodecError, fromHex, fromUtf8, hex } from "../codec/index.ts";
import type { Codec, NamespaceId } from "../codec/index.ts";
import { kvRulesCodec } from "./amounts.ts";
import { fromSealed } from "./batch.ts";
import { ASK_NAMESPACES, ASK_RANGES, ASK_SUMS } from "./compare-messages.ts";
import { decodeContextText } from "./context-text.ts";
import { decodePositionText } from "./feed.ts";
import { floorStateCodec } from "./floor.ts";
import { actorCodec, counterCodec } from "./identity.ts";
import { progressCodec } from "./judging.ts";
import { floorCodec, readyCodec } from "./marks.ts";
import { ASK_CONFIRM, ASK_DIFFER, ASK_FETCH, ASK_GENESIS, ASK_HEADS, ASK_NEWEST, ASK_PUSH, ASK_SCAN, TELL_NEWS } from "./messages.ts";
import { livesCodec } from "./numbering.ts";
import { decodePosition } from "./position.ts";
import { markCodec } from "./readiness.ts";
import { recordCodec, sealCodec } from "./record.ts";
import { decodeHead, rowIsDeleted, rowSequence, rowSiblings } from "./row.ts";
import { batch, network, record, specimens } from "./specimens.ts";
import { readToken } from "./seen.ts";
import { ASK_STOCK } from "./stock.ts";
import { Sum } from "./sums.ts";
import { Verifier } from "./verify.ts";

const FIXTURES = resolve(import.meta.dirname, "../../test/fixtures/records");

const fixture = (name: string): Uint8Array => fromHex(readFileSync(join(FIXTURES, `${name}.hex`), "utf8").replaceAll("\n", ""));

/** Of an earlier version, which nothing writes or takes any more. */
const refused = ["context-text"];
/** Bytes of former versions that are still read. */
const former = ["floor-state"];

for (const [name, bytes] of Object.entries(specimens)) {
  test(`the bytes of ${name} are what they have always been`, () => {
    assert.equal(hex(bytes), hex(fixture(name)), "A format has changed. Give it a new version and keep reading the old one; test/fixtures/records/make.ts writes new fixtures.");
  });
}

test("every fixture is looked at", () => {
  const names = readdirSync(FIXTURES).filter((file) => file.endsWith(".hex")).map((file) => file.slice(0, -4));
  assert.deepEqual(names.sort(), [...Object.keys(specimens), ...refused, ...former].sort());
});

test("old bytes of records, seals and rows are read as what they were", () => {
  assert.deepEqual(recordCodec.decode(fixture("record")), record);
  assert.equal(sealCodec.decode(fixture("seal")).batch, 12);
  assert.equal(sealCodec.decode(fixture("seal-without-author")).delegation, null);
  assert.deepEqual(rowSiblings(fixture("row-value")), [fromSealed(batch[0]!.sealed)]);
  assert.deepEqual([rowSequence(fixture("row-value")), rowIsDeleted(fixture("row-value"))], [41, false]);
  assert.deepEqual([rowSequence(fixture("row-deleted")), rowIsDeleted(fixture("row-deleted"))], [42, true]);
  assert.equal(Sum.decode(fixture("sum-value")).count, 2);
  assert.equal(decodeHead(fixture("head-value")).key, "letters/ä");
  assert.deepEqual(decodePosition(fixture("position-value")).place, { life: 99, sequence: 41 });
  assert.equal(decodePositionText(fromUtf8(fixture("feed-position"))).length, 1);
  assert.equal(floorCodec.decode(fixture("floor")).done, 3);
  const { begunMark, reached } = floorStateCodec.decode(fixture("floor-state-2"));
  assert.deepEqual([begunMark, reached], [41, 3]);
  assert.equal(floorStateCodec.decode(fixture("floor-state")).reached, 3);
  assert.equal(readyCodec.decode(fixture("ready")).ranks[256], 1);
  assert.deepEqual(kvRulesCodec.decode(fixture("kv-rules")), { name: "notes", writers: "member", limits: { maxValueBytes: 524_288, maxBytes: null, writesPerSecond: 100 } });
  assert.deepEqual(readToken(fromUtf8(fixture("token"))), [{ namespace: record.namespace, key: record.key, dot: record.dot }]);
  assert.deepEqual(decodeContextText(fromUtf8(fixture("context-text-2")), record), record.context);
});

test("a context as text is taken for the key alone of which it was read, and one of the version that did not name the key not at all", () => {
  const text = fromUtf8(fixture("context-text-2"));
  assert.throws(() => decodeContextText(text, { ...record, key: "letters/b" }), { code: "BAD_RECORD", message: /of another key, "letters\/ä"\. Read "letters\/b"/ });
  assert.throws(() => decodeContextText(text, { ...record, namespace: network as string as NamespaceId }), { code: "BAD_RECORD", message: /in another namespace/ });
  assert.throws(() => decodeContextText(fromUtf8(fixture("context-text")), record), { code: "BAD_RECORD", message: /earlier version .* Read the key again/ });
  for (const none of ["", "*", "AYA", text.slice(0, -4)]) assert.throws(() => decodeContextText(none, record), { code: "BAD_RECORD" });
});

test("old pushes, whole and in part, prove themselves", () => {
  const verifier = new Verifier(network);
  assert.deepEqual(verifier.open(ASK_PUSH.question.decode(fixture("push-whole")).parcel).map(({ body }) => body.key), ["letters/ä", "letters/b", "letters/c"]);
  assert.deepEqual(verifier.open(ASK_PUSH.question.decode(fixture("push-part")).parcel).map(({ batch }) => batch), [12, 13]);
});

const decoders: Readonly<Record<string, Codec<unknown>>> = {
  record: recordCodec as Codec<unknown>,
  seal: sealCodec as Codec<unknown>,
  floor: floorCodec as Codec<unknown>,
  "floor-state-2": floorStateCodec as Codec<unknown>,
  ready: readyCodec as Codec<unknown>,
  "actor-value": actorCodec as Codec<unknown>,
  "counter-value": counterCodec as Codec<unknown>,
  "judged-value": progressCodec as Codec<unknown>,
  "lives-value": livesCodec as Codec<unknown>,
  "ready-value": markCodec as Codec<unknown>,
  ...Object.fromEntries(
    [ASK_SUMS, ASK_STOCK, ASK_NAMESPACES, ASK_RANGES, ASK_CONFIRM, ASK_DIFFER, ASK_FETCH, ASK_GENESIS, ASK_HEADS, ASK_NEWEST, ASK_SCAN, TELL_NEWS].flatMap(({ kind, question, answer }) => {
      const name = kind.slice("records/".length);
      return [[`${name}-question`, question as Codec<unknown>], [`${name}-answer`, answer as Codec<unknown>]];
    }),
  ),
  "push-whole": ASK_PUSH.question as Codec<unknown>,
  "push-part": ASK_PUSH.question as Codec<unknown>,
  "push-answer": ASK_PUSH.answer as Codec<unknown>,
};

for (const [name, codec] of Object.entries(decoders)) {
  test(`${name} is read and written back byte for byte, and never taken for anything else when damaged`, () => {
    const good = fixture(name);
    assert.equal(hex(codec.encode(codec.decode(good))), hex(good));
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), fc.nat(good.length), (at, flip, length) => {
        const damaged = good.slice(0, Math.max(length, at + 1));
        damaged[at]! ^= flip;
        try {
          codec.decode(damaged);
        } catch (error) {
          assert.ok(error instanceof CodecError, String(error));
        }
      }),
      { numRuns: 200 },
    );
  });
}
