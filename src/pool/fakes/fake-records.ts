import type { Genesis, JudgedRecord, Verdict } from "../../cluster/index.ts";
import { namespaceIdOf } from "../../cluster/index.ts";
import type { AccountId, HostId, NamespaceId } from "../../codec/index.ts";
import { HoldfastError } from "../../platform/index.ts";
import type { KeyState, ReadOptions, ScanPage, Sibling, Write, WriteOptions, WriteResult } from "../../records/index.ts";
import type { PoolRecords } from "../parts.ts";
import type { Somebody } from "../record/rule.ts";

interface Version {
  readonly name: string;
  readonly sibling: Sibling;
  /** Names of the versions that its writer had read. */
  readonly read: readonly string[];
}

interface Operation {
  readonly namespace: NamespaceId;
  readonly genesis: Genesis;
  readonly key: string;
  readonly version: Version;
}

export type Batch = readonly Operation[];
type Judge = (record: JudgedRecord, genesis: Genesis, somebody: Somebody) => Verdict;
const ADMISSIONS: Somebody["admissions"] = new Map();

/** The records of all hosts of a test. A batch goes at once to every host that is up and hears of it, and to the others when they return. */
export class FakeReplication {
  readonly log: Batch[] = [];
  readonly hosts = new Map<HostId, FakeRecords>();
  readonly isUp: (a: HostId, b: HostId) => boolean;
  /** Hosts that are connected and answer nothing. */
  readonly mute = new Set<HostId>();
  #next = 0;

  constructor(isUp: (a: HostId, b: HostId) => boolean) {
    this.isUp = isUp;
  }

  nextName(): number {
    return this.#next++;
  }

  publish(from: HostId, batch: Batch): void {
    this.log.push(batch);
    for (const [host, records] of this.hosts) if (host === from || this.isUp(from, host)) records.take(batch);
  }

  catchUp(host: HostId): void {
    for (const batch of this.log) this.hosts.get(host)?.take(batch);
  }
}

/** One host's records, as far as the pool uses them: siblings, exact contexts and tombstones, without disk or wire. */
export class FakeRecords implements PoolRecords {
  readonly self: HostId;
  readonly #all: FakeReplication;
  readonly #account: AccountId;
  readonly #judge: Judge;
  readonly #wallMs: () => number;
  /** Whose packs are let in: the account whose records these are, and whoever a test adds. */
  readonly people = new Set<AccountId>();
  readonly #geneses = new Map<NamespaceId, Genesis>();
  readonly #versions = new Map<NamespaceId, Map<string, Version[]>>();
  readonly #seen = new Set<Batch>();
  /** Names of the versions that have come, and of those that one of them supersedes. */
  readonly #known = new Set<string>();
  readonly #listeners = new Set<(namespace: NamespaceId, keys: readonly string[]) => void>();
  /** Set to have the next writes fail. */
  broken: Error | undefined;

  constructor(all: FakeReplication, self: HostId, account: AccountId, judge: Judge, wallMs = (): number => 0) {
    this.#all = all;
    this.self = self;
    this.#account = account;
    this.#judge = judge;
    this.#wallMs = wallMs;
    this.people.add(account);
    all.hosts.set(self, this);
  }

  async create(genesis: Genesis): Promise<NamespaceId> {
    const namespace = namespaceIdOf(genesis);
    this.#geneses.set(namespace, genesis);
    return namespace;
  }

  genesis(namespace: NamespaceId): Genesis | undefined {
    return this.#geneses.get(namespace);
  }

