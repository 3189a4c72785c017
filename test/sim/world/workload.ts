import type { Genesis } from "../../../src/cluster/index.ts";
import { namespaceIdOf } from "../../../src/cluster/index.ts";
import type { NamespaceId } from "../../../src/codec/index.ts";
import { genesisOf } from "../../../src/kv/genesis.ts";
import { codeOf } from "../../../src/platform/index.ts";
import type { Context, KeyState, Records } from "../../../src/records/index.ts";
import { EMPTY_CONTEXT } from "../../../src/records/index.ts";
import type { History, KnownWrite, Operation, OperationKind } from "./history.ts";
import { valueOf, versionsIn } from "./history.ts";
import type { SimHost } from "./host.ts";
import type { SeededRandom } from "./random.ts";
import type { World } from "./world.ts";

export interface Namespace {
  readonly id: NamespaceId;
  readonly genesis: Genesis;
  readonly keys: readonly string[];
}

/** What a read showed: the versions, and what to hand back when writing. */
export interface Shown {
  readonly namespace: NamespaceId;
  readonly key: string;
  readonly versions: readonly number[];
  readonly context: Context;
  /** No complete copy was in reach. */
  readonly isPartial: boolean;
}

/** Who wants to know what clients are told, as it happens. */
export interface Witness {
  wrote(operation: Operation, ids: readonly number[]): void;
  /** @param named a version that was asked for by its dot */
  read(operation: Operation, shown: Shown, named: KnownWrite | undefined): void;
}

export interface Load {
  /** Milliseconds between two operations of one client, on average. */
  readonly pauseMs: number;
  readonly clientsPerHost: number;
  readonly operations: number;
  /** Shares of one kind of operation among all. */
  readonly shares: Readonly<Record<"blind" | "delete" | "batch" | "read" | "fresh" | "scan" | "carry" | "named", number>>;
}

const LARGE = 3_000;
/** Writes that may still be on the way. */
const RECENT = 50;

/** What clients do, on all hosts at once, as long as there are operations left. */
export class Workload {
  readonly #world: World;
  readonly #history: History;
  readonly #namespaces: readonly Namespace[];
  readonly #load: Load;
  readonly #random: SeededRandom;
  readonly #witness: Witness;
  /** Contexts that clients carry from one host to another. */
  #carried: Shown[] = [];
  #isOver = false;

  constructor(world: World, history: History, namespaces: readonly Namespace[], load: Load, witness: Witness) {
    this.#world = world;
    this.#history = history;
    this.#namespaces = namespaces;
    this.#load = load;
    this.#random = world.random.fork();
    this.#witness = witness;
  }

  get isDone(): boolean {
    return this.#isOver || this.#history.operations.length >= this.#load.operations;
  }

  /** Clients of a host that is there from now on. */
  attend(host: SimHost): void {
    for (let client = 0; client < this.#load.clientsPerHost; client += 1) this.#next(host);
  }

  end(): void {
    this.#isOver = true;
  }

  /** What was read at a host is forgotten when its disk is set back: nobody may have heard of the versions read there but its readers. */
  forgetCarried(): void {
    this.#carried = [];
  }

  #next(host: SimHost): void {
    this.#world.time.after(this.#random.span(this.#load.pauseMs), () => {
      if (this.isDone || host.isRemoved) return;
      const records = host.circle?.records;
      if (records === undefined || host.isPaused) return this.#next(host);
      const again = (): void => this.#next(host);
      // A process that ends never answers.
      Promise.race([this.#act(host, records), host.ended]).then(again, again);
    });
  }

  async #act(host: SimHost, records: Records): Promise<void> {
    const { shares } = this.#load;
    let roll = this.#random.fraction();
    const is = (share: number): boolean => (roll -= share) < 0;
    const namespace = this.#random.pick(this.#namespaces);
    const key = this.#random.pick(namespace.keys);
    if (is(shares.read)) return void (await this.#read(host, records, namespace, key, false));
    if (is(shares.fresh)) return void (await this.#read(host, records, namespace, key, true));
    if (is(shares.named)) return this.#readNamed(host, records);
    if (is(shares.scan)) return this.#scan(host, records, namespace);
    if (is(shares.batch)) return this.#batch(host, records);
    if (is(shares.blind)) return this.#write(host, records, { namespace: namespace.id, key, versions: [], context: EMPTY_CONTEXT, isPartial: false });
    if (is(shares.carry) && this.#carried.length > 0) return this.#write(host, records, this.#random.pick(this.#carried));
    const shown = await this.#read(host, records, namespace, key, this.#random.chance(0.2));
    if (shown !== undefined) await this.#write(host, records, shown);
  }

  /** Somebody carries to another host what was answered to their write. */
  async #readNamed(host: SimHost, records: Records): Promise<void> {
    const last = this.#history.writes.slice(-RECENT);
    const named = last.length === 0 ? undefined : this.#random.pick(last);
    const namespace = this.#namespaces.find(({ id }) => id === named?.namespace);
    if (named?.dot !== undefined && !named.isDeletion && namespace !== undefined) await this.#read(host, records, namespace, named.key, false, named);
  }

  async #read(host: SimHost, records: Records, { id }: Namespace, key: string, fresh: boolean, named?: KnownWrite): Promise<Shown | undefined> {
    const operation = this.#begin(fresh ? "fresh read" : "read", host);
    const seen = named?.dot === undefined ? [] : [{ namespace: id, key, dot: named.dot }];
    const answer = await this.#answer(operation, records.read(id, key, { fresh, seen }));
    if (answer === undefined) return undefined;
    const shown = shownBy(id, key, answer.value);
    this.#witness.read(operation, shown, named);
    if (shown.versions.length > 0) this.#carry(shown);
    this.#say(operation, `${nameOf(shown)} = ${shown.versions.join()}${shown.isPartial ? " in part" : ""}${named === undefined ? "" : ` naming ${named.id}`}`);
    return shown;
  }

