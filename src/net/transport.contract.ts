import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { HostId } from "../codec/index.ts";
import { fromUtf8, idFromBytes, utf8 } from "../codec/index.ts";
import { keyPairFromSeed, newSeed, sha256 } from "../crypto/index.ts";
import type { Env } from "../platform/index.ts";
import { PlatformError, machineEnv, silentLog } from "../platform/index.ts";
import { NetError } from "./errors.ts";
import type { Admission, AskAsInvite, BulkStream, PeerEvent, Standing, Transport } from "./port.ts";
import { MAX_BULK_FRAME, MAX_MESSAGE, REDEEM } from "./port.ts";

export interface ContractHost {
  readonly seed: Uint8Array;
  readonly admission: Admission;
  readonly stallMs?: number;
}

/** What the contract needs of an implementation. */
export interface ContractNet {
  host(options: ContractHost): Promise<Transport>;
  readonly askAsInvite: AskAsInvite;
  close(): Promise<void>;
}

const env: Env = machineEnv(silentLog);
const MIB = 1024 * 1024;
const SOON = { timeoutMs: 10_000 };
/** So long nothing must happen for a sender to count as held back. */
const QUIET_MS = 200;

export const seedOfHost = (seed: Uint8Array): HostId => idFromBytes<HostId>(keyPairFromSeed(seed).publicKey);

function code(expected: string, remoteCode?: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof NetError || error instanceof PlatformError, String(error));
    assert.equal(error.code, expected, error.message);
    if (remoteCode !== undefined) assert.equal((error as NetError).remoteCode, remoteCode);
    return true;
  };
}

async function collect(frames: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const frame of frames) parts.push(frame);
  return new Uint8Array(Buffer.concat(parts));
}

async function sendAll(stream: BulkStream, bytes: Uint8Array, frameBytes: number): Promise<void> {
  for (let at = 0; at < bytes.length; at += frameBytes) await stream.send(bytes.subarray(at, at + frameBytes));
}

function nextEvent(transport: Transport, kind: PeerEvent["kind"], peer: HostId): Promise<void> {
  return new Promise((resolve) => {
    const stop = transport.onPeer((event) => {
      if (event.kind !== kind || event.peer !== peer) return;
      stop();
      resolve();
    });
  });
}

async function connected(transport: Transport, peer: HostId): Promise<void> {
  if (!transport.connected().includes(peer)) await nextEvent(transport, "up", peer);
}

