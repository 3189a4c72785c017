import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { concatBytes } from "../codec/index.ts";
import { FrameReader, frameHead } from "./frame-reader.ts";

interface Seen {
  readonly type: number;
  readonly payload: number[];
}

function reader(limit = Infinity): { readonly reader: FrameReader; readonly seen: Seen[] } {
  const seen: Seen[] = [];
  const sink = {
    head: (_type: number, length: number) => {
      if (length > limit) throw new Error(`too long: ${length}`);
    },
    frame: (type: number, payload: Uint8Array) => void seen.push({ type, payload: [...payload] }),
  };
  return { reader: new FrameReader(sink), seen };
}

const frames = fc.array(fc.record({ type: fc.integer({ min: 0, max: 255 }), payload: fc.uint8Array({ maxLength: 40 }) }), { maxLength: 12 });

describe("the frame reader", () => {
  test("gives back the frames that were written, wherever the bytes are cut", () => {
    fc.assert(
      fc.property(frames, fc.array(fc.integer({ min: 1, max: 17 }), { minLength: 1 }), (written, cuts) => {
        const bytes = concatBytes(...written.flatMap(({ type, payload }) => [frameHead(type, payload.length), payload]));
        const { reader: each, seen } = reader();
        for (let at = 0, cut = 0; at < bytes.length; cut += 1) {
          const length = cuts[cut % cuts.length]!;
          each.push(bytes.subarray(at, at + length));
          at += length;
        }
        assert.deepEqual(seen, written.map(({ type, payload }) => ({ type, payload: [...payload] })));
      }),
    );
  });

  test("refuses a frame by its head, before its payload is there, and takes nothing more", () => {
    const { reader: each, seen } = reader(10);
    assert.throws(() => each.push(frameHead(1, 2 ** 32 - 1)), /too long: 4294967295/);
    each.push(concatBytes(frameHead(1, 1), Uint8Array.of(7)));
    assert.deepEqual(seen, []);
  });

  test("a payload has memory of its own, so that a later chunk cannot change it", () => {
    const { reader: each, seen } = reader();
    const chunk = concatBytes(frameHead(1, 2), Uint8Array.of(7, 8));
    each.push(chunk);
    chunk.fill(0);
    assert.deepEqual(seen, [{ type: 1, payload: [7, 8] }]);
  });
});
