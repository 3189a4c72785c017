import type { Genesis } from "../cluster/index.ts";
import { groupsOf } from "../cluster/index.ts";
import type { NamespaceId, StoreId } from "../codec/index.ts";
import type { Shape } from "../codec/index.ts";
import { CodecError, codec, id, list, mapped, struct, uint } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import { Breathing } from "../platform/index.ts";
import { RecordsError } from "./errors.ts";
import { covers, markOf } from "./holdings.ts";
import { GROUPS } from "./limits.ts";
import type { Place } from "./numbering.ts";
import { START } from "./numbering.ts";
import type { Change } from "./port.ts";
import type { Replica } from "./replica.ts";
import { decodeHead, rowUnsealed } from "./row.ts";
import { wholeState } from "./rows.ts";
import { endOf, sequenceKey, sequenceOf, sequencePrefix } from "./tables.ts";

// The change feed. A position says, per group, up to which number of which store its bearer has seen everything: for the store that
// answers, and for every other store that this one had applied so far when the bearer had seen all that is here. Another
// host goes on from the entry of its own store, or else from the beginning: repeats are possible, omissions are not. A host that is behind
// shows keys as they were; so from its first word on the bearer counts as having seen no more of the others than that host has.

interface Seen {
  readonly store: StoreId;
  readonly group: number;
  readonly place: Place;
}

/** Entries of one position: each host that was ever caught up with, in each group of the namespace. */
const MAX_SEEN = 4096;
const MAX_POSITION_BYTES = 512 * 1024;
const STEP = 256;

const livesShape = list(struct({ life: uint(), groups: list(struct({ group: uint(GROUPS - 1), sequence: uint() }), GROUPS) }), MAX_SEEN);
const storesShape = list(struct({ store: id<StoreId>(), lives: livesShape }), MAX_SEEN);

/** Grouped by store and life, which are long and few: a position comes with every change. */
const seenShape: Shape<readonly Seen[]> = mapped(
  storesShape,
  (seen) =>
    [...Map.groupBy(seen, ({ store }) => store)].map(([store, here]) => {
      const lives = [...Map.groupBy(here, ({ place }) => place.life)];
      return { store, lives: lives.map(([life, each]) => ({ life, groups: each.map(({ group, place }) => ({ group, sequence: place.sequence })) })) };
    }),
  (stores) => {
    const seen = stores.flatMap(({ store, lives }) => lives.flatMap(({ life, groups }) => groups.map(({ group, sequence }) => ({ store, group, place: { life, sequence } }))));
    if (seen.length > MAX_SEEN) throw new CodecError(`A feed's position has more than ${MAX_SEEN} entries.`);
    return seen;
  },
);

const seenCodec = codec<readonly Seen[]>("A feed's position", 1, MAX_POSITION_BYTES, seenShape);

export function encodePositionText(seen: readonly Seen[]): string {
  return Buffer.from(seenCodec.encode(seen.slice(0, MAX_SEEN))).toString("base64url");
}

/** @throws RecordsError BAD_POSITION */
export function decodePositionText(text: string): readonly Seen[] {
  try {
    if (text.length > MAX_POSITION_BYTES * 2 || !/^[A-Za-z0-9_-]*$/.test(text)) throw new CodecError("It is not base64url.");
    return seenCodec.decode(new Uint8Array(Buffer.from(text, "base64url")));
  } catch (error) {
    throw new RecordsError("BAD_POSITION", "This is no position of a change feed. Start without one to get all changes from the beginning.", { cause: error });
  }
}

/** @throws RecordsError BAD_POSITION */
export function checkPosition(text: string): void {
  decodePositionText(text);
}

/** One reader's way through the changes of a namespace. */
export class Feed {
  readonly #env: Env;
  readonly #replica: Replica;
  readonly #namespace: NamespaceId;
  readonly #genesis: Genesis;
  readonly #groups: readonly number[];
  /** Numbers of this store, per group. */
  readonly #reached = new Map<number, number>();
  /** What the reader has seen of other stores: what it came with, and more each time it has seen all that is here. */
  #others: readonly Seen[];

  /** @throws RecordsError BAD_POSITION */
  constructor(env: Env, replica: Replica, namespace: NamespaceId, genesis: Genesis, position: string | undefined) {
    this.#env = env;
    this.#replica = replica;
    this.#namespace = namespace;
    this.#genesis = genesis;
    this.#groups = groupsOf(namespace, genesis);
    const seen = position === undefined ? [] : decodePositionText(position);
    const { numbering } = replica;
    for (const group of this.#groups) {
      const own = seen.find((each) => each.store === numbering.store && each.group === group);
      this.#reached.set(group, numbering.resolve(own?.place ?? START));
    }
    this.#others = asFarAsBoth(seen, this.#applied());
  }

