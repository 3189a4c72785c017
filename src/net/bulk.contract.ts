import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { fromUtf8, utf8 } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import { PlatformError } from "../platform/index.ts";
import type { ContractTests } from "./contract-pair.ts";
import { MIB, code, collect, env, sendAll } from "./contract-pair.ts";
import type { NetError } from "./errors.ts";
import { MAX_BULK_FRAME } from "./port.ts";

/** So long nothing must happen for a sender to count as held back. */
const QUIET_MS = 200;

/** Bulk streams. */
export const bulkContract: ContractTests = {
  async "bulk carries 8 MiB in each direction at once, byte for byte"({ a, b, join }) {
    const [there, back] = [new Uint8Array(randomBytes(8 * MIB)), new Uint8Array(randomBytes(8 * MIB))];
    const received = Promise.withResolvers<Uint8Array>();
    b.handleBulk("swap", async (from, header, stream) => {
      assert.equal(from, a.self);
      assert.equal(fromUtf8(header), "the header");
      const reading = collect(stream.frames());
      await sendAll(stream, back, MAX_BULK_FRAME);
      await stream.finish();
      received.resolve(await reading);
    });
    await join();
    const stream = await a.openBulk(b.self, "swap", utf8("the header"));
    const [got] = await Promise.all([collect(stream.frames()), sendAll(stream, there, 333_333).then(() => stream.finish())]);
    assert.deepEqual(sha256(got), sha256(back));
    assert.deepEqual(sha256(await received.promise), sha256(there));
  },

  async "bulk may be opened by the side that did not make the connection"({ a, b, join }) {
    a.handleBulk("get", (_from, _header, stream) => stream.send(utf8("content")));
    await join();
    const stream = await b.openBulk(a.self, "get", utf8(""));
    assert.equal(fromUtf8(await collect(stream.frames())), "content");
  },

  async "empty frames and frames of the largest size keep their borders, larger ones are refused"({ a, b, join }) {
    const sizes: number[] = [];
    b.handleBulk("put", async (_from, _header, stream) => {
      for await (const frame of stream.frames()) sizes.push(frame.length);
    });
    await join();
    const stream = await a.openBulk(b.self, "put", utf8(""));
    await assert.rejects(stream.send(new Uint8Array(MAX_BULK_FRAME + 1)), code("TOO_LARGE"));
    for (const size of [0, MAX_BULK_FRAME, 1, 0]) await stream.send(new Uint8Array(size));
    await stream.finish();
    await collect(stream.frames());
    assert.deepEqual(sizes, [0, MAX_BULK_FRAME, 1, 0]);
  },

  async "a sender does not run ahead of a reader that pauses by more than a window"({ a, b, join }) {
    const go = Promise.withResolvers<void>();
    let read = 0;
    b.handleBulk("put", async (_from, _header, stream) => {
      for await (const frame of stream.frames()) {
        read += frame.length;
        await go.promise;
      }
    });
    await join();
    const stream = await a.openBulk(b.self, "put", utf8(""));
    let sent = 0;
    const sending = (async () => {
      for (; sent < 64 * MIB; sent += MIB) await stream.send(new Uint8Array(MIB));
      await stream.finish();
    })();
    for (let before = -1; before !== sent; ) {
      before = sent;
      await env.timers.sleep(QUIET_MS);
    }
    assert.ok(sent <= 20 * MIB, `${sent / MIB} MiB were taken while the reader held one frame`);
    go.resolve();
    await sending;
    await collect(stream.frames());
    assert.equal(read, 64 * MIB);
  },

  async "a handler's error ends the stream with its code, for a reader and for a sender"({ a, b, join }) {
    b.handleBulk("fail", async (_from, _header, stream) => {
      await stream.send(utf8("one"));
      throw new PlatformError("DISK_BROKEN", "The disk of b is broken.");
    });
    await join();
    const stream = await a.openBulk(b.self, "fail", utf8(""));
    await assert.rejects(collect(stream.frames()), code("REMOTE", "DISK_BROKEN"));
    await assert.rejects(stream.send(utf8("more")), code("REMOTE", "DISK_BROKEN"));
  },

  async "a handler that returns early finishes the stream, and the opener's sending is refused"({ a, b, join }) {
    b.handleBulk("enough", async (_from, _header, stream) => {
      for await (const _ of stream.frames()) return;
    });
    await join();
    const stream = await a.openBulk(b.self, "enough", utf8(""));
    await stream.send(utf8("one"));
    assert.equal((await collect(stream.frames())).length, 0);
    await stream.finish();
    await assert.rejects(stream.send(utf8("two")), code("CLOSED"));
  },

  async "an aborted stream ends at both sides, whoever aborts it and however"({ a, b, join }) {
    const seen: unknown[] = [];
    const handled = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    b.handleBulk("take", async (_from, _header, stream, signal) => {
      try {
        await collect(stream.frames());
      } catch (error) {
        seen.push((error as NetError).remoteCode, signal.aborted);
        throw error;
      } finally {
        handled[seen.length / 2 - 1]?.resolve();
      }
    });
    await join();
    const first = await a.openBulk(b.self, "take", utf8(""));
    first.abort(new PlatformError("NOT_FOUND", "The file went away."));
    first.abort(new Error("again"));
    await assert.rejects(first.send(utf8("")), code("NOT_FOUND"));
    await handled[0]!.promise;
    const controller = new AbortController();
    const second = await a.openBulk(b.self, "take", utf8(""), controller.signal);
    controller.abort(new PlatformError("CANCELLED", "The person pressed stop."));
    await assert.rejects(collect(second.frames()), code("CANCELLED"));
    await handled[1]!.promise;
    assert.deepEqual(seen, ["NOT_FOUND", true, "CANCELLED", true]);
  },

  async "a sender gives up on a reader that takes nothing for too long"({ b, member }) {
    const c = await member({ stallMs: 200 });
    b.handleBulk("put", async (_from, _header, stream, signal) => {
      for await (const _ of stream.frames()) await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
    });
    await c.connect(b.self, b.addresses());
    const stream = await c.openBulk(b.self, "put", utf8(""));
    await assert.rejects(async () => {
      for (;;) await stream.send(new Uint8Array(MIB));
    }, code("STALLED"));
    await c.close();
  },
};
