import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { concatBytes } from "../codec/index.ts";
import { YamuxScanner } from "./bounded-yamux.ts";

function head(type: number, length: number): Uint8Array {
  const bytes = new Uint8Array(12);
  bytes[1] = type;
  new DataView(bytes.buffer).setUint32(8, length);
  return bytes;
}

const frame = fc.oneof(
  fc.uint8Array({ maxLength: 30 }).map((body) => concatBytes(head(0, body.length), body)),
  fc.tuple(fc.integer({ min: 1, max: 3 }), fc.nat()).map(([type, length]) => head(type, length)),
);

test("the yamux scanner lets frames of allowed length pass and finds the one that is too long, wherever the bytes are cut", () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 20 }), fc.integer({ min: 1, max: 40 }), fc.integer({ min: 2 * 1024 * 1024 + 1, max: 2 ** 32 - 1 }), (frames, cut, tooLong) => {
      const scanner = new YamuxScanner();
      const push = (bytes: Uint8Array): void => {
        for (let at = 0; at < bytes.length; at += cut) scanner.push(bytes.subarray(at, at + cut));
      };
      push(concatBytes(...frames));
      assert.throws(() => push(head(0, tooLong)), /more than the 2097152 allowed/);
    }),
  );
});
