import type { HostId, NamespaceId, PackId } from "../../codec/index.ts";
import { CodecError } from "../../codec/index.ts";
import type { Env } from "../../platform/index.ts";
import { mayGo } from "./fate.ts";
import type { PoolKey } from "./keys.ts";
import { CLAIM_PREFIX, PACK_PREFIX, claimsOf, isPoolKey, packKey, readKey } from "./keys.ts";
import type { PackBody, PackOutline } from "./pack-record.ts";
import { decodeBody, decodeOutline, decodePackRecord } from "./pack-record.ts";
import type { KeyState } from "../../records/index.ts";
import type { PoolRecords } from "../parts.ts";
import type { Copies, Holding } from "../port.ts";

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

type Claimed = PoolKey & { readonly kind: "claim" };

/** What has been read of a pack; undefined what has not. */
interface Entry {
  /** Null where the records have no such pack, or have it deleted. */
  facts: PackFacts | null | undefined;
  holdings: readonly Holding[] | undefined;
}

/** Packs that stay in memory, some 2.7 KB each with six pieces. A host may know 300,000. */
const CACHED_MAX = 2048;
/** Packs looked at in one go when all are: some four milliseconds of reading, and fewer than are cached, so that each is still there when its holders are asked for. */
const PACKS_PAGE = 16;
const CLAIMS_PAGE = 256;
const LATELY_MAX = 8;
const NOBODY: readonly Holding[] = [];

/** Told which packs of a namespace have changed in the records. */
export type CatalogListener = (namespace: NamespaceId, packs: ReadonlySet<PackId>) => void;

/**
 * The packs and their holders as this host's records say. They stay in the records: what is asked for is read from there, and only what was asked
 * for last is kept in memory. A deletion counts even when a value stands beside it.
 */
