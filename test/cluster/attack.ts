import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import type { Delegation, Genesis } from "../../src/cluster/index.ts";
import type { AccountId, HostId, NamespaceId, NetworkId } from "../../src/codec/index.ts";
import type { HostIdentity } from "../../src/daemon/directory.ts";
import { DataDirectory } from "../../src/daemon/directory.ts";
import type { KeyPair } from "../../src/crypto/index.ts";
import { sign } from "../../src/crypto/index.ts";
import type { Standing, Transport } from "../../src/net/index.ts";
import { createTransport } from "../../src/net/index.ts";
import { RawPeer } from "../../src/net/raw-peer.fixture.ts";
import type { RawStream } from "../../src/net/raw-peer.fixture.ts";
import { codeOf, machineEnv, silentLog } from "../../src/platform/index.ts";
import { sealerWith } from "../../src/records/batch.ts";
import type { PushAnswer } from "../../src/records/messages.ts";
import { ASK_PUSH, ASK_SCAN } from "../../src/records/messages.ts";
import type { Parcel } from "../../src/records/parcel.ts";
import { pack } from "../../src/records/parcel.ts";
import type { RecordBody } from "../../src/records/record.ts";
import type { Bench, Finished, TestHost } from "./harness.ts";
import { until } from "./harness.ts";
import { MIB } from "./size.ts";

export const env = machineEnv(silentLog);
export const SOON = { timeoutMs: 10_000 };

/** Whom an attack is meant for. */
export interface Victim {
  readonly self: HostId;
  readonly addresses: readonly string[];
}

export function victimOf(host: TestHost): Victim {
  const ready = host.ready;
  if (ready === undefined) throw new Error(`${host.name} is not running`);
  return { self: ready.hostId as HostId, addresses: [`/ip4/127.0.0.1/tcp/${ready.peerPort}`] };
}

/** A transport with any key, that lets everybody in. */
export function transportWith(seed: Uint8Array): Promise<Transport> {
  return createTransport(env, { seed, listen: ["127.0.0.1:0"], admission: (): Standing => "member" });
}

/** A record to forge: what is left out is as an honest host would write it. */
export interface Forgery extends Partial<RecordBody> {
  readonly namespace: NamespaceId;
  readonly key: string;
}

/**
 * A member that has turned: it uses the key and the delegation of a host that joined and does not run, and says with them whatever a
 * test has it say.
 */
export class HostileMember {
  readonly identity: HostIdentity;
  readonly delegation: Delegation;
  readonly transport: Transport;
  #batch = 0;

  private constructor(identity: HostIdentity, delegation: Delegation, transport: Transport) {
    this.identity = identity;
    this.delegation = delegation;
    this.transport = transport;
  }

  static async with(host: TestHost): Promise<HostileMember> {
    const directory = new DataDirectory(host.data);
    const identity = await directory.identity();
    const delegation = await directory.delegation();
    if (delegation === undefined) throw new Error(`${host.name} has no delegation`);
    return new HostileMember(identity, delegation, await transportWith(identity.key.seed));
  }

  get network(): NetworkId {
    return this.identity.network.id;
  }

  /** The network's own namespace, which lies on every host. */
  get roster(): NamespaceId {
    return this.identity.network.namespace;
  }

  get account(): AccountId {
    return this.delegation.account;
  }

  async connect(victim: Victim): Promise<void> {
    await this.transport.connect(victim.self, victim.addresses);
  }

  /** A batch that is signed as it should be, whatever its records say. */
  parcel(forgeries: readonly Forgery[], how: { readonly genesis?: Genesis; readonly network?: NetworkId; readonly key?: KeyPair; readonly delegation?: Delegation | null; readonly incarnation?: number; readonly batch?: number } = {}): Parcel {
    const { host, key } = this.identity;
    const actor = { host, incarnation: how.incarnation ?? 1 };
    this.#batch += 1;
    const bodies = forgeries.map((forgery): RecordBody => ({ dot: { actor, counter: 1 }, context: [], value: new Uint8Array(8), wallMs: 1, author: this.account, ...forgery }));
    const seal = sealerWith((message) => sign(how.key ?? key, message), how.network ?? this.network);
    return pack(seal(actor, how.batch ?? this.#batch, bodies, how.delegation === undefined ? this.delegation : how.delegation), () => how.genesis);
  }

  push(victim: Victim, parcel: Parcel): Promise<PushAnswer> {
    return this.ask(victim, ASK_PUSH.kind, ASK_PUSH.question.encode({ standing: { done: 0, sets: [], floor: 0, set: 0 }, parcel })).then((answer) => ASK_PUSH.answer.decode(answer));
  }

  ask(victim: Victim, kind: string, body: Uint8Array): Promise<Uint8Array> {
    return this.transport.request(victim.self, kind, body, SOON);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.transport.close();
  }
}

/** The resident memory of a process and its peak since `forgetPeak`, in bytes. */
export async function memoryOf(pid: number): Promise<{ readonly residentBytes: number; readonly peakBytes: number }> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? Number.NaN) * 1024;
  return { residentBytes: kilobytes("VmRSS"), peakBytes: kilobytes("VmHWM") };
}

/** Begins the peak anew. See proc_pid_clear_refs(5). */
export function forgetPeak(pid: number): Promise<void> {
  return writeFile(`/proc/${pid}/clear_refs`, "5");
}

/** How long something takes, in milliseconds. */
export async function timed<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly tookMs: number }> {
  const begunMs = performance.now();
  const result = await work();
  return { result, tookMs: performance.now() - begunMs };
}

