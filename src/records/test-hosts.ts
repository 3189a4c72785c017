// For tests only: several hosts of one network in one process, on the twins of disk and wire.
import { ACCEPT, EVERYWHERE, delegate, isExcluded, namespaceIdOf, preferenceList, refuse, shardOf } from "../cluster/index.ts";
import type { Delegation, Exclusion, Genesis, JudgedRecord, Verdict } from "../cluster/index.ts";
import type { AccountId, HostId, NamespaceId, NetworkId } from "../codec/index.ts";
import { fromUtf8, idFromBytes, idFromText, utf8 } from "../codec/index.ts";
import type { KeyPair } from "../crypto/index.ts";
import { keyPairFromSeed, sha256 } from "../crypto/index.ts";
import type { MemoryTransport } from "../net/index.ts";
import { MemoryNetwork } from "../net/index.ts";
import type { Env } from "../platform/index.ts";
import { machineEnv, silentLog } from "../platform/index.ts";
import { MemoryDisk, MemoryLog } from "../store/index.ts";
import { NOT_READY, readyCodec, readyKeyOf } from "./marks.ts";
import type { ClusterView, KeyState } from "./port.ts";
import type { RunningRecords } from "./running-records.ts";
import { createRecords } from "./running-records.ts";

export const env: Env = machineEnv(silentLog);

export const account: KeyPair = keyPairFromSeed(sha256(utf8("the person")));

export const networkGenesis: Genesis = { type: "network", network: null, owner: idFromBytes<AccountId>(account.publicKey), replicas: 0, subShards: 1, rules: new Uint8Array(0), nonce: utf8("test") };
export const networkNamespace = namespaceIdOf(networkGenesis);
export const network = idFromText<NetworkId>(networkNamespace);

export function kv(replicas: number, nonce: string, subShards = 1): Genesis {
  return { type: "kv", network, owner: null, replicas, subShards, rules: new Uint8Array(0), nonce: utf8(nonce) };
}

export const everywhere = kv(0, "everywhere");
export const everywhereId = namespaceIdOf(everywhere);

export class TestHost {
  readonly name: string;
  readonly key: KeyPair;
  readonly self: HostId;
  readonly disk = new MemoryDisk(env.random);
  readonly delegation: Delegation;
  judge: (record: JudgedRecord, genesis: Genesis) => Verdict = (record) => (isExcluded(record, this.excludes) ? refuse("REMOVED", "so says the test") : ACCEPT);
  /** What this host has heard of removals. */
  excludes: readonly Exclusion[] = [];
  isCoordinator = false;
  /** Nobody was there when it came. */
  isFounder = true;
  /** Whom this host takes for members; all think alike unless a test says otherwise. */
  knows: () => readonly HostId[];
  /** Who takes part by what this host has learnt, when that is not what all others have. */
  roster: readonly HostId[] | undefined;
  isUp = false;
  transport!: MemoryTransport;
  /** Not there in a host that is only plugged in. */
  records!: RunningRecords;
  readonly #all: TestHosts;

  constructor(all: TestHosts, name: string) {
    this.#all = all;
    this.name = name;
    this.knows = () => all.members();
    this.key = keyPairFromSeed(sha256(utf8(`host ${name}`)));
    this.self = idFromBytes<HostId>(this.key.publicKey);
    this.delegation = delegate(account, { network, account: idFromBytes<AccountId>(account.publicKey), host: this.self, issuedMs: 1 });
  }

  /** Only the wire: what it answers is the test's to say. */
  plugIn(): void {
    this.transport = this.#all.wire.transport({ self: this.self, admission: () => "member" });
    this.isUp = true;
  }

  async start(): Promise<void> {
    this.transport = this.#all.wire.transport({ self: this.self, admission: () => "member" });
    const cluster = this.view();
    this.records = await createRecords(env, { log: new MemoryLog(env, this.disk), transport: this.transport, cluster, signer: { host: this.key, delegation: () => this.delegation }, network, isFounder: this.isFounder });
    await this.records.create(networkGenesis);
    await this.records.create(everywhere);
    this.records.start();
    this.isUp = true;
  }

  async stop(): Promise<void> {
    if (!this.isUp) return;
    this.isUp = false;
    await this.records?.stop();
    await this.transport.close();
    this.disk.crash();
  }

  view(): ClusterView {
    const all = this.#all;
    const active = (): readonly HostId[] => this.roster ?? all.active();
    const list = (shard: number): readonly HostId[] => (this.roster === undefined ? all.list(shard) : listOf(shard, this.roster));
    return {
      self: this.self,
      members: () => this.knows(),
      online: () => this.transport.connected().filter((host) => this.knows().includes(host)),
      replicas: (shard, count) => (shard === EVERYWHERE ? active() : list(shard).slice(0, count)),
      preferenceList: list,
      active,
      get layout(): string {
        return active().join();
      },
      settings: all.settings,
      isCoordinator: () => this.isCoordinator,
      exclusions: () => this.excludes,
      judge: (record, genesis) => this.judge(record, genesis),
    };
  }

