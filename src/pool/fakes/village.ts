import type { Audit, Delegation, Genesis, JudgedRecord, Member, Person, Roster, Verdict } from "../../cluster/index.ts";
import { ON_ALL_HOSTS, auditKey, delegate } from "../../cluster/index.ts";
import type { AccountId, HostId, NamespaceId, NetworkId, PackId } from "../../codec/index.ts";
import { RAW, blobIdOf, idFromBytes } from "../../codec/index.ts";
import type { KeyPair } from "../../crypto/index.ts";
import { keyPairFromSeed, sha256 } from "../../crypto/index.ts";
import type { Env, Log } from "../../platform/index.ts";
import type { PieceStore } from "../../store/index.ts";
import { MAX_PIECES } from "../record/pack-record.ts";
import { NO_MIRRORS } from "../parts.ts";
import type { Copies, PackContent, Redundancy } from "../port.ts";
import type { HostPool } from "../pool.ts";
import { createPool } from "../pool.ts";
import type { Somebody } from "../record/rule.ts";
import { poolRule } from "../record/rule.ts";
import type { Mirrors } from "../upkeep/surplus.ts";
import { FakeNet } from "./fake-net.ts";
import type { FakeTransport } from "./fake-net.ts";
import { FakeRecords, FakeReplication } from "./fake-records.ts";
import { FakeCache, FakeStore } from "./fake-store.ts";
import { FakeNotes } from "./fake-notes.ts";
import { quickEnv } from "./quick-env.ts";

export interface Villager {
  readonly host: HostId;
  readonly key: KeyPair;
  readonly pool: HostPool;
  readonly store: FakeStore;
  readonly cache: FakeCache;
  readonly records: FakeRecords;
  readonly transport: FakeTransport;
  readonly notes: FakeNotes;
}

export interface VillageOptions {
  readonly hosts?: number;
  /** Zone of the host with this number. Default: one zone each. */
  readonly zone?: (number: number) => string;
  readonly capacityBytes?: (number: number) => number;
  readonly log?: Log;
  /** What the host with this number has for a store. Default: the one it is given. */
  readonly store?: (number: number, store: FakeStore) => PieceStore;
  /** Judges the records. Default: the pool's own rule, which lets nothing in but packs. */
  readonly rule?: (record: JudgedRecord, genesis: Genesis, somebody: Somebody) => Verdict;
  /** How many times faster than the clock on the wall time goes by. */
  readonly factor?: number;
}

export function keyOf(name: string): KeyPair {
  return keyPairFromSeed(sha256(new TextEncoder().encode(name)));
}

/** Several hosts with a pool each, in one process: one owner, one site's namespace on all hosts. */
export class Village {
  readonly env: Env;
  readonly net: FakeNet;
  readonly replication: FakeReplication;
  readonly network = idFromBytes<NetworkId>(sha256(Uint8Array.of(1)));
  readonly ownerKey = keyOf("owner");
  readonly owner = idFromBytes<AccountId>(this.ownerKey.publicKey);
  readonly genesis: Genesis;
  readonly members = new Map<HostId, Member>();
  readonly gone = new Set<HostId>();
  /** Away for longer than the network waits before it repairs. */
  readonly missed = new Set<HostId>();
  /** What hosts have said about each other, by key. */
  readonly audits = new Map<string, Audit>();
  /** Who coordinates. Left as it is: the first host that is up. */
  coordinator: (self: HostId) => HostId | undefined = () => this.villagers.find(({ host }) => !this.net.down.has(host) && this.members.has(host))?.host;
  condemnedForMs = 30 * 86_400_000;
  readonly people = new Map<AccountId, Person>();
  readonly mirrors = new Map<HostId, Mirrors>();
  readonly villagers: Villager[] = [];
  readonly #options: VillageOptions;
  #skippedMs = 0;
  namespace!: NamespaceId;

