import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { HostId } from "../codec/index.ts";
import { fromUtf8, idFromBytes, utf8 } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import { silentLog } from "../platform/index.ts";
import { code, collect } from "./contract-pair.ts";
import { MemoryNetwork } from "./memory-network.ts";
import type { MemoryTransport } from "./memory-transport.ts";

interface Due {
  readonly atMs: number;
  readonly action: () => void;
}

/** Time that passes only when told to, and chance that repeats itself. */
class VirtualTime {
  #nowMs = 0;
  #due: Due[] = [];
  #state = 12_345;

  get nowMs(): number {
    return this.#nowMs;
  }

  readonly env: Env = {
    log: silentLog,
    clock: { wallMs: () => this.#nowMs, monotonicMs: () => this.#nowMs },
    random: {
      bytes: (length) => Uint8Array.from({ length }, () => this.#fraction() * 256),
      fraction: () => this.#fraction(),
    },
    timers: {
      after: (delayMs, action) => this.#after(delayMs, action),
      sleep: (delayMs, signal) => this.#sleep(delayMs, signal),
    },
  };

  /** Lets all that is due within the next `ms` happen, in its order. */
  async pass(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    for (;;) {
      await new Promise(setImmediate);
      const [next] = this.#due.toSorted((x, y) => x.atMs - y.atMs);
      if (next === undefined || next.atMs > endMs) break;
      this.#due = this.#due.filter((each) => each !== next);
      this.#nowMs = next.atMs;
      next.action();
    }
    this.#nowMs = endMs;
  }

  #after(delayMs: number, action: () => void): { cancel(): void } {
    const due = { atMs: this.#nowMs + delayMs, action };
    this.#due.push(due);
    return { cancel: () => (this.#due = this.#due.filter((each) => each !== due)) };
  }

  #sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason as Error);
      const timer = this.#after(delayMs, resolve);
      signal?.addEventListener("abort", () => {
        timer.cancel();
        reject(signal.reason as Error);
      });
    });
  }

  // A linear congruential generator (Numerical Recipes) is random enough for delays.
  #fraction(): number {
    this.#state = (this.#state * 1_664_525 + 1_013_904_223) >>> 0;
    return this.#state / 2 ** 32;
  }
}

interface World {
  readonly time: VirtualTime;
  readonly network: MemoryNetwork;
  readonly a: MemoryTransport;
  readonly b: MemoryTransport;
  readonly events: string[];
}

const [A, B] = [1, 2].map((each) => idFromBytes<HostId>(new Uint8Array(32).fill(each))) as [HostId, HostId];

async function world(jitterMs = 0): Promise<World> {
  const time = new VirtualTime();
  const network = new MemoryNetwork(time.env, { delayMs: 10, jitterMs });
  const [a, b] = [A, B].map((self) => network.transport({ self, admission: () => "member" })) as [MemoryTransport, MemoryTransport];
  const events: string[] = [];
  for (const [name, host] of [["a", a], ["b", b]] as const) {
    host.onPeer(({ kind }) => events.push(`${time.nowMs} ${name} ${kind}`));
    host.handle("echo", (_from, body) => Promise.resolve(body));
  }
  const connecting = a.connect(B, b.addresses());
  await time.pass(100 + 2 * jitterMs);
  await connecting;
  return { time, network, a, b, events };
}

/** What a promise came to, for looking at it after some time has passed. */
function outcome<T>(promise: Promise<T>): { state: "pending" | "done" | "failed"; error?: unknown } {
  const seen: ReturnType<typeof outcome> = { state: "pending" };
  promise.then(() => (seen.state = "done"), (error: unknown) => Object.assign(seen, { state: "failed", error }));
  return seen;
}

const asking = { timeoutMs: 2_000 };

