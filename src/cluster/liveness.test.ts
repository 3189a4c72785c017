import assert from "node:assert/strict";
import test from "node:test";
import type { HostId, NetworkId } from "../codec/index.ts";
import { idFromBytes } from "../codec/index.ts";
import type { KeyPair } from "../crypto/index.ts";
import { keyPairFromSeed } from "../crypto/index.ts";
import type { MemoryTransport } from "../net/index.ts";
import { MemoryNetwork } from "../net/index.ts";
import type { Env } from "../platform/index.ts";
import { machineEnv, silentLog } from "../platform/index.ts";
import { beatsCodec } from "./beats.ts";
import { Connector, Liveness } from "./index.ts";
import type { Beat } from "./index.ts";

/** Time that only tests move; timers fire when it has come to them. */
class HandTime {
  readonly env: Env;
  #nowMs = 0;
  /** By how much the wall clock was set back. */
  backMs = 0;
  readonly #due = new Set<{ readonly atMs: number; readonly action: () => void }>();

  constructor() {
    const real = machineEnv(silentLog);
    const after: Env["timers"]["after"] = (delayMs, action) => {
      const due = { atMs: this.#nowMs + delayMs, action };
      this.#due.add(due);
      return { cancel: () => this.#due.delete(due) };
    };
    this.env = { ...real, clock: { wallMs: () => 1_000_000 + this.#nowMs - this.backMs, monotonicMs: () => this.#nowMs }, random: { bytes: (length) => real.random.bytes(length), fraction: () => 1 }, timers: { after, sleep: (delayMs) => new Promise((resolve) => void after(delayMs, resolve)) } };
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

const keys = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((fill) => keyPairFromSeed(new Uint8Array(32).fill(fill))).sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
const [A, B, C] = keys.map(idOf) as [HostId, HostId, HostId];

function idOf({ publicKey }: KeyPair): HostId {
  return idFromBytes<HostId>(publicKey);
}

interface Host {
  readonly transport: MemoryTransport;
  readonly liveness: Liveness;
  /** What it says of itself. */
  usedBytes: number;
  freeBytes: number;
  /** Messages that came to it. */
  heard: number;
}

function live(time: HandTime, wire: MemoryNetwork, self: HostId, members: () => readonly HostId[] = () => keys.map(idOf)): Host {
  const transport = wire.transport({ self, admission: () => "member" });
  const host = { transport, usedBytes: 1, freeBytes: 1000, heard: 0 } as { -readonly [K in keyof Host]: Host[K] };
  const handle = transport.handle.bind(transport);
  transport.handle = (kind, handler) =>
    handle(kind, (from, body, signal) => {
      host.heard += 1;
      return handler(from, body, signal);
    });
  const beat = async (): Promise<Beat> => ({ freeBytes: host.freeBytes, usedBytes: host.usedBytes, addresses: transport.addresses(), httpPort: 4280, processId: 7 });
  host.liveness = new Liveness(time.env, { network: idFromBytes<NetworkId>(new Uint8Array(32)), key: keys.find((key) => idOf(key) === self)!, transport, members, isGone: () => false, beat });
  host.liveness.worker.start();
  return host;
}

async function connectAll(time: HandTime, hosts: readonly Host[]): Promise<void> {
  for (const [at, { transport }] of hosts.entries()) for (const other of hosts.slice(at + 1)) void transport.connect(other.transport.self, other.transport.addresses());
  await time.pass(500);
}

async function stop(hosts: readonly Host[]): Promise<void> {
  await Promise.all(hosts.map(({ liveness }) => liveness.worker.stop()));
}

test("two hosts that meet tell each other at once, and no more while nothing changes", async () => {
  const time = new HandTime();
  const wire = new MemoryNetwork(time.env);
  const hosts = [live(time, wire, A), live(time, wire, B)] as const;
  const [a, b] = hosts;
  assert.equal(a.liveness.presence(B), "away");
  assert.equal(a.liveness.presence(A), "online");
  await connectAll(time, hosts);
  for (const [host, other] of [[a, B], [b, A]] as const) {
    assert.equal(host.liveness.presence(other), "online");
    assert.equal(host.liveness.lastBeat(other)?.usedBytes, 1);
    assert.equal(host.liveness.lastSeenMs(other), time.env.clock.wallMs());
  }
  await time.pass(10_000);
  const before = a.heard + b.heard;
  await time.pass(120_000);
  assert.equal(a.heard + b.heard, before);
  const leftMs = time.env.clock.wallMs();
  await a.transport.disconnect(B);
  await time.pass(10);
  assert.equal(a.liveness.presence(B), "away");
  await time.pass(5_000);
  assert.equal(a.liveness.lastSeenMs(B), leftMs);
  assert.equal(a.liveness.lastBeat(B)?.processId, 7, "what it said last is still known");
  await stop(hosts);
});

test("what changes is passed on to all, also past connections that are missing, and a little more or less free space is nothing new", async () => {
  const time = new HandTime();
  const wire = new MemoryNetwork(time.env);
  const hosts = keys.map((key) => live(time, wire, idOf(key)));
  const [first, , , fourth] = hosts as [Host, Host, Host, Host];
  await connectAll(time, hosts);
  await time.pass(60_000);
  await first.transport.disconnect(fourth.transport.self);
  const before = hosts.reduce((sum, { heard }) => sum + heard, 0);
  first.freeBytes = 1005;
  await time.pass(60_000);
  assert.equal(hosts.reduce((sum, { heard }) => sum + heard, 0), before);
  first.usedBytes = 20;
  await time.pass(30_000);
  for (const { liveness } of hosts.slice(1)) assert.equal(liveness.lastBeat(A)?.usedBytes, 20);
  assert.ok(hosts.reduce((sum, { heard }) => sum + heard, 0) - before <= hosts.length * 4, "each tells about log n others");
  await stop(hosts);
});

test("a host whose clock was set back is heard all the same, and nobody speaks for another", async () => {
  const time = new HandTime();
  const wire = new MemoryNetwork(time.env);
  let a = live(time, wire, A);
  const b = live(time, wire, B);
  await connectAll(time, [a, b]);
  await a.liveness.worker.stop();
  await a.transport.close();
  time.backMs = 500_000;
  a = live(time, wire, A);
  a.usedBytes = 30;
  await connectAll(time, [a, b]);
  await time.pass(30_000);
  assert.equal(b.liveness.lastBeat(A)?.usedBytes, 30);
  const c = wire.transport({ self: C, admission: () => "member" });
  void c.connect(B, b.transport.addresses());
  await time.pass(500);
  const forged = { host: A, number: Number.MAX_SAFE_INTEGER, beat: { freeBytes: 0, usedBytes: 99, addresses: [], httpPort: 0, processId: 1 }, signature: new Uint8Array(64) };
  const answered = c.request(B, "cluster/beat", beatsCodec.encode([forged]), { timeoutMs: 1_000 });
  await time.pass(500);
  assert.equal(beatsCodec.decode(await answered)[0]?.host, B);
  assert.equal(b.liveness.lastBeat(A)?.usedBytes, 30);
  await stop([a, b]);
});

test("liveness tells members only", async () => {
  const time = new HandTime();
  const wire = new MemoryNetwork(time.env);
  const hosts = [live(time, wire, A, () => [A]), live(time, wire, B)] as const;
  await hosts[1].liveness.worker.stop();
  await connectAll(time, hosts);
  await time.pass(7_000);
  assert.equal(hosts[1].heard, 0);
  await stop(hosts);
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
  const connector = new Connector(time.env, { transport: a, targets: () => targets(b).map(({ host, addresses }) => ({ host, addresses: () => addresses })) });
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