  private constructor(options: VillageOptions) {
    this.#options = options;
    const env = quickEnv(options.factor ?? 20, options.log);
    this.env = { ...env, clock: { wallMs: () => env.clock.wallMs() + this.#skippedMs, monotonicMs: () => env.clock.monotonicMs() + this.#skippedMs } };
    this.net = new FakeNet(this.env);
    this.replication = new FakeReplication((a, b) => this.net.isUp(a, b));
    this.genesis = { type: "site", network: this.network, owner: this.owner, replicas: ON_ALL_HOSTS, subShards: 1, rules: new Uint8Array(0), nonce: Uint8Array.of(7) };
  }

  static async build(options: VillageOptions = {}): Promise<Village> {
    const village = new Village(options);
    village.people.set(village.owner, { account: village.owner, name: "owner", isAdministrator: true, quotaBytes: Number.MAX_SAFE_INTEGER, quotaFrom: "administrator" });
    for (let number = 0; number < (options.hosts ?? 5); number++) await village.settle();
    return village;
  }

  /** A further host joins. */
  async settle(): Promise<Villager> {
    const number = this.villagers.length;
    const key = keyOf(`host ${number}`);
    const host = idFromBytes<HostId>(key.publicKey);
    const capacityBytes = this.#options.capacityBytes?.(number) ?? 1e9;
    const zone = this.#options.zone?.(number) ?? `zone ${number}`;
    this.members.set(host, { host, account: this.owner, name: `host${number}`, zone, capacityBytes, addresses: [], version: "1", joinedMs: 0, invite: null, returns: 0, isGone: false, isDraining: false, isSuspect: false, provenBytes: undefined });
    const records = new FakeRecords(this.replication, host, this.owner, this.#options.rule ?? poolRule, () => this.env.clock.wallMs());
    this.namespace = await records.create(this.genesis);
    const transport = this.net.join(host);
    const [store, cache] = [new FakeStore(capacityBytes), new FakeCache()];
    const notes = new FakeNotes();
    const delegation: Delegation = delegate(this.ownerKey, { network: this.network, account: this.owner, host, issuedMs: 1 });
    const pool = createPool(this.env, {
      self: host,
      hostKey: key,
      store: this.#options.store?.(number, store) ?? store,
      cache,
      transport,
      records,
      roster: () => this.roster(),
      presence: (other) => (this.gone.has(other) ? "gone" : other === host || this.net.isUp(host, other) ? "online" : "away"),
      freeBytes: () => undefined,
      delegation: () => delegation,
      repair: { coordinator: () => this.coordinator(host), repairAfterMs: () => 3_600_000, isAwayFor: (other) => this.missed.has(other) },
      audit: { told: (other) => this.audits.get(auditKey(host, other)), tell: async (word, audit) => this.audits.set(word, audit) },
      scrub: {},
      notes,
      condemnedForMs: () => this.condemnedForMs,
      mirrors: this.#mirrorsOf(host),
    });
    const villager: Villager = { host, key, pool, store, cache, records, transport, notes };
    this.replication.catchUp(host);
    this.villagers.push(villager);
    return villager;
  }

  #mirrorsOf(host: HostId): Mirrors {
    const chosen = (): Mirrors => this.mirrors.get(host) ?? NO_MIRRORS;
    return { isMirrored: (namespace) => chosen().isMirrored(namespace), releasing: () => chosen().releasing(), released: (namespace) => chosen().released(namespace) };
  }

  /** So much time passes for all hosts at once; timers are not hurried. */
  skip(ms: number): void {
    this.#skippedMs += ms;
  }

  roster(): Roster {
    return { network: this.network, networkName: "village", founder: this.owner, maxHosts: 100, members: this.members, people: this.people, voters: [] };
  }

  at(number: number): Villager {
    return this.villagers[number]!;
  }

  holding(pack: PackId): Villager[] {
    return this.villagers.filter((villager) => this.indexesAt(villager, pack).length > 0);
  }

  /** Which pieces of a pack lie on a host's disk. */
  indexesAt({ store }: Villager, pack: PackId): number[] {
    return Array.from({ length: MAX_PIECES }, (_, index) => index).filter((index) => store.held(pack, index) !== undefined);
  }

  /** One turn of a worker, waited for. @throws what the worker says of a turn that failed */
  async turn({ pool }: Villager, name: string): Promise<void> {
    const worker = pool.workers.find((each) => each.status().name === name)!;
    const before = worker.status().runs;
    worker.start();
    while (worker.status().runs === before || worker.status().state !== "idle") await this.env.timers.sleep(20);
    const { lastError } = worker.status();
    if (lastError !== undefined) throw new Error(`${name}: ${lastError}`);
  }

  async close(): Promise<void> {
    await Promise.all(this.villagers.map(({ pool }) => pool.close()));
  }
}

/** Content that no two positions share, in blobs of at most 1 MiB. */
export function content(sizeBytes: number, seed = 1): PackContent {
  const bytes = new Uint8Array(sizeBytes);
  const words = new Uint32Array(bytes.buffer, 0, Math.floor(sizeBytes / 4));
  let state = seed;
  for (let at = 0; at < words.length; at++) words[at] = state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  const blobs = Array.from({ length: Math.max(1, Math.ceil(sizeBytes / 2 ** 20)) }, (_, blob) => {
    const part = bytes.subarray(blob * 2 ** 20, (blob + 1) * 2 ** 20);
    return { id: blobIdOf(RAW, sha256(part)), offset: blob * 2 ** 20, length: part.length };
  });
  return { bytes, blobs };
}

export function copies(count: Copies): Redundancy {
  return { kind: "copies", copies: count };
}

export function code(k: number, m: number): Redundancy {
  return { kind: "code", k, m };
}

export async function collect(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part);
  return Buffer.concat(parts);
}
