import type { HostId, NamespaceId, PackId } from "../codec/index.ts";
import { CodecError } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import { mayGo } from "./fate.ts";
import { CLAIM_PREFIX, PACK_PREFIX, claimKey, isPoolKey, packKey, readKey } from "./keys.ts";
import type { PackBody } from "./pack-record.ts";
import { decodeBody, decodePackRecord } from "./pack-record.ts";
import type { PoolRecords } from "./parts.ts";
import type { Copies, Holding } from "./port.ts";

/** What must be known of a pack to read and keep it. The list of its blobs stays in the records: it is the larger part by far. */
export interface PackFacts {
  readonly namespace: NamespaceId;
  readonly pack: PackId;
  readonly k: number;
  readonly m: number;
  readonly copies: Copies;
  readonly sizeBytes: number;
  readonly pieceBytes: number;
  readonly roots: readonly Uint8Array[];
}

interface Entry {
  /** Undefined while only claims of the pack have come, or after it was deleted. */
  facts: PackFacts | undefined;
  holdings: readonly Holding[];
}

const PAGE = 500;
const NOBODY: readonly Holding[] = [];

/** Told which packs of a namespace have changed in the records. */
export type CatalogListener = (namespace: NamespaceId, packs: ReadonlySet<PackId>) => void;

/** The packs and their holders as this host's records say, kept up as records are applied. A deletion counts even when a value stands beside it. */
export class Catalog {
  readonly #env: Env;
  readonly #records: PoolRecords;
  readonly #spaces = new Map<NamespaceId, Map<PackId, Entry>>();
  readonly #listeners = new Set<CatalogListener>();
  /** One string for each host, however many claims name it. */
  readonly #hosts = new Map<HostId, HostId>();

  constructor(env: Env, records: PoolRecords) {
    this.#env = env;
    this.#records = records;
  }

  /** Follows the records until the function returned is called. */
  follow(): () => void {
    return this.#records.onApplied((namespace, keys) => this.#apply(namespace, keys));
  }

  onChange(listener: CatalogListener): void {
    this.#listeners.add(listener);
  }

  facts(namespace: NamespaceId, pack: PackId): PackFacts | undefined {
    return this.#space(namespace).get(pack)?.facts;
  }

  /** Every signed word that somebody holds a piece of the pack, members or not. */
  holdings(namespace: NamespaceId, pack: PackId): readonly Holding[] {
    return this.#space(namespace).get(pack)?.holdings ?? NOBODY;
  }

  /** The packs of a namespace that are not deleted. */
  *packs(namespace: NamespaceId): Generator<PackFacts> {
    for (const { facts } of this.#space(namespace).values()) {
      if (facts !== undefined) yield facts;
    }
  }

  /** The packs of all namespaces that this host knows. */
  *all(): Generator<PackFacts> {
    for (const namespace of this.#records.namespaces()) yield* this.packs(namespace);
  }

  /** Whether any namespace has the pack and has not deleted it. */
  isLive(pack: PackId): boolean {
    return this.#records.namespaces().some((namespace) => this.facts(namespace, pack) !== undefined);
  }

  /** The whole record, blobs included. */
  body(namespace: NamespaceId, pack: PackId): PackBody | undefined {
    if (mayGo(this.#records, namespace, pack)) return undefined;
    for (const { value } of this.#records.local(namespace, packKey(pack))?.siblings ?? []) {
      if (value !== null) return this.#decode(value);
    }
    return undefined;
  }

  /** A namespace's packs. Read from the records when first asked for, and kept from then on. */
  #space(namespace: NamespaceId): Map<PackId, Entry> {
    const known = this.#spaces.get(namespace);
    if (known !== undefined) return known;
    const space = new Map<PackId, Entry>();
    for (const key of this.#keys(namespace, PACK_PREFIX)) this.#take(space, namespace, key);
    for (const key of this.#keys(namespace, CLAIM_PREFIX)) this.#take(space, namespace, key);
    this.#spaces.set(namespace, space);
    return space;
  }

  *#keys(namespace: NamespaceId, prefix: string): Generator<string> {
    let after: string | undefined;
    do {
      const page = this.#records.localScan(namespace, { prefix, limit: PAGE, ...(after === undefined ? {} : { after }) });
      for (const { key } of page.entries) yield key;
      after = page.next;
    } while (after !== undefined);
  }

  #apply(namespace: NamespaceId, keys: readonly string[]): void {
    const ours = keys.filter(isPoolKey);
    if (ours.length === 0) return;
    const space = this.#space(namespace);
    const changed = new Set<PackId>();
    for (const key of ours) {
      const pack = this.#take(space, namespace, key);
      if (pack !== undefined) changed.add(pack);
    }
    for (const listener of this.#listeners) listener(namespace, changed);
  }

  /** Brings one key's entry to what the records say now, and says whose it is. */
  #take(space: Map<PackId, Entry>, namespace: NamespaceId, text: string): PackId | undefined {
    const key = this.#read(text);
    if (key === undefined) return undefined;
    const entry = space.get(key.pack) ?? { facts: undefined, holdings: NOBODY };
    if (key.kind !== "claim") {
      const body = this.body(namespace, key.pack);
      entry.facts = body === undefined ? undefined : factsOf(namespace, key.pack, body);
    } else {
      const others = entry.holdings.filter(({ host, index }) => host !== key.host || index !== key.index);
      const stands = this.#records.local(namespace, claimKey(key.pack, key.index, key.host))?.siblings.some(({ value }) => value !== null);
      entry.holdings = stands === true ? [...others, { host: this.#known(key.host), index: key.index }] : others;
    }
    if (entry.facts === undefined && entry.holdings.length === 0) space.delete(key.pack);
    else space.set(key.pack, entry);
    return key.pack;
  }

  #known(host: HostId): HostId {
    const known = this.#hosts.get(host) ?? host;
    this.#hosts.set(host, known);
    return known;
  }

  #read(text: string): ReturnType<typeof readKey> {
    return this.#orNothing("a record with a key that is none of the pool's", () => readKey(text));
  }

  #decode(value: Uint8Array): PackBody | undefined {
    return this.#orNothing("a pack record that cannot be read", () => decodeBody(decodePackRecord(value).body));
  }

  /** The rules let nothing malformed in, but a newer program may have written what this one cannot read. */
  #orNothing<T>(what: string, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      this.#env.log.warn("the pool passes over " + what, { error });
      return undefined;
    }
  }
}

function factsOf(namespace: NamespaceId, pack: PackId, body: PackBody): PackFacts {
  const { k, m, copies, sizeBytes, pieceBytes, roots } = body;
  // The roots are copied: as views they would keep the whole record in memory.
  return { namespace, pack, k, m, copies, sizeBytes, pieceBytes, roots: roots.map((root) => root.slice()) };
}