  namespaces(): readonly NamespaceId[] {
    return [...this.#geneses.keys()];
  }

  async write(writes: readonly Write[], { as = "account" }: WriteOptions = {}): Promise<WriteResult> {
    if (this.broken !== undefined) throw this.broken;
    const author = as === "account" ? this.#account : null;
    const batch = writes.map(({ namespace, key, value, context }): Operation => {
      const genesis = this.#geneses.get(namespace);
      if (genesis === undefined) throw new HoldfastError("UNKNOWN_NAMESPACE", "no such namespace");
      const verdict = this.#judge({ namespace, key, value, author, host: this.self, incarnation: 1, batch: 1 }, genesis, { people: this.people, admissions: ADMISSIONS });
      if (verdict.kind !== "accept") throw new HoldfastError("REFUSED", verdict.why);
      const read = context === undefined ? this.#at(namespace, key).map(({ name }) => name) : [];
      const counter = this.#all.nextName();
      const sibling: Sibling = { dot: { actor: { host: this.self, incarnation: 1 }, counter }, value, author, wallMs: this.#wallMs() };
      return { namespace, genesis, key, version: { name: String(counter), sibling, read } };
    });
    this.#all.publish(this.self, batch);
    return { dots: batch.map(({ version }) => version.sibling.dot), copies: 1, safe: true };
  }

  take(batch: Batch): void {
    if (this.#seen.has(batch)) return;
    this.#seen.add(batch);
    this.#apply(batch);
  }

  #apply(operations: readonly Operation[]): void {
    const keys = new Map<NamespaceId, string[]>();
    for (const { namespace, genesis, key, version } of operations) {
      this.#geneses.set(namespace, genesis);
      if (this.#known.has(version.name)) continue;
      for (const name of [version.name, ...version.read]) this.#known.add(name);
      const space = this.#versions.get(namespace) ?? new Map<string, Version[]>();
      this.#versions.set(namespace, space);
      space.set(key, [...this.#at(namespace, key).filter(({ name }) => !version.read.includes(name)), version]);
      keys.set(namespace, [...(keys.get(namespace) ?? []), key]);
    }
    for (const [namespace, changed] of keys) for (const listener of this.#listeners) listener(namespace, changed);
  }

  /** Loses what this host knows of a namespace, as a disk would. */
  forget(namespace: NamespaceId): void {
    const keys = [...(this.#versions.get(namespace)?.keys() ?? [])];
    this.#versions.delete(namespace);
    for (const listener of this.#listeners) listener(namespace, keys);
  }

  local(namespace: NamespaceId, key: string): KeyState | undefined {
    const state = this.#state(namespace, key);
    return state.siblings.length === 0 ? undefined : state;
  }

  /** Fresh, as this is always read: with what every host that is up and answers has of this one key, and nothing else of theirs. */
  async read(namespace: NamespaceId, key: string, { deleted = false }: ReadOptions = {}): Promise<KeyState | undefined> {
    const answering = [...this.#all.hosts].filter(([host]) => host === this.self || (this.#all.isUp(this.self, host) && !this.#all.mute.has(host)));
    for (const [, records] of answering) for (const batch of records.#seen) this.#apply(batch.filter((each) => each.namespace === namespace && each.key === key));
    const state = this.#state(namespace, key);
    return deleted || state.siblings.length > 0 ? { ...state, answered: answering.length, isDeleted: this.deleted(namespace, key) } : undefined;
  }

  deleted(namespace: NamespaceId, key: string): boolean {
    return this.#at(namespace, key).some(({ sibling }) => sibling.value === null);
  }

  localScan(namespace: NamespaceId, { prefix = "", after = "", limit = 1000 }: { readonly prefix?: string; readonly after?: string; readonly limit?: number }): ScanPage {
    const keys = [...(this.#versions.get(namespace)?.keys() ?? [])].sort().filter((key) => key.startsWith(prefix) && key > after && this.local(namespace, key) !== undefined);
    const page = keys.slice(0, limit);
    return { entries: page.map((key) => this.local(namespace, key)!), next: keys.length > limit ? page.at(-1) : undefined };
  }

  onApplied(listener: (namespace: NamespaceId, keys: readonly string[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #state(namespace: NamespaceId, key: string): KeyState {
    return { key, siblings: this.#at(namespace, key).map(({ sibling }) => sibling).filter(({ value }) => value !== null), context: [] };
  }

  #at(namespace: NamespaceId, key: string): readonly Version[] {
    return this.#versions.get(namespace)?.get(key) ?? [];
  }
}
