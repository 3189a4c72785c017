// A twin of the records for this room's tests: several hosts in one process, which can be parted and joined again.

import type { Genesis, JudgedRecord, Register, Roster, Verdict } from "../../cluster/index.ts";
import { namespaceIdOf } from "../../cluster/index.ts";
import type { AccountId, HostId, NamespaceId, NetworkId } from "../../codec/index.ts";
import { compareBytes, idFromBytes, utf8 } from "../../codec/index.ts";
import { sha256 } from "../../crypto/index.ts";
import type { Context, Dot, KeyState, Records, ScanPage, Write, WriteOptions, WriteResult } from "../../records/index.ts";
import { domainRule, nameRule, siteRule } from "../rules.ts";

export function namedId<Id extends AccountId | HostId | NetworkId>(name: string): Id {
  return idFromBytes<Id>(sha256(utf8(name)));
}

interface Version {
  readonly namespace: NamespaceId;
  readonly key: string;
  readonly dot: string;
  readonly supersedes: ReadonlySet<string>;
  readonly value: Uint8Array | null;
  readonly author: AccountId | null;
  readonly host: HostId;
}

/** The hosts of one network: who hears whom, and by what rules they store. */
export class FakeNetwork {
  readonly id = namedId<NetworkId>("network");
  readonly hosts: FakeRecords[] = [];
  readonly #parted = new Set<FakeRecords>();
  readonly administrators = new Set<AccountId>();
  roster: Roster;

  constructor(voters: readonly string[]) {
    this.roster = { network: this.id, networkName: "friends", founder: namedId("founder"), maxHosts: 10, members: new Map(), people: new Map(), voters: voters.map((name) => namedId<HostId>(name)) };
  }

  host(name: string, account: string | undefined): FakeRecords {
    const host = new FakeRecords(this, namedId<HostId>(name), account === undefined ? undefined : namedId<AccountId>(account));
    this.hosts.push(host);
    return host;
  }

  part(host: FakeRecords): void {
    this.#parted.add(host);
  }

  /** The host is back: everybody gets what the others have. */
  join(host: FakeRecords): void {
    this.#parted.delete(host);
    for (const other of this.hosts) for (const third of this.hosts) if (this.hear(other, third)) third.catchUp(other);
  }

  hear(from: FakeRecords, to: FakeRecords): boolean {
    return from !== to && !this.#parted.has(from) && !this.#parted.has(to);
  }

  judge(record: JudgedRecord, genesis: Genesis | undefined): Verdict {
    const people = new Map([...this.administrators].map((account) => [account, { isAdministrator: true }]));
    const register = { people } as unknown as Register;
    if ((record.namespace as string) === this.id) return (record.key.startsWith("domain/") ? domainRule : nameRule)(record, {} as Genesis, register);
    return siteRule(record, genesis!, register);
  }
}

export class FakeRecords implements Records {
  readonly self: HostId;
  readonly account: AccountId | undefined;
  /** Every batch that this host wrote, by its keys. */
  readonly batches: string[][] = [];
  /** How many durable copies each batch asked for. */
  readonly copiesAsked: (number | undefined)[] = [];
  readonly #network: FakeNetwork;
  readonly #geneses = new Map<NamespaceId, Genesis>();
  readonly #versions = new Map<string, Version[]>();
  readonly #listeners = new Set<(namespace: NamespaceId, keys: readonly string[]) => void>();
  #counter = 0;

  constructor(network: FakeNetwork, self: HostId, account: AccountId | undefined) {
    this.#network = network;
    this.self = self;
    this.account = account;
  }

  async create(genesis: Genesis): Promise<NamespaceId> {
    const id = namespaceIdOf(genesis);
    this.#geneses.set(id, genesis);
    return id;
  }

  genesis(namespace: NamespaceId): Genesis | undefined {
    return this.#geneses.get(namespace);
  }