/** What every Transport does, whatever is beneath it. */
export function transportContract(name: string, makeNet: () => Promise<ContractNet>): void {
  describe(name, () => {
    let net: ContractNet;
    let a: Transport;
    let b: Transport;
    const standings = new Map<HostId, Standing>();

    beforeEach(async () => {
      net = await makeNet();
      standings.clear();
      const admission: Admission = (key) => standings.get(key as HostId) ?? "stranger";
      [a, b] = await Promise.all([net.host({ seed: newSeed(), admission }), net.host({ seed: newSeed(), admission })]);
      standings.set(a.self, "member").set(b.self, "member");
    });
    afterEach(async () => {
      await Promise.all([a.close(), b.close()]);
      await net.close();
    });

    async function join(): Promise<void> {
      await a.connect(b.self, b.addresses());
      await connected(b, a.self);
    }

    test("a request reaches its handler with the asker's id and its answer comes back", async () => {
      b.handle("greet", (from, body) => Promise.resolve(utf8(`${from} says ${fromUtf8(body)}`)));
      await join();
      assert.equal(fromUtf8(await a.request(b.self, "greet", utf8("hello"), SOON)), `${a.self} says hello`);
    });

    test("either side asks over the connection that one of them made", async () => {
      a.handle("name", () => Promise.resolve(utf8("a")));
      b.handle("name", () => Promise.resolve(utf8("b")));
      await join();
      assert.equal(fromUtf8(await a.request(b.self, "name", utf8(""), SOON)), "b");
      assert.equal(fromUtf8(await b.request(a.self, "name", utf8(""), SOON)), "a");
    });

    test("bodies of every size up to the largest arrive unchanged", async () => {
      b.handle("echo", (_from, body) => Promise.resolve(body));
      await join();
      for (const size of [0, 1, 5, 4095, 16_384, 100_000, MAX_MESSAGE]) {
        const body = new Uint8Array(randomBytes(size));
        assert.deepEqual(sha256(await a.request(b.self, "echo", body, SOON)), sha256(body), `${size} bytes`);
      }
    });

    test("a request or answer that is too large is refused and the connection lives on", async () => {
      b.handle("echo", (_from, body) => Promise.resolve(body));
      b.handle("much", () => Promise.resolve(new Uint8Array(MAX_MESSAGE + 1)));
      await join();
      await assert.rejects(a.request(b.self, "echo", new Uint8Array(MAX_MESSAGE + 1), SOON), code("TOO_LARGE"));
      await assert.rejects(a.request(b.self, "much", utf8(""), SOON), code("REMOTE", "TOO_LARGE"));
      assert.equal(fromUtf8(await a.request(b.self, "echo", utf8("still here"), SOON)), "still here");
    });

    test("an error of ours reaches the asker with its code and words, any other without its words", async () => {
      b.handle("full", () => Promise.reject(new PlatformError("DISK_FULL", "The disk of b is full.")));
      b.handle("bug", () => Promise.reject(new Error("password is 1234")));
      await join();
      await assert.rejects(a.request(b.self, "full", utf8(""), SOON), (error: NetError) => code("REMOTE", "DISK_FULL")(error) && error.message.includes("The disk of b is full."));
      await assert.rejects(a.request(b.self, "bug", utf8(""), SOON), (error: NetError) => code("REMOTE", "INTERNAL")(error) && !error.message.includes("1234"));
    });

    test("a kind that nobody serves is refused by name", async () => {
      await join();
      await assert.rejects(a.request(b.self, "nothing", utf8(""), SOON), code("REMOTE", "UNKNOWN_KIND"));
      await assert.rejects(a.openBulk(b.self, "nothing", utf8("")), code("REMOTE", "UNKNOWN_KIND"));
    });

    test("a request to a host that is not connected fails at once", async () => {
      await assert.rejects(a.request(b.self, "echo", utf8(""), SOON), code("UNREACHABLE"));
      await assert.rejects(a.openBulk(b.self, "echo", utf8("")), code("UNREACHABLE"));
    });

    test("a cancelled request rejects with the signal's reason and the handler's signal is aborted", async () => {
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
    });

    test("a request whose deadline passes rejects, and the handler's signal is aborted", async () => {
      const aborted = Promise.withResolvers<void>();
      b.handle("wait", (_from, _body, signal) => {
        signal.addEventListener("abort", () => aborted.resolve());
        return new Promise(() => {});
      });
      await join();
      await assert.rejects(a.request(b.self, "wait", utf8(""), { timeoutMs: 50 }), code("DEADLINE"));
      await aborted.promise;
    });

    test("a thousand requests at once are all answered, each with its own answer", async () => {
      b.handle("twice", async (_from, body) => {
        await Promise.resolve();
        return utf8(`${Number(fromUtf8(body)) * 2}`);
      });
      await join();
      const answers = await Promise.all(Array.from({ length: 1000 }, (_, at) => a.request(b.self, "twice", utf8(`${at}`), SOON)));
      assert.deepEqual(answers.map((answer) => Number(fromUtf8(answer))), Array.from({ length: 1000 }, (_, at) => at * 2));
    });

    test("a host runs at most 256 requests of another at once, and the rest in their turn", async () => {
      let running = 0;
      let most = 0;
      const gate = Promise.withResolvers<void>();
      const full = Promise.withResolvers<void>();
      b.handle("slow", async () => {
        running += 1;
        most = Math.max(most, running);
        if (running === 256) full.resolve();
        await gate.promise;
        running -= 1;
        return utf8("");
      });
      await join();
      const asked = Array.from({ length: 300 }, () => a.request(b.self, "slow", utf8(""), SOON));
      await full.promise;
      await env.timers.sleep(50);
      assert.equal(running, 256);
      gate.resolve();
      await Promise.all(asked);
      assert.equal(most, 256);
    });

    test("bulk carries 8 MiB in each direction at once, byte for byte", async () => {
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
    });

    test("bulk may be opened by the side that did not make the connection", async () => {
      a.handleBulk("get", (_from, _header, stream) => stream.send(utf8("content")));
      await join();
      const stream = await b.openBulk(a.self, "get", utf8(""));
      assert.equal(fromUtf8(await collect(stream.frames())), "content");
    });

    test("empty frames and frames of the largest size keep their borders, larger ones are refused", async () => {
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
    });

    test("a sender does not run ahead of a reader that pauses by more than a window", async () => {
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
    });

    test("a handler's error ends the stream with its code, for a reader and for a sender", async () => {
      b.handleBulk("fail", async (_from, _header, stream) => {
        await stream.send(utf8("one"));
        throw new PlatformError("DISK_BROKEN", "The disk of b is broken.");
      });
      await join();
      const stream = await a.openBulk(b.self, "fail", utf8(""));
      await assert.rejects(collect(stream.frames()), code("REMOTE", "DISK_BROKEN"));
      await assert.rejects(stream.send(utf8("more")), code("REMOTE", "DISK_BROKEN"));
    });

    test("a handler that returns early finishes the stream, and the opener's sending is refused", async () => {
      b.handleBulk("enough", async (_from, _header, stream) => {
        for await (const _ of stream.frames()) return;
      });
      await join();
      const stream = await a.openBulk(b.self, "enough", utf8(""));
      await stream.send(utf8("one"));
      assert.equal((await collect(stream.frames())).length, 0);
      await assert.rejects(stream.send(utf8("two")), code("CLOSED"));
    });

    test("an aborted stream ends at both sides, whoever aborts it and however", async () => {
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
    });

    test("a sender gives up on a reader that takes nothing for too long", async () => {
      const c = await net.host({ seed: newSeed(), admission: (key) => standings.get(key as HostId) ?? "stranger", stallMs: 200 });
      standings.set(c.self, "member");
      b.handleBulk("put", async (_from, _header, stream, signal) => {
        for await (const _ of stream.frames()) await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
      });
      await c.connect(b.self, b.addresses());
      const stream = await c.openBulk(b.self, "put", utf8(""));
      await assert.rejects(async () => {
        for (;;) await stream.send(new Uint8Array(MIB));
      }, code("STALLED"));
      await c.close();
    });

    test("both sides hear of a disconnection, and requests under way fail", async () => {
      b.handle("wait", () => new Promise(() => {}));
      b.handleBulk("wait", () => new Promise(() => {}));
      await join();
      const asked = a.request(b.self, "wait", utf8(""), SOON);
      const stream = await a.openBulk(b.self, "wait", utf8(""));
      const downs = [nextEvent(a, "down", b.self), nextEvent(b, "down", a.self)];
      const rejected = [assert.rejects(asked, code("UNREACHABLE")), assert.rejects(collect(stream.frames()), code("UNREACHABLE"))];
      await b.close();
      await Promise.all([...downs, ...rejected]);
      assert.deepEqual(a.connected(), []);
      assert.equal(a.remoteAddress(b.self), undefined);
    });

    test("a host that was disconnected connects again", async () => {
      b.handle("echo", (_from, body) => Promise.resolve(body));
      await join();
      const downs = [nextEvent(a, "down", b.self), nextEvent(b, "down", a.self)];
      await a.disconnect(b.self);
      await Promise.all(downs);
      await join();
      assert.equal(fromUtf8(await a.request(b.self, "echo", utf8("again"), SOON)), "again");
    });

    test("connecting twice, and from both sides at once, gives one connection and loses nothing", async () => {
      const events: string[] = [];
      a.onPeer(({ kind }) => events.push(`a ${kind}`));
      b.onPeer(({ kind }) => events.push(`b ${kind}`));
      for (const each of [a, b]) each.handle("echo", (_from, body) => Promise.resolve(body));
      await Promise.all([a.connect(b.self, b.addresses()), b.connect(a.self, a.addresses()), a.connect(b.self, b.addresses())]);
      await Promise.all([connected(a, b.self), connected(b, a.self)]);
      const asked = Array.from({ length: 200 }, async (_, at) => {
        const [from, to] = at % 2 === 0 ? [a, b] : [b, a];
        if (at % 5 === 0) await env.timers.sleep(at);
        return fromUtf8(await from.request(to.self, "echo", utf8(`${at}`), SOON));
      });
      assert.deepEqual(await Promise.all(asked), Array.from({ length: 200 }, (_, at) => `${at}`));
      assert.deepEqual([a.connected(), b.connected()], [[b.self], [a.self]]);
      assert.deepEqual(events.sort(), ["a up", "b up"]);
    });

    test("a stranger is refused, whichever side does not know the other", async () => {
      const stranger = await net.host({ seed: newSeed(), admission: () => "member" });
      await assert.rejects(stranger.connect(b.self, b.addresses()), code("UNREACHABLE"));
      await assert.rejects(a.connect(stranger.self, stranger.addresses()), code("STRANGER"));
      assert.deepEqual(b.connected(), []);
      await stranger.close();
    });

    test("a host that is removed while connected is refused at its next request and at its next stream", async () => {
      b.handle("echo", (_from, body) => Promise.resolve(body));
      b.handleBulk("get", () => Promise.resolve());
      await join();
      standings.delete(a.self);
      await assert.rejects(a.request(b.self, "echo", utf8(""), SOON), code("REMOTE", "STRANGER"));
      await assert.rejects(async () => collect((await a.openBulk(b.self, "get", utf8(""))).frames()));
    });

    test("connecting fails when another host, or nobody, is at the address", async () => {
      const c = await net.host({ seed: newSeed(), admission: () => "member" });
      standings.set(c.self, "member");
      await assert.rejects(a.connect(c.self, b.addresses()), code("UNREACHABLE"));
      assert.deepEqual(a.connected(), []);
      const gone = c.addresses();
      await c.close();
      await assert.rejects(a.connect(c.self, gone), code("UNREACHABLE"));
      await assert.rejects(a.connect(c.self, []), code("UNREACHABLE"));
    });

    test("connecting ends when its signal is aborted", async () => {
      await assert.rejects(a.connect(b.self, b.addresses(), AbortSignal.abort(new Error("not now"))), /not now/);
    });

    test("an invite is redeemed at the first host that answers, and nothing stays connected", async () => {
      const seed = newSeed();
      const invite = seedOfHost(seed);
      standings.set(invite, "invite");
      b.handle(REDEEM, (from, body) => Promise.resolve(utf8(`${from} ${fromUtf8(body)}`)));
      const gone = await net.host({ seed: newSeed(), admission: () => "member" });
      const entrances = [{ host: gone.self, addresses: gone.addresses() }, { host: b.self, addresses: b.addresses() }];
      await gone.close();
      const answer = await net.askAsInvite(env, { seed, entrances, body: utf8("let me in"), ...SOON });
      assert.equal(answer.from, b.self);
      assert.equal(fromUtf8(answer.body), `${invite} let me in`);
      assert.deepEqual(b.connected(), []);
    });

    test("a refused redemption comes back with its code, and a host with another key is not asked", async () => {
      const seed = newSeed();
      standings.set(seedOfHost(seed), "invite");
      b.handle(REDEEM, () => Promise.reject(new PlatformError("NOT_FOUND", "There is no such invite.")));
      const body = utf8("");
      await assert.rejects(net.askAsInvite(env, { seed, entrances: [{ host: undefined, addresses: b.addresses() }], body, ...SOON }), code("REMOTE", "NOT_FOUND"));
      await assert.rejects(net.askAsInvite(env, { seed, entrances: [{ host: a.self, addresses: b.addresses() }], body, ...SOON }), code("UNREACHABLE"));
      await assert.rejects(net.askAsInvite(env, { seed: newSeed(), entrances: [{ host: b.self, addresses: b.addresses() }], body, ...SOON }), code("UNREACHABLE"));
    });
  });
}
