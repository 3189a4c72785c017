import assert from "node:assert/strict";
import test from "node:test";
import type { HostId } from "../codec/index.ts";
import { idFromBytes } from "../codec/index.ts";
import type { MemoryTransport } from "../net/index.ts";
import { MemoryNetwork } from "../net/index.ts";
import type { Env } from "../platform/index.ts";
import { machineEnv, silentLog } from "../platform/index.ts";
import { Connector, Liveness } from "./index.ts";

/** Time that only tests move; timers fire when it has come to them. */
class HandTime {
  readonly env: Env;
  #nowMs = 0;
  readonly #due = new Set<{ readonly atMs: number; readonly action: () => void }>();

  constructor() {
    const real = machineEnv(silentLog);
    const after: Env["timers"]["after"] = (delayMs, action) => {
      const due = { atMs: this.#nowMs + delayMs, action };
      this.#due.add(due);
      return { cancel: () => this.#due.delete(due) };
    };
    this.env = { ...real, clock: { wallMs: () => 1_000_000 + this.#nowMs, monotonicMs: () => this.#nowMs }, random: { bytes: (length) => real.random.bytes(length), fraction: () => 1 }, timers: { after, sleep: (delayMs) => new Promise((resolve) => void after(delayMs, resolve)) } };
  }

  async pass(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    for (;;) {
      await settled();
      const next = [...this.#due].sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined || next.atMs > endMs) break;
      this.#due.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.action();
    }
    this.#nowMs = endMs;
    await settled();
  }
}

/** Lets all that waits for nothing but its turn happen. */
async function settled(): Promise<void> {
  const { timers } = machineEnv(silentLog);
  for (let turn = 0; turn < 2; turn += 1) await timers.sleep(0);
}

const [A, B, C] = [1, 2, 3].map((fill) => idFromBytes<HostId>(new Uint8Array(32).fill(fill))) as [HostId, HostId, HostId];

interface Host {
  readonly transport: MemoryTransport;
  readonly liveness: Liveness;
  beats: number;
}

function live(time: HandTime, wire: MemoryNetwork, self: HostId, members: () => readonly HostId[] = () => [A, B, C]): Host {
  const transport = wire.transport({ self, admission: () => "member" });
  const host = { transport, beats: 0 } as { -readonly [K in keyof Host]: Host[K] };
  const beat = async (): Promise<{ freeBytes: number; usedBytes: number; addresses: string[]; httpPort: number; processId: number }> => {
    host.beats += 1;
    return { freeBytes: 10, usedBytes: host.beats, addresses: ["/ip4/192.0.2.1/tcp/1"], httpPort: 4280, processId: 7 };
  };
  host.liveness = new Liveness(time.env, { transport, members, isGone: () => false, beat });
  return host;
}

test("liveness hears of a host as soon as it comes, and every three seconds from then on", async () => {
  const time = new HandTime();
  const wire = new MemoryNetwork(time.env);
  const [a, b] = [live(time, wire, A), live(time, wire, B)];
  await b.liveness.worker.stop();
  a.liveness.worker.start();
  await time.pass(10_000);
  assert.equal(a.liveness.presence(B), "away");
  assert.equal(a.liveness.presence(A), "online");
  void a.transport.connect(B, b.transport.addresses());
  await time.pass(100);
  assert.equal(a.liveness.presence(B), "online");
  assert.equal(a.liveness.lastBeat(B)?.freeBytes, 10);
  const first = b.beats;
  await time.pass(9_000);
  assert.equal(b.beats - first, 3);
  assert.ok(Math.abs(a.liveness.lastSeenMs(B)! - time.env.clock.wallMs()) <= 3_100);
  assert.ok(a.liveness.latencyMs(B)! >= 0);
  await a.transport.disconnect(B);
  await time.pass(10);
  assert.equal(a.liveness.presence(B), "away");
  assert.equal(a.liveness.lastBeat(B)?.processId, 7, "what it said last is still known");
  await a.liveness.worker.stop();
});

test("liveness asks a host that comes, and leaves those that were just asked alone", async () => {
  const time = new HandTime();
  const wire = new MemoryNetwork(time.env);
  const [a, b, c] = [live(time, wire, A), live(time, wire, B), live(time, wire, C)];
  await Promise.all([b, c].map(({ liveness }) => liveness.worker.stop()));
  a.liveness.worker.start();
  void a.transport.connect(B, b.transport.addresses());
  await time.pass(500);
  const before = b.beats;
  void a.transport.connect(C, c.transport.addresses());
  await time.pass(500);
  assert.ok(c.beats > 0);
  assert.equal(b.beats, before);
  await a.liveness.worker.stop();
});

test("liveness asks members only", async () => {
  const time = new HandTime();
  const wire = new MemoryNetwork(time.env);
  const [a, b] = [live(time, wire, A, () => [A]), live(time, wire, B)];
  await b.liveness.worker.stop();
  a.liveness.worker.start();
  void a.transport.connect(B, b.transport.addresses());
  await time.pass(7_000);
  assert.equal(b.beats, 0);
  await a.liveness.worker.stop();
});

interface Dialling {
  readonly time: HandTime;
  readonly wire: MemoryNetwork;
  readonly a: MemoryTransport;
  readonly b: MemoryTransport;
  readonly connector: Connector;
  readonly dials: { readonly peer: HostId; readonly addresses: readonly string[] }[];
}

function dialling(targets: (b: MemoryTransport) => { readonly host: HostId; readonly addresses: readonly string[] }[]): Dialling {
  const time = new HandTime();
  const wire = new MemoryNetwork(time.env);
  const [a, b] = [A, B].map((self) => wire.transport({ self, admission: () => "member" })) as [MemoryTransport, MemoryTransport];
  const dials: Dialling["dials"] = [];
  const connect = a.connect.bind(a);
  a.connect = (peer, addresses, signal) => {
    dials.push({ peer, addresses });
    return connect(peer, addresses, signal);
  };
  const connector = new Connector(time.env, { transport: a, targets: () => targets(b) });
  connector.worker.start();
  return { time, wire, a, b, connector, dials };
}

test("a connector connects to those who are missing, and again when the connection is lost", async () => {
  const { time, a, b, connector, dials } = dialling((to) => [{ host: A, addresses: ["/ip4/192.0.2.1/tcp/1"] }, { host: B, addresses: to.addresses() }]);
  await time.pass(100);
  assert.deepEqual(a.connected(), [B]);
  assert.equal(connector.worker.status().progress, "1 hosts are not connected");
  await time.pass(5_000);
  assert.equal(dials.length, 1);
  assert.equal(connector.worker.status().progress, "connected to every host");
  await b.disconnect(A);
  await time.pass(100);
  assert.deepEqual(a.connected(), [B]);
  assert.equal(dials.length, 2);
  await connector.worker.stop();
});

test("a connector tries a host that does not answer ever less often, and at once when it is seen", async () => {
  const { time, wire, a, b, connector, dials } = dialling((to) => [{ host: B, addresses: to.addresses() }]);
  wire.paths.darken(B);
  await time.pass(90_000);
  const tries = dials.length;
  assert.ok(tries >= 5 && tries <= 9, `${tries} tries in 90 seconds`);
  wire.paths.brighten(B);
  a.discovered(B, b.addresses());
  await time.pass(100);
  assert.deepEqual(a.connected(), [B]);
  await connector.worker.stop();
});

test("a connector believes few of the addresses that somebody announces for a host, so that its known ones are still tried", async () => {
  const { time, a, b, connector, dials } = dialling((to) => [{ host: B, addresses: to.addresses() }]);
  await time.pass(10);
  await b.disconnect(A);
  a.discovered(B, Array.from({ length: 16 }, (_, at) => `/ip4/203.0.113.${at}/tcp/1`));
  await time.pass(3_000);
  const { addresses } = dials.at(-1)!;
  assert.ok(addresses.length <= 5 && addresses.includes(b.addresses()[0]!), addresses.join());
  assert.deepEqual(a.connected(), [B]);
  await connector.worker.stop();
});

test("a host without an address is not dialled, and one that does not answer holds up no other", async () => {
  const nowhere = { host: idFromBytes<HostId>(new Uint8Array(32).fill(4)), addresses: ["/ip4/203.0.113.9/tcp/1"] };
  const { time, a, connector, dials } = dialling((to) => [{ host: C, addresses: [] }, nowhere, { host: B, addresses: to.addresses() }]);
  await time.pass(100);
  assert.deepEqual(dials.map(({ peer }) => peer), [nowhere.host, B]);
  assert.deepEqual(a.connected(), [B]);
  await connector.worker.stop();
});
