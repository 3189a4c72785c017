import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { fromUtf8, utf8 } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import { PlatformError } from "../platform/index.ts";
import type { ContractTests } from "./contract-pair.ts";
import { SOON, code } from "./contract-pair.ts";
import type { NetError } from "./errors.ts";
import { MAX_MESSAGE } from "./port.ts";

/** Requests and their answers. */
export const requestsContract: ContractTests = {
  async "a request reaches its handler with the asker's id and its answer comes back"({ a, b, join }) {
    b.handle("greet", (from, body) => Promise.resolve(utf8(`${from} says ${fromUtf8(body)}`)));
    await join();
    assert.equal(fromUtf8(await a.request(b.self, "greet", utf8("hello"), SOON)), `${a.self} says hello`);
  },

  async "either side asks over the connection that one of them made"({ a, b, join }) {
    a.handle("name", () => Promise.resolve(utf8("a")));
    b.handle("name", () => Promise.resolve(utf8("b")));
    await join();
    assert.equal(fromUtf8(await a.request(b.self, "name", utf8(""), SOON)), "b");
    assert.equal(fromUtf8(await b.request(a.self, "name", utf8(""), SOON)), "a");
  },

  async "bodies of every size up to the largest arrive unchanged"({ a, b, join }) {
    b.handle("echo", (_from, body) => Promise.resolve(body));
    await join();
    for (const size of [0, 1, 5, 4095, 16_384, 100_000, MAX_MESSAGE]) {
      const body = new Uint8Array(randomBytes(size));
      assert.deepEqual(sha256(await a.request(b.self, "echo", body, SOON)), sha256(body), `${size} bytes`);
    }
  },

  async "a request or answer that is too large is refused and the connection lives on"({ a, b, join }) {
    b.handle("echo", (_from, body) => Promise.resolve(body));
    b.handle("much", () => Promise.resolve(new Uint8Array(MAX_MESSAGE + 1)));
    await join();
    await assert.rejects(a.request(b.self, "echo", new Uint8Array(MAX_MESSAGE + 1), SOON), code("TOO_LARGE"));
    await assert.rejects(a.request(b.self, "much", utf8(""), SOON), code("REMOTE", "TOO_LARGE"));
    assert.equal(fromUtf8(await a.request(b.self, "echo", utf8("still here"), SOON)), "still here");
  },

  async "an error of ours reaches the asker with its code and words, any other without its words"({ a, b, join }) {
    b.handle("full", () => Promise.reject(new PlatformError("DISK_FULL", "The disk of b is full.")));
    b.handle("bug", () => Promise.reject(new Error("password is 1234")));
    await join();
    await assert.rejects(a.request(b.self, "full", utf8(""), SOON), (error: NetError) => code("REMOTE", "DISK_FULL")(error) && error.message.includes("The disk of b is full."));
    await assert.rejects(a.request(b.self, "bug", utf8(""), SOON), (error: NetError) => code("REMOTE", "INTERNAL")(error) && !error.message.includes("1234"));
  },

  async "a kind that nobody serves is refused by name"({ a, b, join }) {
    await join();
    await assert.rejects(a.request(b.self, "nothing", utf8(""), SOON), code("REMOTE", "UNKNOWN_KIND"));
    await assert.rejects(a.openBulk(b.self, "nothing", utf8("")), code("REMOTE", "UNKNOWN_KIND"));
  },

  async "a request to a host that is not connected fails at once"({ a, b }) {
    await assert.rejects(a.request(b.self, "echo", utf8(""), SOON), code("UNREACHABLE"));
    await assert.rejects(a.openBulk(b.self, "echo", utf8("")), code("UNREACHABLE"));
  },

  async "a cancelled request rejects with the signal's reason and the handler's signal is aborted"({ a, b, join }) {
    const begun = Promise.withResolvers<void>();
    const aborted = Promise.withResolvers<unknown>();
    b.handle("wait", (_from, _body, signal) => {
      begun.resolve();
      return new Promise((_resolve, reject) => signal.addEventListener("abort", () => {
        aborted.resolve(signal.reason);
        reject(signal.reason as Error);
      }));
    });
    await join();
    const controller = new AbortController();
    const asked = a.request(b.self, "wait", utf8(""), { ...SOON, signal: controller.signal });
    await begun.promise;
    controller.abort(new Error("never mind"));
    await assert.rejects(asked, /never mind/);
    assert.equal((await aborted.promise as PlatformError).code, "CANCELLED");
  },

  async "a request whose deadline passes rejects, and the handler's signal is aborted"({ a, b, join }) {
    const aborted = Promise.withResolvers<void>();
    b.handle("wait", (_from, _body, signal) => {
      signal.addEventListener("abort", () => aborted.resolve());
      return new Promise(() => {});
    });
    await join();
    await assert.rejects(a.request(b.self, "wait", utf8(""), { timeoutMs: 50 }), code("DEADLINE"));
    await aborted.promise;
  },

  async "a thousand requests at once are all answered, each with its own answer"({ a, b, join }) {
    b.handle("twice", async (_from, body) => {
      await Promise.resolve();
      return utf8(`${Number(fromUtf8(body)) * 2}`);
    });
    await join();
    const answers = await Promise.all(Array.from({ length: 1000 }, (_, at) => a.request(b.self, "twice", utf8(`${at}`), SOON)));
    assert.deepEqual(answers.map((answer) => Number(fromUtf8(answer))), Array.from({ length: 1000 }, (_, at) => at * 2));
  },

  async "a host handles 32 requests of a kind at once for another, the rest in their turn, and other kinds beside them"({ a, b, join }) {
    let running = 0;
    let most = 0;
    const gate = Promise.withResolvers<void>();
    const full = Promise.withResolvers<void>();
    b.handle("slow", async () => {
      running += 1;
      most = Math.max(most, running);
      if (running === 32) full.resolve();
      await gate.promise;
      running -= 1;
      return utf8("");
    });
    b.handle("quick", () => Promise.resolve(utf8("")));
    await join();
    const asked = Array.from({ length: 200 }, () => a.request(b.self, "slow", utf8(""), SOON));
    await full.promise;
    for (let at = 0; at < 10; at += 1) await a.request(b.self, "quick", utf8(""), SOON);
    assert.equal(running, 32);
    gate.resolve();
    await Promise.all(asked);
    assert.equal(most, 32);
  },
};