  /** Yields what there is and then what comes, until the signal. @throws RecordsError NOT_HELD, also later, when the copy is given up */
  async *run(signal: AbortSignal): AsyncGenerator<Change> {
    let wake = (): void => {};
    const stop = this.#replica.onCommit(({ changed }) => {
      if (changed.some(({ namespace }) => namespace === this.#namespace) || !this.#isKept()) wake();
    });
    const abort = (): void => wake();
    signal.addEventListener("abort", abort);
    try {
      while (!signal.aborted) {
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        if (!this.#isKept()) throw new RecordsError("NOT_HELD", `This host keeps no whole copy of namespace ${this.#namespace}, so it does not see all changes. Follow it first.`);
        yield* this.#catchUp(signal);
        if (!signal.aborted) await promise;
      }
    } finally {
      stop();
      signal.removeEventListener("abort", abort);
    }
  }

  /** It may be given up at any time. */
  #isKept(): boolean {
    return this.#groups.every((group) => this.#replica.holdings.holds(this.#namespace, this.#genesis, group));
  }

  async *#catchUp(signal: AbortSignal): AsyncGenerator<Change> {
    const breathing = new Breathing(this.#env);
    for (;;) {
      const page = await this.#next(breathing, signal);
      if (page.length === 0) return;
      for (const { key, group, sequence } of page) {
        await breathing.breathe();
        if (signal.aborted) return;
        const row = this.#replica.stored.raw(this.#namespace, key);
        const siblings = row === undefined ? [] : rowUnsealed(row);
        // A row of which nothing counts any more is there, and stays: given a new number it would be met again at once, and for ever.
        if (row !== undefined) {
          this.#reached.set(group, sequence);
          yield { state: wholeState(key, siblings), position: this.#position() };
        } else if (!this.#isKept()) return;
        else await this.#pass(key, group, sequence);
      }
    }
  }

  /**
   * Goes past a change whose row is not there: it went with a copy that is kept again, or is damaged, and is no deletion. What is brought again has a
   * new number, and a row that could not be read only for a moment is given one; from then on nothing counts here as applied that lacks it. A deletion
   * that everybody has forgotten meanwhile is passed too, as it is by who comes later.
   */
  async #pass(key: string, group: number, sequence: number): Promise<void> {
    await this.#replica.renumber([{ namespace: this.#namespace, key }]);
    this.#reached.set(group, sequence);
  }

  /** The next changed keys of the namespace; none when there are no more, or at the signal. Passes over what the groups hold of others, which may be a million times as much. */
  async #next(breathing: Breathing, signal: AbortSignal): Promise<{ readonly key: string; readonly group: number; readonly sequence: number }[]> {
    // Looked up before the index: whatever these positions count is in the index by then, also when a commit comes in between.
    const others = this.#applied();
    for (const group of this.#groups) {
      for (;;) {
        await breathing.breathe();
        if (signal.aborted) return [];
        const entries = this.#replica.rows.scanLog(sequenceKey(group, this.#reached.get(group)! + 1), endOf(sequencePrefix(group)), STEP);
        const changes = entries.map(({ key, value }) => ({ ...decodeHead(value), group, sequence: sequenceOf(key) })).filter(({ namespace }) => namespace === this.#namespace);
        if (changes.length > 0) return changes;
        if (entries.length > 0) this.#reached.set(group, sequenceOf(entries.at(-1)!.key));
        if (entries.length < STEP) break;
      }
    }
    // All that is here has been seen, and so has all of other stores that is applied here.
    const isOld = ({ store, group }: Seen): boolean => others.some((each) => each.store === store && each.group === group);
    this.#others = [...others, ...this.#others.filter((each) => !isOld(each))];
    return [];
  }

  /** How far other stores have been applied here, where that is true of this namespace. */
  #applied(): Seen[] {
    const { holdings, positions } = this.#replica;
    return this.#groups.flatMap((group) => {
      const wanted = markOf(holdings.scope(group));
      return positions.of(group).filter(({ position }) => covers(position.mark, wanted)).map(({ store, position }) => ({ store, group, place: position.place }));
    });
  }

  #position(): string {
    const { store, life } = this.#replica.numbering;
    const own = this.#groups.map((group) => ({ store, group, place: { life, sequence: this.#reached.get(group)! } })).filter(({ place }) => place.sequence > 0);
    return encodePositionText([...own, ...this.#others]);
  }
}

/** What is in both, as far as it is. Numbers of different lives cannot be compared; the bearer sees those changes again. */
function asFarAsBoth(some: readonly Seen[], others: readonly Seen[]): readonly Seen[] {
  return some.flatMap(({ store, group, place }) => {
    const other = others.find((each) => each.store === store && each.group === group)?.place;
    return other?.life === place.life ? [{ store, group, place: { life: place.life, sequence: Math.min(place.sequence, other.sequence) } }] : [];
  });
}
