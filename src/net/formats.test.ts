import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import test from "node:test";
import { concatBytes, fromHex, hex, utf8 } from "../codec/index.ts";
import { BULK, decodeCredit, decodeOpen, encodeCredit, encodeOpen, longestBulkPayload } from "./bulk-frames.ts";
import { CONTROL, decodeAnswer, decodeFailureFrame, decodeHello, decodeId, decodeRequest, encodeFailureFrame, encodeHello, encodeId, encodeRequestHead, longestControlPayload } from "./control-frames.ts";
import { decodeFailure, encodeFailure } from "./errors.ts";
import { FrameReader, frameHead } from "./frame-reader.ts";

const FIXTURES = resolve(import.meta.dirname, "../../test/fixtures/net");

const fixture = (name: string): Uint8Array => fromHex(readFileSync(join(FIXTURES, `${name}.hex`), "utf8").trim());

/** A frame as it travels, with what its payload means. */
interface Specimen {
  readonly type: number;
  readonly payload: Uint8Array;
  readonly read: (payload: Uint8Array) => unknown;
  readonly means: unknown;
}

const id = 0x01020304;
const incarnation = new Uint8Array(16).fill(5);
const body = utf8("a body");
const failure = { code: "STORE_FULL", message: "This host cannot take 5 bytes." };
const opening = { credit: 1_048_576, kind: "pool/put", header: utf8("a header") };

const nothing: Pick<Specimen, "payload" | "read" | "means"> = { payload: new Uint8Array(0), read: ({ length }) => length, means: 0 };

const control: Readonly<Record<string, Specimen>> = {
  "control-hello.v1": { type: CONTROL.hello, payload: encodeHello(incarnation), read: decodeHello, means: incarnation },
  "control-request.v1": { type: CONTROL.request, payload: concatBytes(encodeRequestHead(id, "records/push"), body), read: decodeRequest, means: { id, kind: "records/push", body } },
  "control-answer.v1": { type: CONTROL.answer, payload: concatBytes(encodeId(id), body), read: decodeAnswer, means: { id, body } },
  "control-failure.v1": { type: CONTROL.failure, payload: encodeFailureFrame(id, failure), read: decodeFailureFrame, means: { id, failure } },
  "control-cancel.v1": { type: CONTROL.cancel, payload: encodeId(id), read: decodeId, means: id },
  "control-ping.v1": { type: CONTROL.ping, ...nothing },
  "control-pong.v1": { type: CONTROL.pong, ...nothing },
  "control-retire.v1": { type: CONTROL.retire, ...nothing },
  "control-retired.v1": { type: CONTROL.retired, ...nothing },
  "control-want-bulk.v1": { type: CONTROL.wantBulk, ...nothing },
};

const bulk: Readonly<Record<string, Specimen>> = {
  "bulk-open.v1": { type: BULK.open, payload: encodeOpen(opening), read: decodeOpen, means: opening },
  "bulk-accept.v1": { type: BULK.accept, payload: encodeCredit(65_536), read: decodeCredit, means: 65_536 },
  "bulk-data.v1": { type: BULK.data, payload: body, read: (payload) => payload, means: body },
  "bulk-credit.v1": { type: BULK.credit, payload: encodeCredit(0x0102_0304), read: decodeCredit, means: 0x0102_0304 },
  "bulk-finish.v1": { type: BULK.finish, ...nothing },
  "bulk-done.v1": { type: BULK.done, ...nothing },
  "bulk-fail.v1": { type: BULK.fail, payload: encodeFailure(failure), read: decodeFailure, means: failure },
};

/** What a reader of the stream finds in these bytes: one frame and nothing beyond it. */
function frameIn(bytes: Uint8Array, longest: (type: number) => number): { readonly type: number; readonly payload: Uint8Array } {
  const frames: { type: number; payload: Uint8Array }[] = [];
  const reader = new FrameReader({ head: (type, length) => assert.ok(length <= longest(type)), frame: (type, payload) => void frames.push({ type, payload }) });
  reader.push(bytes);
  assert.equal(frames.length, 1);
  return frames[0]!;
}

for (const [longest, specimens] of [[longestControlPayload, control], [longestBulkPayload, bulk]] as const) {
  for (const [name, { type, payload, read, means }] of Object.entries(specimens)) {
    test(`the bytes of ${name} are those of their fixture, and are read as what they mean`, () => {
      const bytes = concatBytes(frameHead(type, payload.length), payload);
      // A new frame's fixture is written once, on purpose, and then kept for good.
      if (process.env["HOLDFAST_WRITE_FIXTURES"] === "1") writeFileSync(join(FIXTURES, `${name}.hex`), `${hex(bytes)}\n`, { flag: "wx" });
      assert.equal(hex(bytes), hex(fixture(name)), "A frame has changed. Give it another number: hosts of both kinds are in one network.");
      const frame = frameIn(fixture(name), longest);
      assert.deepEqual([frame.type, read(frame.payload)], [type, means]);
    });
  }
}

test("every frame has a fixture, and every fixture of the wire is looked at", () => {
  assert.deepEqual(Object.values(control).map(({ type }) => type), Object.values(CONTROL));
  assert.deepEqual(Object.values(bulk).map(({ type }) => type), Object.values(BULK));
  assert.deepEqual(readdirSync(FIXTURES).map((file) => file.replace(".hex", "")).sort(), [...Object.keys(control), ...Object.keys(bulk)].sort());
});
