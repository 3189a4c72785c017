import { ACCEPT, EVERYWHERE, namespaceIdOf } from "../../src/cluster/index.ts";
import type { Genesis } from "../../src/cluster/index.ts";
import type { HostId, NetworkId } from "../../src/codec/index.ts";
import { idFromBytes, idFromText, utf8 } from "../../src/codec/index.ts";
import { sha256 } from "../../src/crypto/index.ts";
import type { Env } from "../../src/platform/index.ts";
import { silentLog } from "../../src/platform/index.ts";
import type { ClusterView, Context, Dot, Proven } from "../../src/records/index.ts";
import { EMPTY_CONTEXT, Replica, sealerWith } from "../../src/records/index.ts";
import { contextOf } from "../../src/records/merge.ts";
import { sealCodec } from "../../src/records/record.ts";
import { batchKey, readU64 } from "../../src/records/tables.ts";
import { MemoryDisk, MemoryLog } from "../../src/store/index.ts";
import type { DiskImage } from "../../src/store/memory-disk.ts";
import type { SeededRandom } from "./random.ts";
import { KEYS } from "./scenario.ts";
import type { Shown, Subject } from "./scenario.ts";

const networkGenesis: Genesis = { type: "network", network: null, owner: null, replicas: 0, subShards: 1, rules: new Uint8Array(0), nonce: utf8("sim") };
const network = idFromText<NetworkId>(namespaceIdOf(networkGenesis));
const genesis: Genesis = { type: "kv", network, owner: null, replicas: 0, subShards: 1, rules: new Uint8Array(0), nonce: utf8("kv") };
const namespace = namespaceIdOf(genesis);
const geneses = new Map([[namespace, genesis]]);

// Signatures are proven elsewhere; here they would take most of the time.
const seal = sealerWith(() => new Uint8Array(64), network);

function simEnv(random: SeededRandom): Env {
  let nowMs = 0;
  return {
    clock: { wallMs: () => (nowMs += random.below(1000)), monotonicMs: () => nowMs },
    timers: {
      after: () => ({ cancel() {} }),
      sleep: () => Promise.resolve(),
    },
    random,
    log: silentLog,
  };
}

export interface Sabotage {
  /** Takes every incarnation from the disk as good. */
  readonly trustsItsDisk: boolean;
}

/** The daemon's own replica on a disk in memory, without the network around it. */
export class ReplicaSubject implements Subject<Proven, Context> {
  readonly #env: Env;
  readonly #disk: MemoryDisk;
  readonly #view: ClusterView;
  readonly #sabotage: Sabotage;
  /** By the wall clock, the one field that the replica leaves as it is for deletions too. */
  readonly #ids: Map<string, number>;
  #replica!: Replica;
  #backup: DiskImage | undefined;

  private constructor(random: SeededRandom, host: number, ids: Map<string, number>, sabotage: Sabotage) {
    this.#env = simEnv(random);
    this.#disk = new MemoryDisk(random);
    this.#ids = ids;
    this.#sabotage = sabotage;
    const self = idFromBytes<HostId>(sha256(utf8(`host ${host}`)));
    this.#view = { self, members: () => [self], online: () => [], replicas: (shard) => (shard === EVERYWHERE ? [self] : []), preferenceList: () => [self], exclusions: () => [], judge: () => ACCEPT };
  }

  /** @param ids shared by all hosts of a run: which write a record is */
  static async open(random: SeededRandom, host: number, ids: Map<string, number>, sabotage: Sabotage = { trustsItsDisk: false }): Promise<ReplicaSubject> {
    const subject = new ReplicaSubject(random, host, ids, sabotage);
    await subject.#open();
    return subject;
  }

  read(key: string): { readonly siblings: readonly Shown<Proven>[]; readonly context: Context } {
    const siblings = this.#replica.rows.siblings(namespace, key);
    return { siblings: siblings.map((record) => ({ id: this.#idOf(record.sealed.leaf), version: { ...record, batch: sealCodec.decode(record.sealed.seal).batch } })), context: contextOf(siblings) };
  }

  async write(key: string, id: number, isDeletion: boolean, context: Context | null): Promise<{ readonly dot: string; readonly version: Proven }> {
    const { delivery, dots } = await this.#replica.write([{ namespace, key, value: isDeletion ? null : utf8(`${id}`), context: context ?? EMPTY_CONTEXT }], "host");
    const version = delivery.items[0]!.record;
    this.#ids.set(Buffer.from(version.sealed.leaf).toString("latin1"), id);
    return { dot: nameOf(dots[0]!), version };
  }

  async receive(versions: readonly Proven[]): Promise<void> {
    const verdicts = await this.#replica.apply(versions, geneses);
    for (const verdict of verdicts) if (verdict.kind !== "ok") throw new Error(`a replica did not take a record: ${JSON.stringify(verdict)}`);
  }

  backUp(): void {
    this.#backup = this.#disk.image();
  }

  async restore(): Promise<boolean> {
    if (this.#backup === undefined) return false;
    this.#disk.restore(this.#backup);
    await this.#open();
    return true;
  }

  /** As after kill -9 or a power cut: everything that was answered is on the disk. */
  async restart(): Promise<void> {
    this.#disk.crash();
    await this.#open();
  }

  async settleIdentity(others: readonly ReplicaSubject[]): Promise<void> {
    for (const other of others) await this.receive(KEYS.flatMap((key) => other.read(key).siblings.map(({ version }) => version)));
    const { identity } = this.#replica;
    const highest = Math.max(...others.map((other) => other.#highestOf(identity.actor)));
    if (highest > identity.batch && !this.#sabotage.trustsItsDisk) await this.#replica.renew("another has seen more");
    else identity.confirm();
  }

  #highestOf(actor: Dot["actor"]): number {
    const known = this.#replica.rows.get(batchKey(actor));
    return known === undefined ? 0 : readU64(known, 0);
  }

  #idOf(leaf: Uint8Array): number {
    return this.#ids.get(Buffer.from(leaf).toString("latin1")) ?? -1;
  }

  async #open(): Promise<void> {
    this.#replica = await Replica.open(this.#env, { log: new MemoryLog(this.#env, this.#disk), cluster: this.#view, network, seal, delegation: () => undefined });
    await this.#replica.know(namespace, genesis);
    if (this.#sabotage.trustsItsDisk) this.#replica.identity.confirm();
  }
}

function nameOf({ actor, counter }: Dot): string {
  return `${actor.host.slice(0, 8)}.${actor.incarnation}:${counter}`;
}
