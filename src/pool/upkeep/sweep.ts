// How content that nothing uses any more goes. The owner's own hosts look for it, since only they can tell: a pack that no head in any history and
// no private entry names, at one look and again at a later one, is condemned by a record that a majority of the hosts have. It stays for as
// long as the network has chosen, 30 days unless it says otherwise. A pack that is found in use meanwhile is condemned no longer; one that is
// not, at a fresh look to which a majority has answered, gets its owner's tombstone, and its holders delete their pieces.
//
// Whoever uses a pack anew, which no record of theirs names yet, asks a majority first whether it was condemned long ago, and puts the content again if
// it was or if no majority answers. So of two devices of one person, parted or not, either the one that uses it hears that it is condemned, or
// what it writes is there for the fresh look of the other, long before the tombstone.
//
// Where content lies in several packs, because it was written anew, one of them is used for it and the others are not. They are condemned, and later
// deleted, only while each pack that is used in their stead is whole and, as a majority says, neither condemned nor deleted. A device says first that its
// pack is condemned, or is no longer, and then asks about the others: so of two devices that rely on each other's victim at least one hears of it.

import type { NamespaceId, PackId } from "../../codec/index.ts";
import type { WorkerTurn } from "../../platform/index.ts";
import { timePassed } from "../../platform/index.ts";
import { condemnedCodec, isCondemned } from "../record/fate.ts";
import { majorityOf } from "../record/holders.ts";
import type { KeepParts } from "../hold/hold.ts";
import { abortedKey, condemnedKey, packKey } from "../record/keys.ts";
import { unhurried } from "../patience.ts";
import { viewOf } from "./census.ts";
import { Lasting } from "./lasting.ts";
import { majorityWord } from "../record/majority-word.ts";
import { isThere, oldMs } from "./reliable.ts";
import { weigh } from "./weigh.ts";

/** What of a namespace's packs something uses. */
export interface PackUse {
  has(pack: PackId): boolean;
  /** The packs that are used for what this one has, too, and is not used for. Left out: no content lies in several packs. */
  insteadOf?(pack: PackId): Iterable<PackId>;
}

/** Throws where it cannot be told: then nothing is deleted. */
export type UsedPacks = (namespace: NamespaceId, signal: AbortSignal) => Promise<PackUse>;

/** A pack must have been found unused so long ago before it is condemned: what is being published is named only at the end. */
const FIRST_SEEN_MS = 3_600_000;
/** From the end of one look to the next. */
export const SWEEP_EVERY_MS = 3_600_000;

export interface SweepParts extends KeepParts {
  /** By type of namespace. */
  readonly used: ReadonlyMap<string, UsedPacks>;
  readonly condemnedForMs: () => number;
  readonly remove: (namespace: NamespaceId, packs: readonly PackId[]) => Promise<void>;
}

interface Done {
  condemned: number;
  spared: number;
  deleted: number;
}

/** "sweep": condemns what nothing uses, and deletes what has been condemned for long enough. */
export class Sweeper {
  readonly #with: SweepParts;
  /** Packs found unused, of each namespace. */
  readonly #unused = new Map<NamespaceId, Lasting>();

  constructor(parts: SweepParts) {
    this.#with = parts;
  }

  async turn({ signal, report }: WorkerTurn): Promise<void> {
    const { parts } = this.#with;
    if (!majorityOf(parts).isInReach) return report("waits for a majority of the hosts");
    const done: Done = { condemned: 0, spared: 0, deleted: 0 };
    const failures: unknown[] = [];
    const own = this.#own();
    for (const namespace of this.#unused.keys()) if (!own.includes(namespace)) this.#unused.delete(namespace);
    for (const namespace of own) {
      const type = parts.records.genesis(namespace)!.type;
      try {
        await this.#sweep(namespace, this.#with.used.get(type)!, done, signal);
      } catch (error) {
        signal.throwIfAborted();
        failures.push(error);
      }
    }
    report(`${done.condemned} packs condemned, ${done.spared} in use again, ${done.deleted} deleted`);
    if (failures.length > 0) throw failures[0];
  }

  #own(): NamespaceId[] {
    const { parts, used } = this.#with;
    const account = parts.delegation()?.account;
    if (account === undefined) return [];
    return parts.records.namespaces().filter((namespace) => {
      const genesis = parts.records.genesis(namespace);
      return genesis?.owner === account && used.has(genesis.type);
    });
  }

