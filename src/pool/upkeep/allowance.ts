import type { AccountId, HostId, NamespaceId, PackId } from "../../codec/index.ts";
import type { Env, Rate } from "../../platform/index.ts";
import { Budgets } from "../../platform/index.ts";
import { claimCodec } from "../record/claim.ts";
import type { Catalog } from "../record/catalog.ts";
import { CLAIM_PREFIX, claimKey } from "../record/keys.ts";
import type { PoolParts } from "../parts.ts";

// How much of this host's disk others may fill for a person, and how fast. A host goes by its own records, so those of a partition may together
// take in more than a person may have; whoever is over takes nothing more until they are under again. What is kept already is moved and made anew
// all the same, whatever its owner's quota has become: that repair and hosts that are emptied lose nothing goes before what people may have.

/** So many pieces a second are promised to one host, and in one person's name; a writer of the smallest packs stays below it. */
const PEER_RATE: Rate = { perSecond: 200, burst: 2_000 };
const PERSON_RATE: Rate = { perSecond: 400, burst: 4_000 };
/** A count is taken anew for a refusal at most so often. */
const RECOUNT_MS = 2_000;
/** And so long after the last one although nobody was refused: what deletions have freed was not followed. */
const REFRESH_MS = 600_000;
/** Who asks waits so long for a count, which a host with very many packs takes longer for, and is told then to ask again: they wait little longer. */
const COUNT_WAIT_MS = 2_000;
const ASK_AGAIN: Denial = { kind: "later", value: { waitMs: 1_000 } };
/** A piece whose claim has not come by then was given up, or its pack is brought back by this host and counted like others. */
const COMING_MS = 3_600_000;
/** Claims that are remembered since the last count; where more come before anybody asks for space, the next who asks has it taken anew. */
const SEEN_MAX = 10_000;

/** Reads how much all pieces of everybody's packs take, anew. */
export type CountUse = () => Promise<ReadonlyMap<AccountId, number>>;

/** A piece that somebody is to have space for. */
export interface Asked {
  readonly namespace: NamespaceId;
  readonly pack: PackId;
  readonly index: number;
  readonly sizeBytes: number;
}

/** Why not, or undefined: it may come. */
export type Denial = { readonly kind: "overQuota"; readonly value: { readonly overBytes: number } } | { readonly kind: "later"; readonly value: { readonly waitMs: number } };

export interface AllowanceParts extends Pick<PoolParts, "self" | "roster" | "records"> {
  readonly catalog: Pick<Catalog, "facts" | "holdings">;
}

export class Allowance {
  readonly #env: Env;
  readonly #parts: AllowanceParts;
  readonly #count: CountUse;
  readonly #budgets: Budgets;
  /** What was counted last, and the claims that have come since. */
  #counted: ReadonlyMap<AccountId, number> = new Map();
  #since = new Additions();
  /** Those that have come since the count that is under way began. */
  #meanwhile: Additions | undefined;
  /** Pieces that were promised or taken in here, by the claim that will count them. */
  readonly #coming = new Map<string, { readonly account: AccountId; readonly sizeBytes: number; readonly sinceMs: number }>();
  #isStale = true;
  #countedMs = -Infinity;
  #counting: Promise<void> | undefined;

  constructor(env: Env, parts: AllowanceParts, count: CountUse) {
    this.#env = env;
    this.#budgets = new Budgets(env.clock);
    this.#parts = parts;
    this.#count = count;
  }

