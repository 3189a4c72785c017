import { ACCEPT, EVERYWHERE, delegate, preferenceList } from "../../cluster/index.ts";
import type { Delegation, Genesis } from "../../cluster/index.ts";
import { namespaceIdOf } from "../../cluster/index.ts";
import type { AccountId, HostId, NetworkId } from "../../codec/index.ts";
import { idFromBytes, idFromText, utf8 } from "../../codec/index.ts";
import type { KeyPair } from "../../crypto/index.ts";
import { keyPairFromSeed, sha256 } from "../../crypto/index.ts";
import type { MemoryTransport } from "../../net/index.ts";
import { MemoryNetwork } from "../../net/index.ts";
import type { Env } from "../../platform/index.ts";
import { machineEnv, silentLog } from "../../platform/index.ts";
import type { ClusterView, RunningRecords } from "../../records/index.ts";
import { createRecords } from "../../records/index.ts";
import { MemoryDisk, MemoryLog } from "../../store/index.ts";
import { createKv, kvNameRule, kvRule } from "../index.ts";
import type { Kv } from "../index.ts";

// For tests only: hosts of one network in one process, each of a person of its own, on the twins of disk and wire.

const env: Env = machineEnv(silentLog);

function keyOf(name: string): KeyPair {
  return keyPairFromSeed(sha256(utf8(name)));
}

const founder = idFromBytes<AccountId>(keyOf("founder").publicKey);
const networkGenesis: Genesis = { type: "network", network: null, owner: founder, replicas: 0, subShards: 1, rules: new Uint8Array(0), nonce: utf8("kv") };
export const networkNamespace = namespaceIdOf(networkGenesis);
export const network = idFromText<NetworkId>(networkNamespace);

export class KvHost {
  readonly self: HostId;
  readonly account: AccountId;
  records!: RunningRecords;
  kv!: Kv;
  transport!: MemoryTransport;
  readonly #all: KvHosts;
  readonly #key: KeyPair;
  readonly #delegation: Delegation;

  constructor(all: KvHosts, name: string) {
    this.#all = all;
    this.#key = keyOf(`host ${name}`);
    this.self = idFromBytes<HostId>(this.#key.publicKey);
    const person = keyOf(`person ${name}`);
    this.account = idFromBytes<AccountId>(person.publicKey);
    this.#delegation = delegate(person, { network, account: this.account, host: this.self, issuedMs: 1 });
  }

  async start(): Promise<void> {
    this.transport = this.#all.wire.transport({ self: this.self, admission: () => "member" });
    const log = new MemoryLog(env, new MemoryDisk(env.random));
    this.records = await createRecords(env, { log, transport: this.transport, cluster: this.#view(), signer: { host: this.#key, delegation: () => this.#delegation }, network });
    await this.records.create(networkGenesis);
    this.records.start();
    this.kv = createKv({ records: this.records, network, account: () => this.account });
  }

  async stop(): Promise<void> {
    await this.records.stop();
    await this.transport.close();
  }

  #view(): ClusterView {
    const members = (): HostId[] => this.#all.hosts.map(({ self }) => self);
    const list = (shard: number): HostId[] => preferenceList(shard, members().map((host) => ({ host, zone: host, capacityBytes: 1 })));
    // These rules look at the record and the genesis alone.
    const roster = {} as Parameters<typeof kvRule>[2];
    return {
      self: this.self,
      members,
      online: () => this.transport.connected(),
      replicas: (shard, count) => (shard === EVERYWHERE ? members() : list(shard).slice(0, count)),
      preferenceList: list,
      active: members,
      layout: "",
      settings: { horizonMs: 1e12 },
      isCoordinator: () => false,
      exclusions: () => [],
      judge: (record, genesis) => (genesis.type === "kv" ? kvRule(record, genesis, roster) : record.key.startsWith("kv/") ? kvNameRule(record, genesis, roster) : ACCEPT),
    };
  }
}

export class KvHosts implements AsyncDisposable {
  readonly wire = new MemoryNetwork(env);
  readonly hosts: readonly KvHost[];

  private constructor(names: readonly string[]) {
    this.hosts = names.map((name) => new KvHost(this, name));
  }

  static async of(...names: readonly string[]): Promise<KvHosts> {
    const all = new KvHosts(names);
    for (const host of all.hosts) await host.start();
    await all.connect();
    return all;
  }

  async connect(): Promise<void> {
    for (const [at, a] of this.hosts.entries()) {
      for (const b of this.hosts.slice(at + 1)) await a.transport.connect(b.self, [this.wire.addressOf(b.self)]);
    }
  }

  /** Cuts a host off from all others. */
  async isolate(host: KvHost): Promise<void> {
    for (const other of this.hosts) {
      if (other === host) continue;
      await host.transport.disconnect(other.self);
      await other.transport.disconnect(host.self);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.hosts.map((host) => host.stop()));
  }
}

/** Waits until something has become true. */
export async function until(what: string, isTrue: () => boolean | Promise<boolean>, waitMs = 8000): Promise<void> {
  const endMs = env.clock.monotonicMs() + waitMs;
  while (!(await isTrue())) {
    if (env.clock.monotonicMs() > endMs) throw new Error(`It did not come about that ${what}`);
    await env.timers.sleep(3);
  }
}