  async #scan(host: SimHost, records: Records, { id }: Namespace): Promise<void> {
    const operation = this.#begin("scan", host);
    const answer = await this.#answer(operation, records.scan(id, { limit: 1 + this.#random.below(20) }));
    this.#say(operation, answer === undefined ? "" : `${answer.value.entries.length} ${answer.value.next ?? ""}`);
  }

  async #write(host: SimHost, records: Records, shown: Shown): Promise<void> {
    await this.#put("write", host, records, [shown]);
  }

  async #batch(host: SimHost, records: Records): Promise<void> {
    const all = Array.from({ length: 2 + this.#random.below(6) }, () => {
      const namespace = this.#random.pick(this.#namespaces);
      const carried = this.#carried.length > 0 && this.#random.chance(0.5) ? this.#random.pick(this.#carried) : undefined;
      return carried ?? { namespace: namespace.id, key: this.#random.pick(namespace.keys), versions: [], context: EMPTY_CONTEXT, isPartial: false };
    });
    const distinct = new Map(all.map((shown) => [shown.namespace + shown.key, shown]));
    await this.#put("batch", host, records, [...distinct.values()]);
  }

  async #put(kind: OperationKind, host: SimHost, records: Records, over: readonly Shown[]): Promise<void> {
    const operation = this.#begin(kind, host);
    const { shares } = this.#load;
    const writes = over.map(({ namespace, key, versions }) => this.#history.write(operation, namespace, key, versions.length > 0 && this.#random.chance(shares.delete), versions));
    const asked = writes.map(({ id, namespace, key, isDeletion }, at) => ({ namespace, key, value: isDeletion ? null : valueOf(id, this.#random.chance(0.02) ? LARGE : 0), context: over[at]!.context }));
    const answer = await this.#answer(operation, records.write(asked));
    if (answer === undefined) return;
    writes.forEach((write, at) => {
      write.dot = answer.value.dots[at];
      write.copies = answer.value.copies;
      write.isSafe = answer.value.safe;
    });
    this.#witness.wrote(operation, writes.map(({ id }) => id));
    const said = writes.map((write) => `${nameOf(write)} = ${write.isDeletion ? "nothing, by " : ""}${write.id} over ${write.read.join()}`);
    this.#say(operation, `${said.join("; ")}: ${answer.value.copies} ${answer.value.safe}`);
  }

  #begin(kind: OperationKind, host: SimHost): Operation {
    return this.#history.begin(kind, host, this.#world.time.nowMs);
  }

  /** What came of a call; undefined when it failed. A refusal was not done, anything else may have been. */
  async #answer<T>(operation: Operation, call: Promise<T>): Promise<{ readonly value: T } | undefined> {
    try {
      const value = await call;
      if (!operation.host.isStill(operation.life)) return undefined;
      operation.outcome = "ok";
      return { value };
    } catch (error) {
      if (!operation.host.isStill(operation.life)) return undefined;
      const code = codeOf(error);
      operation.outcome = isRefusal(code) ? "failed" : "unknown";
      this.#say(operation, String(code));
      return undefined;
    } finally {
      operation.endedMs = this.#world.time.nowMs;
    }
  }

  #carry(shown: Shown): void {
    if (this.#carried.length < 50) this.#carried.push(shown);
    else this.#carried[this.#random.below(this.#carried.length)] = shown;
  }

  #say({ number, kind, host, outcome }: Operation, what: string): void {
    this.#world.trace.add(`${host.name} operation ${number} ${kind} ${outcome} ${what}`);
  }
}

/** For the trace. */
function nameOf({ namespace, key }: Pick<Shown, "namespace" | "key">): string {
  return `${namespace.slice(0, 6)}/${key}`;
}

/** Codes by which a host says that it has done nothing. */
function isRefusal(code: string | undefined): boolean {
  return code !== undefined && ["REFUSED", "TOO_LARGE", "UNKNOWN_NAMESPACE", "NOT_DELEGATED", "NOT_HELD", "OUTBOX_FULL", "BAD_RECORD", "NOT_YET", "LOG_FULL"].includes(code);
}

export function shownBy(namespace: NamespaceId, key: string, state: KeyState | undefined): Shown {
  const versions = (state?.siblings ?? []).flatMap(({ value }) => (value === null ? [] : versionsIn(value)));
  return { namespace, key, versions, context: state?.context ?? EMPTY_CONTEXT, isPartial: state?.isPartial === true };
}

/** Namespaces of every kind that the layout treats in its own way; many of their keys begin with another one. */
export function namespacesOf(world: World, random: SeededRandom, keysEach: number): Namespace[] {
  const plans = [
    { replicas: 3, subShards: 1 },
    { replicas: 3, subShards: 4 },
    { replicas: 0, subShards: 1 },
    { replicas: 2, subShards: 1 },
  ];
  const chosen = random.shuffled(plans).slice(0, 1 + random.below(plans.length));
  return chosen.map(({ replicas, subShards }, at) => {
    const genesis = genesisOf(world.network.id, null, `namespace-${at}`, { replicas, shards: subShards });
    return { id: namespaceIdOf(genesis), genesis, keys: Array.from({ length: keysEach }, (_, key) => `k${key.toString(2)}`) };
  });
}