describe("the network in memory", () => {
  test("takes as long as its paths say, in virtual time", async () => {
    const { time, network, a, events } = await world();
    assert.deepEqual(events, ["10 b up", "20 a up"]);
    network.paths.setQuality(A, B, { delayMs: 500, jitterMs: 0, lossFraction: 0 });
    const asked = outcome(a.request(B, "echo", utf8(""), asking));
    await time.pass(509);
    assert.equal(asked.state, "pending");
    await time.pass(1);
    assert.equal(asked.state, "done");
  });

  test("lets requests overtake each other, and no two frames of a stream", async () => {
    const { time, a, b } = await world(200);
    const order: number[] = [];
    b.handle("note", (_from, body) => {
      order.push(Number(fromUtf8(body)));
      return Promise.resolve(body);
    });
    b.handleBulk("note", async (_from, _header, stream) => {
      for await (const frame of stream.frames()) await stream.send(frame);
    });
    const numbers = Array.from({ length: 30 }, (_, at) => at);
    const asked = Promise.all(numbers.map((each) => a.request(B, "note", utf8(`${each}`), asking)));
    await time.pass(1_000);
    await asked;
    assert.notDeepEqual(order, numbers);
    assert.deepEqual(order.toSorted((x, y) => x - y), numbers);
    const streamed = (async () => {
      const stream = await a.openBulk(B, "note", utf8(""));
      for (const each of numbers) await stream.send(Uint8Array.of(each));
      await stream.finish();
      return collect(stream.frames());
    })();
    await time.pass(60_000);
    assert.deepEqual([...(await streamed)], numbers);
  });

  test("loses the share of requests that it is told to, and they end by their deadline", async () => {
    const { time, network, a } = await world();
    network.paths.setQuality(A, B, { delayMs: 10, jitterMs: 0, lossFraction: 0.5 });
    const asked = Array.from({ length: 100 }, () => outcome(a.request(B, "echo", utf8(""), asking)));
    await time.pass(1_000);
    const done = asked.filter(({ state }) => state === "done").length;
    assert.ok(done > 25 && done < 75, `${done} of 100`);
    await time.pass(1_000);
    const failed = asked.filter(({ state }) => state === "failed");
    assert.equal(failed.length, 100 - done);
    for (const { error } of failed) assert.ok(code("DEADLINE")(error));
  });

  test("delivers requests a second time as often as it is told to, answers each once, and counts what it has done", async () => {
    const { time, network, a, b } = await world();
    let handled = 0;
    b.handle("count", (_from, body) => {
      handled += 1;
      return Promise.resolve(body);
    });
    network.paths.setUsual({ duplicateFraction: 0.5 });
    const asked = Array.from({ length: 100 }, () => outcome(a.request(B, "count", utf8(""), asking)));
    await time.pass(1_000);
    assert.ok(asked.every(({ state }) => state === "done"));
    assert.ok(handled > 125 && handled < 175, `${handled} of 100`);
    assert.equal(network.paths.counts.duplicated, handled - 100);
    network.paths.cut(A, B);
    const lost = outcome(a.request(B, "count", utf8(""), asking));
    await time.pass(2_000);
    assert.equal(lost.state, "failed");
    assert.ok(network.paths.counts.cut > 0);
  });

  test("ends a connection that is cut in one direction, at both sides, once they have noticed", async () => {
    const { time, network, a, b, events } = await world();
    network.paths.cut(A, B);
    const [lost, streamed] = [outcome(a.request(B, "echo", utf8(""), { timeoutMs: 60_000 })), outcome(b.request(A, "echo", utf8(""), { timeoutMs: 60_000 }))];
    await time.pass(4_000);
    assert.deepEqual([a.connected(), b.connected()], [[B], [A]]);
    await time.pass(3_000);
    assert.deepEqual(events.slice(2).map((each) => each.replace(/^\d+ /, "")).sort(), ["a down", "b down"]);
    for (const each of [lost, streamed]) assert.ok(code("UNREACHABLE")(each.error));
    const again = outcome(b.connect(A, a.addresses()));
    await time.pass(6_000);
    assert.equal(again.state, "failed");
    network.paths.mendAll();
    const third = outcome(b.connect(A, a.addresses()));
    await time.pass(100);
    assert.equal(third.state, "done");
    assert.deepEqual([a.connected(), b.connected()], [[B], [A]]);
  });

  test("keeps a connection over a cut that is mended soon, and its streams go on", async () => {
    const { time, network, a, b, events } = await world();
    b.handleBulk("echo", async (_from, _header, stream) => {
      for await (const frame of stream.frames()) await stream.send(frame);
    });
    const opening = a.openBulk(B, "echo", utf8(""));
    await time.pass(100);
    const stream = await opening;
    network.paths.partition([[A], [B]]);
    const echoed = (async () => {
      await stream.send(utf8("over the gap"));
      await stream.finish();
      return fromUtf8(await collect(stream.frames()));
    })();
    await time.pass(4_000);
    network.paths.mendAll();
    await time.pass(10_000);
    assert.equal(await echoed, "over the gap");
    assert.equal(events.length, 2);
  });

  test("a host that crashes is missed after a while, and comes back as a new one at the same address", async () => {
    const { time, network, a, b, events } = await world();
    const address = b.addresses();
    network.crash(B);
    const asked = outcome(a.request(B, "echo", utf8(""), asking));
    await time.pass(3_000);
    assert.deepEqual(a.connected(), [B]);
    assert.ok(code("DEADLINE")(asked.error));
    await time.pass(4_000);
    assert.deepEqual(a.connected(), []);
    network.revive(B);
    const reborn = network.transport({ self: B, admission: () => "member" });
    reborn.handle("echo", () => Promise.resolve(utf8("reborn")));
    assert.deepEqual(reborn.addresses(), address);
    const connecting = a.connect(B, address);
    await time.pass(100);
    await connecting;
    const answer = a.request(B, "echo", utf8(""), asking);
    await time.pass(100);
    assert.equal(fromUtf8(await answer), "reborn");
    assert.deepEqual(events.filter((each) => each.includes(" a ")).map((each) => each.replace(/^\d+ /, "")), ["a up", "a down", "a up"]);
  });

  test("a host that crashes while it dials is not connected when it has been started anew", async () => {
    const { time, network, a, b } = await world();
    const [disconnecting, addresses] = [a.disconnect(B), b.addresses()];
    await time.pass(100);
    await disconnecting;
    network.paths.partition([[A], [B]]);
    void a.connect(B, addresses).catch(() => {});
    await time.pass(1_500);
    network.crash(A);
    network.revive(A);
    network.transport({ self: A, admission: () => "member" });
    network.paths.mendAll();
    await time.pass(10_000);
    assert.deepEqual(b.connected(), []);
  });

  test("tells hosts of each other only when the test says that they have seen each other", async () => {
    const { a, b } = await world();
    const seen: unknown[] = [];
    const stop = a.onDiscovered((peer, addresses) => seen.push([peer, addresses]));
    a.discovered(B, b.addresses());
    stop();
    a.discovered(B, []);
    assert.deepEqual(seen, [[B, b.addresses()]]);
  });
});