/** Sends bytes to a port of this machine as they stand and gives all that comes back until the other side ends or falls silent. */
export function rawRequest(port: number, bytes: string | Uint8Array, silenceMs = 3_000): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const chunks: Buffer[] = [];
  const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
  const done = (): void => {
    socket.destroy();
    resolve(Buffer.concat(chunks).toString("latin1"));
  };
  socket.setTimeout(silenceMs, done);
  socket.on("data", (chunk: Buffer) => chunks.push(chunk)).on("end", done).on("error", done).on("close", done);
  return promise;
}

export function noise(length: number): Uint8Array {
  return new Uint8Array(randomBytes(length));
}

export interface Scene {
  readonly bench: Bench;
  readonly attic: TestHost;
  readonly cellar: TestHost;
  readonly moles: readonly HostileMember[];
  readonly victim: Victim;
  readonly site: NamespaceId;
}

/** Two honest hosts, the first of which is attacked, and four members whose keys are in the wrong hands. */
export async function stage(bench: Bench): Promise<Scene> {
  const [attic, cellar] = (await bench.network(["attic", "cellar"], "4GB")) as [TestHost, TestHost];
  const traitors = ["mole1", "mole2", "mole3", "mole4"].map((name) => bench.host(name));
  await Promise.all(traitors.map((each) => bench.join(attic, each)));
  await until("both know all hosts", 10_000, async () => (await Promise.all([attic, cellar].map((host) => host.look<{ hosts: unknown[] }>("/hosts")))).every(({ hosts }) => hosts.length === 6));
  const folder = join(bench.folder, "film");
  await mkdir(folder);
  await writeFile(join(folder, "index.html"), "<h1>the film</h1>");
  await writeFile(join(folder, "film.bin"), noise(32 * MIB));
  await attic.ask(["publish", folder, "--name", "film"]);
  const moles = await Promise.all(traitors.map((each) => HostileMember.with(each)));
  const victim = victimOf(attic);
  await Promise.all(moles.map((mole) => mole.connect(victim)));
  const answer = ASK_SCAN.answer.decode(await moles[0]!.ask(victim, ASK_SCAN.kind, ASK_SCAN.question.encode({ namespace: moles[0]!.roster, group: 256, prefix: "name/film/vote/", after: null, limit: 1 })));
  assert.equal(answer.parcel.items.length, 1, "a member may read the roster");
  const [site] = await attic.ask<{ namespace: NamespaceId }[]>(["sites"]);
  return { bench, attic, cellar, moles, victim, site: site!.namespace };
}

/** What the network holds, as a host tells it, without what changes by itself. */
export async function holdings(host: TestHost): Promise<unknown> {
  const hosts = await host.ask<{ id: string; name: string; zone: string; capacityBytes: number }[]>(["hosts"]);
  const sites = await host.ask<{ name: string; head: unknown; holders: unknown }[]>(["sites"]);
  return { hosts: hosts.map(({ id, name, zone, capacityBytes }) => ({ id, name, zone, capacityBytes })), sites: sites.map(({ name, head, holders }) => ({ name, head, holders })) };
}

/** However hostile a peer is, others are answered within this. */
const QUICK_MS = 2_000;

/** The victim answers a web browser and hears its neighbour, quickly. */
export async function servesOthers({ attic, cellar }: Scene): Promise<void> {
  const { result, tookMs } = await timed(() => attic.get("film"));
  assert.equal(result.status, 200);
  assert.ok(tookMs < QUICK_MS, `the page took ${Math.round(tookMs)} ms`);
  const rows = await cellar.ask<{ name: string; presence: string; lastSeenMs: number }[]>(["hosts"]);
  const seen = rows.find(({ name }) => name === "attic")!;
  assert.equal(seen.presence, "online");
  assert.ok(Date.now() - seen.lastSeenMs < 8_000, `the last heartbeat is ${Date.now() - seen.lastSeenMs} ms old`);
}

/** A peer below the transport: it may say anything with a member's key. */
export async function rawPeer(seed: Uint8Array, victim: Victim): Promise<{ readonly peer: RawPeer; readonly stream: (protocol: string) => Promise<RawStream> }> {
  const peer = await RawPeer.start(env, seed);
  const target = { self: victim.self, addresses: () => victim.addresses } as unknown as Transport;
  return { peer, stream: (protocol) => peer.stream(target, protocol) };
}

/** The code with which the other side, or this one, refuses; "nothing" when it does not. */
export async function refusal(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "nothing",
    (error: unknown) => String((error as { remoteCode?: string }).remoteCode ?? codeOf(error)),
  );
}

/** A site with one page and one large file. */
export async function makeFilmSite(bench: Bench, name: string, sizeBytes: number): Promise<string> {
  const folder = join(bench.folder, `${name}.site`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "index.html"), `<h1>${name}</h1>`);
  await writeFile(join(folder, "film.bin"), noise(sizeBytes));
  return folder;
}

/** The SHA-256 of the site's large file as a host serves it. */
export async function digestOf(host: TestHost, site: string): Promise<string> {
  const page = await host.get(site, "/film.bin");
  return page.status === 200 ? createHash("sha256").update(page.body).digest("hex") : `status ${page.status}: ${page.text}`;
}

/** A refusal in JSON with one of the codes, words that say what to do, and an exit code of its own. */
export function refusedWith(finished: Finished, codes: readonly string[], words: RegExp): void {
  const { error } = finished.json<{ error: { code: string; message: string } }>();
  assert.ok(codes.includes(error.code), `${error.code}: ${error.message}`);
  assert.match(error.message, words);
  assert.ok(finished.code !== 0 && finished.code !== 1, `exit code ${finished.code}`);
}

/** A network of one running host. */
export async function loneHost(bench: Bench, name: string, capacity: string): Promise<TestHost> {
  const host = bench.host(name);
  await host.ask(["init", "--network", "alone", "--host", name, "--capacity", capacity]);
  await host.up();
  return host;
}