  namespaces(): readonly NamespaceId[] {
    return [...this.#geneses.keys()];
  }

  async write(writes: readonly Write[], options: WriteOptions = {}): Promise<WriteResult> {
    const versions = writes.map((write) => this.#version(write, options.as === "host" ? null : this.account ?? null));
    for (const version of versions) {
      const verdict = this.#network.judge({ ...version, incarnation: 1, batch: 1 }, this.#geneses.get(version.namespace));
      if (verdict.kind !== "accept") throw new Error(`REFUSED ${JSON.stringify(verdict)}`);
    }
    this.batches.push(writes.map(({ key }) => key));
    this.copiesAsked.push(options.copies);
    this.apply(versions, this.#geneses);
    const others = this.#network.hosts.filter((host) => this.#network.hear(this, host));
    for (const other of others) other.apply(versions, this.#geneses);
    return { dots: [], copies: others.length + 1, safe: others.length > 0 || this.#network.hosts.length === 1 };
  }

  catchUp(other: FakeRecords): void {
    this.apply([...other.#versions.values()].flat(), other.#geneses);
  }

  apply(versions: readonly Version[], geneses: ReadonlyMap<NamespaceId, Genesis>): void {
    const applied = new Map<NamespaceId, string[]>();
    for (const version of versions) {
      const genesis = geneses.get(version.namespace);
      if (genesis !== undefined) this.#geneses.set(version.namespace, genesis);
      const place = placeOf(version.namespace, version.key);
      const had = this.#versions.get(place) ?? [];
      if (had.some((each) => each.dot === version.dot || each.supersedes.has(version.dot))) continue;
      this.#versions.set(place, [...had.filter((each) => !version.supersedes.has(each.dot)), version]);
      applied.set(version.namespace, [...(applied.get(version.namespace) ?? []), version.key]);
    }
    for (const [namespace, keys] of applied) for (const listener of this.#listeners) listener(namespace, keys);
  }

  local(namespace: NamespaceId, key: string, { deleted = false }: { readonly deleted?: boolean } = {}): KeyState | undefined {
    const versions = this.#versions.get(placeOf(namespace, key)) ?? [];
    const live = versions.filter(({ value }) => value !== null);
    if (live.length === 0 && !deleted) return undefined;
    const siblings = live.toSorted((a, b) => (a.dot < b.dot ? -1 : 1)).map(({ value, author }) => ({ dot: NO_DOT, value, author, wallMs: 0 }));
    return { key, siblings, context: contextOf(versions) };
  }

  deleted(namespace: NamespaceId, key: string): boolean {
    return this.#versions.get(placeOf(namespace, key))?.some(({ value }) => value === null) ?? false;
  }

  async honouredOf(): Promise<readonly never[]> {
    return [];
  }

  localScan(namespace: NamespaceId, options: { readonly prefix?: string; readonly after?: string; readonly limit?: number }): ScanPage {
    const prefix = placeOf(namespace, options.prefix ?? "");
    const keys = [...this.#versions.keys()].filter((place) => place.startsWith(prefix)).map((place) => place.slice(namespace.length + 1));
    const wanted = keys.filter((key) => options.after === undefined || compareBytes(utf8(key), utf8(options.after)) > 0).sort((a, b) => compareBytes(utf8(a), utf8(b)));
    const entries = wanted.map((key) => this.local(namespace, key)).filter((state) => state !== undefined);
    const page = entries.slice(0, options.limit ?? 1000);
    return { entries: page, next: page.length < entries.length ? page.at(-1)?.key : undefined };
  }

  async read(namespace: NamespaceId, key: string): Promise<KeyState | undefined> {
    return this.local(namespace, key);
  }

  async scan(namespace: NamespaceId, options: { readonly prefix?: string; readonly after?: string; readonly limit?: number }): Promise<ScanPage> {
    return this.localScan(namespace, options);
  }

  async follow(): Promise<void> {}

  async unfollow(): Promise<void> {}

  changes(): AsyncIterable<never> {
    throw new Error("not needed here");
  }

  onApplied(listener: (namespace: NamespaceId, keys: readonly string[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #version({ namespace, key, value, context }: Write, author: AccountId | null): Version {
    this.#counter += 1;
    const read = context === undefined ? contextOf(this.#versions.get(placeOf(namespace, key)) ?? []) : context;
    const supersedes = new Set(read.map(({ actor, upTo }) => `${actor.host}/${upTo}`));
    return { namespace, key, value, author, host: this.self, supersedes, dot: `${this.self}/${this.#counter}` };
  }
}

const NO_DOT: Dot = { actor: { host: namedId("nobody"), incarnation: 0 }, counter: 0 };

function placeOf(namespace: NamespaceId, key: string): string {
  return `${namespace} ${key}`;
}

/** Each entry stands for one dot here: enough for one who only hands the context back. */
function contextOf(versions: readonly Version[]): Context {
  const dots = new Set(versions.flatMap(({ dot, supersedes }) => [dot, ...supersedes]));
  return [...dots].map((dot) => {
    const [host, counter] = dot.split("/");
    return { actor: { host: host as HostId, incarnation: 1 }, upTo: Number(counter), extra: [] };
  });
}