  async #sweep(namespace: NamespaceId, usedPacks: UsedPacks, done: Done, signal: AbortSignal): Promise<void> {
    const { env, parts, catalog, remove } = this.#with;
    const knownForMs = timePassed(env.clock);
    const used = await usedPacks(namespace, signal);
    const unused: PackId[] = [];
    for await (const { pack } of unhurried(env, catalog.packs(namespace), signal)) {
      if (!used.has(pack)) unused.push(pack);
      else if (isCondemned(parts.records, namespace, pack)) {
        await parts.records.write([{ namespace, key: condemnedKey(pack), value: null }], { copies: majorityOf(parts).count });
        done.spared += 1;
      }
    }
    this.#lasting(namespace).look(unused, SWEEP_EVERY_MS + oldMs(parts));
    for (const pack of unused) {
      signal.throwIfAborted();
      if (!isCondemned(parts.records, namespace, pack)) done.condemned += (await this.#condemn(namespace, pack, used)) ? 1 : 0;
      else if (await this.#isDue(namespace, pack, used)) {
        // The next look begins anew.
        if (knownForMs() > oldMs(parts)) return;
        await remove(namespace, [pack]);
        env.log.info("a pack that nothing used was deleted", { namespace, pack });
        done.deleted += 1;
      }
    }
  }

  #lasting(namespace: NamespaceId): Lasting {
    const lasting = this.#unused.get(namespace) ?? new Lasting(this.#with.env.clock);
    this.#unused.set(namespace, lasting);
    return lasting;
  }

  /** Whether the pack was unused at a former look, too, a while ago: one that has only just come back has old records at first. */
  #wasUnused(namespace: NamespaceId, pack: PackId): boolean {
    return this.#lasting(namespace).hasLasted(pack, Math.min(FIRST_SEEN_MS, this.#with.condemnedForMs() / 2));
  }

  async #condemn(namespace: NamespaceId, pack: PackId, used: PackUse): Promise<boolean> {
    const { parts } = this.#with;
    if (!this.#wasUnused(namespace, pack) || !this.#areWhole(namespace, used.insteadOf?.(pack) ?? [])) return false;
    const safe = await this.#say(namespace, pack);
    // One that few hosts have heard of would pass unnoticed by whoever asks the others: it is taken back, and said again at the next look.
    const stays = safe && (await this.#isReplaced(namespace, pack, used));
    if (!stays) await parts.records.write([{ namespace, key: condemnedKey(pack), value: null }]);
    return stays;
  }

  /** That it is condemned, from now on. False: by fewer hosts than a majority. */
  async #say(namespace: NamespaceId, pack: PackId): Promise<boolean> {
    const { env, parts } = this.#with;
    const value = condemnedCodec.encode({ sinceMs: Math.floor(env.clock.wallMs()) });
    const { safe } = await parts.records.write([{ namespace, key: condemnedKey(pack), value }], { copies: majorityOf(parts).count });
    return safe;
  }

  /** Whether the packs have all their pieces, as far as there are hosts for them. */
  #areWhole(namespace: NamespaceId, packs: Iterable<PackId>): boolean {
    const { parts, catalog } = this.#with;
    const view = viewOf(parts);
    return [...packs].every((pack) => {
      const facts = catalog.facts(namespace, pack);
      if (facts === undefined) return false;
      const { survives, shortPieces } = weigh(facts, catalog.holdings(namespace, pack), view);
      return survives >= 0 && shortPieces === 0;
    });
  }

  /** Whether all that is used of the pack's content lies in others that stay, as a majority says. */
  async #isReplaced(namespace: NamespaceId, pack: PackId, used: PackUse): Promise<boolean> {
    const others = [...(used.insteadOf?.(pack) ?? [])];
    for (const other of others) {
      const words = await Promise.all([condemnedKey, abortedKey].map((keyOf) => majorityWord(this.#with, namespace, keyOf(other))));
      if (words.some((word) => word === undefined || word.values.length > 0) || !(await isThere(this.#with, namespace, other))) return false;
    }
    return this.#areWhole(namespace, others);
  }

  async #isDue(namespace: NamespaceId, pack: PackId, used: PackUse): Promise<boolean> {
    const { env, condemnedForMs } = this.#with;
    if (!this.#wasUnused(namespace, pack)) return false;
    // As a majority says, which knows whether another device found it in use.
    const word = await majorityWord(this.#with, namespace, condemnedKey(pack));
    const sincesMs = (word?.values ?? []).map((value) => condemnedCodec.decode(value).sinceMs);
    if (sincesMs.length === 0) return false;
    // Of several the youngest counts, and one from the future waits until then: a second device makes it no sooner.
    const sinceMs = Math.max(...sincesMs);
    if (this.#isYoungerThan(namespace, pack, sinceMs)) {
      // By a clock that was wrong, as of a machine that keeps no time while it is off.
      await this.#say(namespace, pack);
      return false;
    }
    return env.clock.wallMs() - sinceMs >= condemnedForMs() && this.#isReplaced(namespace, pack, used);
  }

  /** Whether the owner wrote the pack only after that, and not in the future: then nobody can have found it unused at that time. Any member may bring it again later. */
  #isYoungerThan(namespace: NamespaceId, pack: PackId, timeMs: number): boolean {
    const { env, parts } = this.#with;
    const owner = parts.records.genesis(namespace)?.owner;
    const written = (parts.records.local(namespace, packKey(pack))?.siblings ?? []).filter(({ author }) => author === owner);
    const writtenMs = Math.min(...written.map(({ wallMs }) => wallMs));
    return timeMs < writtenMs && writtenMs <= env.clock.wallMs();
  }
}