export class Catalog {
  readonly #env: Env;
  readonly #records: PoolRecords;
  /** By namespace and pack; the one that was used last stands last. */
  readonly #cached = new Map<string, Entry>();
  readonly #listeners = new Set<CatalogListener>();
  /** One string for each host, however many claims name it. */
  readonly #hosts = new Map<HostId, HostId>();
  /** Where packs were found lately, the latest first: most pieces on a disk belong to few namespaces. */
  #lately: NamespaceId[] = [];

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
    const known = this.#cached.get(nameOf(namespace, pack))?.facts;
    if (known !== undefined) return this.#entry(namespace, pack).facts ?? undefined;
    const facts = this.#readFacts(namespace, pack, this.#records.local(namespace, packKey(pack)));
    // One that is not there is mostly asked for on the way to where it is, and would only push others out.
    if (facts !== undefined) this.#entry(namespace, pack).facts = facts;
    return facts;
  }

  /** Every signed word that somebody holds a piece of the pack, members or not. */
  holdings(namespace: NamespaceId, pack: PackId): readonly Holding[] {
    const entry = this.#entry(namespace, pack);
    entry.holdings ??= this.#holdersOf(this.#claims(namespace, claimsOf(pack)));
    return entry.holdings;
  }

  /**
   * The packs of a namespace that are not deleted, page by page in the order of their ids. One that is there throughout comes once. The
   * holders of each come from the same pages: who asks for them before the next pack has them without a look into the records.
   */
  *packs(namespace: NamespaceId): Generator<PackFacts> {
    for (let after: string | undefined, isMore = true; isMore; ) {
      const page = this.#records.localScan(namespace, { prefix: PACK_PREFIX, limit: PACKS_PAGE, ...(after === undefined ? {} : { after }) });
      yield* this.#page(namespace, page.entries);
      after = page.next;
      isMore = after !== undefined;
    }
  }

  /** The packs of all namespaces that this host knows. */
  *all(): Generator<PackFacts> {
    for (const namespace of this.#records.namespaces()) yield* this.packs(namespace);
  }

  /** The pack in each namespace that has it and has not deleted it. That is one, unless somebody copies another's record into a namespace of their own. */
  *everywhere(pack: PackId): Generator<PackFacts> {
    const lately = this.#lately;
    for (const namespace of lately) {
      const facts = this.facts(namespace, pack);
      if (facts !== undefined) yield this.#found(facts);
    }
    for (const namespace of this.#records.namespaces()) {
      const facts = lately.includes(namespace) ? undefined : this.facts(namespace, pack);
      if (facts !== undefined) yield this.#found(facts);
    }
  }

  /** The first of them; undefined where there is none. */
  find(pack: PackId): PackFacts | undefined {
    return this.everywhere(pack).next().value ?? undefined;
  }

  #found(facts: PackFacts): PackFacts {
    const { namespace } = facts;
    if (namespace !== this.#lately[0]) this.#lately = [namespace, ...this.#lately.filter((each) => each !== namespace)].slice(0, LATELY_MAX);
    return facts;
  }

  /** The whole record, blobs included. */
  body(namespace: NamespaceId, pack: PackId): PackBody | undefined {
    if (mayGo(this.#records, namespace, pack)) return undefined;
    for (const { value } of this.#records.local(namespace, packKey(pack))?.siblings ?? []) {
      if (value !== null) return this.#decode(value);
    }
    return undefined;
  }

  #page(namespace: NamespaceId, entries: readonly KeyState[]): PackFacts[] {
    const packs = entries.flatMap((state) => {
      const key = this.#read(state.key);
      return key === undefined ? [] : [{ pack: key.pack, state }];
    });
    const claims = Map.groupBy(this.#claimsOfRange(namespace, packs.at(0)?.pack, packs.at(-1)?.pack), ({ pack }) => pack);
    return packs.flatMap(({ pack, state }) => {
      const facts = this.#readFacts(namespace, pack, state);
      const entry = this.#entry(namespace, pack);
      entry.facts = facts ?? null;
      entry.holdings = this.#holdersOf(claims.get(pack) ?? []);
      return facts === undefined ? [] : [facts];
    });
  }

  #claimsOfRange(namespace: NamespaceId, first: PackId | undefined, last: PackId | undefined): Claimed[] {
    const found: Claimed[] = [];
    if (first === undefined || last === undefined) return found;
    // Keys of claims are in the order of their packs, which is that of the packs' own keys.
    for (const claim of this.#claims(namespace, CLAIM_PREFIX, CLAIM_PREFIX + first)) {
      if (claim.pack > last) break;
      found.push(claim);
    }
    return found;
  }

  *#claims(namespace: NamespaceId, prefix: string, from?: string): Generator<Claimed> {
    for (let after = from, isMore = true; isMore; ) {
      const page = this.#records.localScan(namespace, { prefix, limit: CLAIMS_PAGE, ...(after === undefined ? {} : { after }) });
      for (const { key } of page.entries) {
        const claim = this.#read(key);
        if (claim?.kind === "claim") yield claim;
      }
      after = page.next;
      isMore = after !== undefined;
    }
  }

  #holdersOf(claims: Iterable<Claimed>): readonly Holding[] {
    const holdings = Array.from(claims, ({ host, index }): Holding => ({ host: this.#known(host), index }));
    return holdings.length === 0 ? NOBODY : holdings;
  }

  #known(host: HostId): HostId {
    const known = this.#hosts.get(host) ?? host;
    this.#hosts.set(host, known);
    return known;
  }

  #entry(namespace: NamespaceId, pack: PackId): Entry {
    const name = nameOf(namespace, pack);
    const entry = this.#cached.get(name) ?? { facts: undefined, holdings: undefined };
    this.#cached.delete(name);
    this.#cached.set(name, entry);
    if (this.#cached.size > CACHED_MAX) this.#cached.delete(this.#cached.keys().next().value!);
    return entry;
  }

  /** What is in memory of a pack goes when its records change; it is read again when somebody asks. */
  #apply(namespace: NamespaceId, keys: readonly string[]): void {
    const changed = new Set<PackId>();
    for (const text of keys) {
      const key = isPoolKey(text) ? this.#read(text) : undefined;
      if (key === undefined) continue;
      this.#cached.delete(nameOf(namespace, key.pack));
      changed.add(key.pack);
    }
    if (changed.size === 0) return;
    for (const listener of this.#listeners) listener(namespace, changed);
  }

  #readFacts(namespace: NamespaceId, pack: PackId, state: KeyState | undefined): PackFacts | undefined {
    const value = state?.siblings.find((sibling) => sibling.value !== null)?.value;
    if (value === undefined || value === null || mayGo(this.#records, namespace, pack)) return undefined;
    const body = this.#orNothing("a pack record that cannot be read", () => decodeOutline(decodePackRecord(value).body));
    return body === undefined ? undefined : factsOf(namespace, pack, body);
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

function nameOf(namespace: NamespaceId, pack: PackId): string {
  return `${namespace}/${pack}`;
}

function factsOf(namespace: NamespaceId, pack: PackId, { k, m, copies, sizeBytes, pieceBytes, roots }: PackOutline): PackFacts {
  // The roots are copied: as views they would keep the whole record in memory.
  return { namespace, pack, k, m, copies, sizeBytes, pieceBytes, roots: roots.map((root) => root.slice()) };
}