  value(namespace: NamespaceId, key: string): string | undefined {
    return textOf(this.records.local(namespace, key));
  }

  /** What this host has heard of another's readiness. */
  publishedRank(other: TestHost, group: number): number {
    const value = this.records.local(networkNamespace, readyKeyOf(other.self))?.siblings[0]?.value;
    return value === undefined || value === null ? NOT_READY : readyCodec.decode(value).ranks[group]!;
  }

  put(namespace: NamespaceId, key: string, value: string | null): ReturnType<RunningRecords["write"]> {
    return this.records.write([{ namespace, key, value: value === null ? null : utf8(value) }]);
  }
}

function listOf(shard: number, hosts: readonly HostId[]): readonly HostId[] {
  return preferenceList(shard, hosts.map((host) => ({ host, zone: host, capacityBytes: 1 })));
}

/** The values of all siblings, in order. */
export function textOf(state: KeyState | undefined): string | undefined {
  return state?.siblings.map(({ value }) => fromUtf8(value!)).join("|");
}

export class TestHosts implements AsyncDisposable {
  readonly wire = new MemoryNetwork(env);
  readonly hosts: TestHost[];
  /** Declared gone, and not back. */
  readonly #gone = new Set<HostId>();
  /** What administrators have chosen. */
  settings = { horizonMs: 1e9 };
  #admitted: readonly TestHost[];
  readonly #lists = new Map<number, readonly HostId[]>();

  constructor(names: readonly string[]) {
    this.hosts = names.map((name) => new TestHost(this, name));
    this.#admitted = this.hosts;
  }

  static async of(...names: string[]): Promise<TestHosts> {
    const all = new TestHosts(names);
    for (const host of all.hosts) await host.start();
    await all.connect();
    return all;
  }

  members(): HostId[] {
    return this.#admitted.map(({ self }) => self);
  }

  /** All who take part for a shard, best first. */
  list(shard: number): readonly HostId[] {
    const known = this.#lists.get(shard) ?? listOf(shard, this.active());
    this.#lists.set(shard, known);
    return known;
  }

  /** The members that are not gone. */
  active(): HostId[] {
    return this.members().filter((host) => !this.#gone.has(host));
  }

  /** Says that a host is gone, or has come back. */
  declare(host: TestHost, isGone: boolean): void {
    if (isGone) this.#gone.add(host.self);
    else this.#gone.delete(host.self);
    this.#lists.clear();
  }

  /** Says who takes part; at first all do. */
  admit(hosts: readonly TestHost[]): void {
    this.#admitted = hosts;
    this.#lists.clear();
  }

  byId(id: HostId): TestHost {
    return this.hosts.find(({ self }) => self === id)!;
  }

  /** Connects each of the hosts that are up with each other of them, and leaves all others as they are. */
  async connect(hosts: readonly TestHost[] = this.hosts): Promise<void> {
    const up = hosts.filter(({ isUp }) => isUp);
    for (const [at, a] of up.entries()) {
      for (const b of up.slice(at + 1)) await a.transport.connect(b.self, [this.wire.addressOf(b.self)]);
    }
  }

  /** Cuts a host off from all others. */
  async isolate(host: TestHost): Promise<void> {
    for (const other of this.hosts) {
      if (other === host || !other.isUp || !host.isUp) continue;
      await host.transport.disconnect(other.self);
      await other.transport.disconnect(host.self);
    }
  }

  async restart(host: TestHost): Promise<void> {
    await host.start();
    for (const other of this.hosts) if (other !== host && other.isUp) await host.transport.connect(other.self, [this.wire.addressOf(other.self)]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.hosts.map((host) => host.stop()));
  }
}

/** Waits until something has become true. */
export async function until(what: string, isTrue: () => boolean, waitMs = 8000): Promise<void> {
  const endMs = env.clock.monotonicMs() + waitMs;
  while (!isTrue()) {
    if (env.clock.monotonicMs() > endMs) throw new Error(`It did not come about that ${what}`);
    await env.timers.sleep(3);
  }
}

/** Waits until every host that is up and takes part knows of all others of them that their copies of a namespace's group are complete. */
export async function settled(all: TestHosts, genesis: Genesis = everywhere, key = ""): Promise<void> {
  const group = shardOf(namespaceIdOf(genesis), genesis, key);
  const hosts = all.hosts.filter(({ isUp, self, records }) => isUp && records !== undefined && all.members().includes(self));
  const targets = hosts[0]!.view().replicas(group, genesis.replicas).map((id) => all.byId(id)).filter(({ isUp }) => isUp);
  await until("every host knows who is ready", () => {
    const isDone = hosts.every((host) => targets.every((target) => host.publishedRank(target, group) < Math.max(1, genesis.replicas)));
    if (!isDone) for (const host of hosts) host.records.workers()[0]!.nudge();
    return isDone;
  });
}