  /** Follows the records until the function returned is called. */
  follow(): () => void {
    return this.#parts.records.onApplied((namespace, keys) => {
      for (const key of keys) if (key.startsWith(CLAIM_PREFIX)) this.#applied(namespace, key);
    });
  }

  #applied(namespace: NamespaceId, key: string): void {
    this.#isStale = true;
    this.#coming.delete(key);
    if (this.#since.size >= SEEN_MAX && this.#counting === undefined) this.#forget();
    // Before the first count there is nothing to add to, and it will have the claim.
    if (!this.#isCounted && this.#counting === undefined) return;
    const account = this.#parts.records.genesis(namespace)?.owner ?? undefined;
    const claim = this.#parts.records.local(namespace, key)?.siblings.find(({ value }) => value !== null)?.value;
    if (account === undefined || claim === undefined || claim === null) return;
    const { sizeBytes } = claimCodec.decode(claim);
    this.#since.add(key, account, sizeBytes);
    this.#meanwhile?.add(key, account, sizeBytes);
  }

  get #isCounted(): boolean {
    return this.#countedMs > -Infinity;
  }

  #forget(): void {
    this.#countedMs = -Infinity;
    this.#since = new Additions();
  }

  /** Whose the piece is: the namespace's owner, or the asking host's person where this host does not know the namespace yet. */
  #accountOf(from: HostId, { namespace }: Asked): AccountId | undefined {
    const { records, roster } = this.#parts;
    return records.genesis(namespace)?.owner ?? roster().members.get(from)?.account;
  }

  /**
   * Whether a piece may come because its pack is kept already. This host itself goes by its own records, for repair or because all hosts are to have
   * the pack. When another one asks, a record alone proves nothing, since its owner can write it before there is any piece: k + 1 hosts must
   * claim the pack, or the asking host must hold it for another person, and hand it on.
   */
  #isKept(from: HostId, account: AccountId, { namespace, pack }: Asked): boolean {
    const { self, catalog, roster } = this.#parts;
    const facts = catalog.facts(namespace, pack);
    if (facts === undefined || from === self) return facts !== undefined;
    const { members } = roster();
    const isTrusted = (host: HostId): boolean => members.get(host)?.isSuspect === false;
    const holders = new Set(catalog.holdings(namespace, pack).map(({ host }) => host).filter(isTrusted));
    return holders.size > facts.k || (holders.has(from) && members.get(from)?.account !== account);
  }

  /** Whether space may be promised. */
  async denial(from: HostId, asked: Asked): Promise<Denial | undefined> {
    const account = this.#accountOf(from, asked);
    if (account === undefined || this.#isKept(from, account, asked)) return undefined;
    // Nobody's content would count against no quota. Its owner may have been let in a moment ago, and is known here soon.
    if (!this.#parts.roster().people.has(account)) return ASK_AGAIN;
    const waitMs = Math.max(this.#budgets.of(`host ${from}`, PEER_RATE).waitMs, this.#budgets.of(`person ${account}`, PERSON_RATE).waitMs);
    if (waitMs > 0) return { kind: "later", value: { waitMs } };
    if (!this.#isCounted) await this.#recountFor(from);
    else if (this.#isStale && this.#ageMs >= REFRESH_MS) void this.#recount();
    if (!this.#isCounted) return ASK_AGAIN;
    let overBytes = this.#over(account, asked);
    const isRecountDue = this.#counting !== undefined || (this.#isStale && this.#ageMs >= RECOUNT_MS);
    if (overBytes > 0 && isRecountDue) {
      await this.#recountFor(from);
      if (this.#counting !== undefined) return ASK_AGAIN;
      overBytes = this.#over(account, asked);
    }
    if (overBytes > 0) return { kind: "overQuota", value: { overBytes } };
    this.#budgets.of(`host ${from}`, PEER_RATE).take(1);
    this.#budgets.of(`person ${account}`, PERSON_RATE).take(1);
    return undefined;
  }

  get #ageMs(): number {
    return this.#env.clock.monotonicMs() - this.#countedMs;
  }

  /** The space was promised: it counts from now on. A piece that this host claims and has lost counts by its claim already, and no other comes when it is back. */
  promised(from: HostId, asked: Asked): void {
    const { self, catalog } = this.#parts;
    if (catalog.holdings(asked.namespace, asked.pack).some(({ host, index }) => host === self && index === asked.index)) return;
    const account = this.#accountOf(from, asked);
    if (account !== undefined) this.#coming.set(this.#nameOf(asked), { account, sizeBytes: asked.sizeBytes, sinceMs: this.#env.clock.monotonicMs() });
  }

  /** The promise was given back. */
  released(asked: Pick<Asked, "pack" | "index">): void {
    this.#coming.delete(this.#nameOf(asked));
  }

  #nameOf({ pack, index }: Pick<Asked, "pack" | "index">): string {
    return claimKey(pack, index, this.#parts.self);
  }

  #over(account: AccountId, { sizeBytes }: Asked): number {
    const limit = this.#parts.roster().people.get(account)?.quotaBytes;
    if (limit === undefined) return 0;
    let use = (this.#counted.get(account) ?? 0) + this.#since.of(account) + sizeBytes;
    for (const each of this.#coming.values()) if (each.account === account) use += each.sizeBytes;
    return Math.max(0, use - limit);
  }

  /** Counts, and returns when it is done, or when another host would wait no longer. This host itself has time. */
  async #recountFor(from: HostId): Promise<void> {
    const counting = this.#recount();
    if (from === this.#parts.self) return counting;
    const waited = Promise.withResolvers<void>();
    const timer = this.#env.timers.after(COUNT_WAIT_MS, waited.resolve);
    await Promise.race([counting, waited.promise]);
    timer.cancel();
  }

  /** Does not throw: what was known stays so when it cannot be counted anew. */
  #recount(): Promise<void> {
    const failed = (error: unknown): void => this.#env.log.warn("what people's packs take could not be counted", { error });
    return (this.#counting ??= this.#countAnew().catch(failed).finally(() => (this.#counting = undefined)));
  }

  async #countAnew(): Promise<void> {
    [this.#isStale, this.#meanwhile] = [false, new Additions()];
    try {
      this.#counted = await this.#count();
      // What came while it was counted may be in it or not: rather twice than not at all, until the next count.
      this.#since = this.#meanwhile;
    } catch (error) {
      this.#isStale = true;
      throw error;
    } finally {
      this.#meanwhile = undefined;
    }
    this.#countedMs = this.#env.clock.monotonicMs();
    for (const [name, { sinceMs }] of this.#coming) if (this.#countedMs - sinceMs > COMING_MS) this.#coming.delete(name);
  }
}

/** What claims have come to since a count, each claim once. */
class Additions {
  readonly #seen = new Set<string>();
  readonly #bytes = new Map<AccountId, number>();

  get size(): number {
    return this.#seen.size;
  }

  of(account: AccountId): number {
    return this.#bytes.get(account) ?? 0;
  }

  add(claim: string, account: AccountId, sizeBytes: number): void {
    if (this.#seen.has(claim)) return;
    this.#seen.add(claim);
    this.#bytes.set(account, this.of(account) + sizeBytes);
  }
}
