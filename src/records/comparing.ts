import type { HostId, NamespaceId } from "../codec/index.ts";
import { bytesOfId, compareBytes } from "../codec/index.ts";
import type { Env, TokenBucket } from "../platform/index.ts";
import { Breathing } from "../platform/index.ts";
import { ASK_NAMESPACES, ASK_RANGES, ASK_SUMS, MAX_RANGES } from "./compare-messages.ts";
import type { KeyRange, ListedKey, NamespacesAnswer, RangePart, WireSum } from "./compare-messages.ts";
import { RecordsError } from "./errors.ts";
import { fetchPages } from "./fetching.ts";
import type { Scope } from "./holdings.ts";
import { isInScope, markOf } from "./holdings.ts";
import { GROUPS, MAX_PAGE_HEADS } from "./limits.ts";
import type { Peers } from "./peers.ts";
import type { Extent, Ranges } from "./ranges.ts";
import { isSame, wireSum } from "./ranges.ts";
import type { Replica } from "./replica.ts";
import { rowHasTag } from "./row.ts";
import { compareKeys } from "./rows.ts";
import { Sum, SumTable } from "./sums.ts";

// Anti-entropy with one peer: what catching up by numbers misses, since a disk lost it or a program was wrong. Both keep sums over what
// they have of each namespace in each group. The peer is asked for the sums of all groups, over what both keep; of groups that differ for
// those of the namespaces; of namespaces that differ for those of ranges of keys, in parts that grow smaller until the peer lists the few
// keys that are left. What it lists and this host has not is fetched and applied as everything else. What only this host has the peer finds
// in the same way: being asked for ranges tells it that there is a difference. (Range-based set reconciliation, A. Meyer 2023.)

const QUESTION_TIMEOUT_MS = 10_000;
/** The peer may have to read a million rows, and whoever asked before comes first. */
const RANGES_TIMEOUT_MS = 120_000;
/** Followed namespaces named in one question. */
const NAMED_MAX = 16_384;
/** Parts of ranges still to be asked about; beyond, the comparison ends and the next one goes on. */
const OPEN_RANGES_MAX = 16_384;
/** Questions about ranges in one comparison, so that a peer that divides for ever comes to an end. */
const QUESTIONS_MAX = 4096;
const SUMS_STEP = 256;

export interface ComparisonParts {
  readonly env: Env;
  readonly replica: Replica;
  readonly peers: Peers;
  readonly pace: TokenBucket;
  readonly ranges: Ranges;
}

/** What a comparison came to. */
export interface Compared {
  /** Groups of which both have a complete copy. */
  readonly groups: number;
  /** Namespaces in groups in which the two differed. */
  readonly differing: number;
  /** Keys that were fetched. */
  readonly fetched: number;
}

export class Comparison {
  readonly #parts: ComparisonParts;
  readonly #peer: HostId;
  readonly #signal: AbortSignal;
  readonly #sums: SumTable;
  readonly #breathing: Breathing;
  readonly #wanted: { readonly namespace: NamespaceId; readonly key: string }[] = [];
  #questions = 0;
  #groups = 0;
  #differing = 0;
  #fetched = 0;

  constructor(parts: ComparisonParts, peer: HostId, signal: AbortSignal) {
    this.#parts = parts;
    this.#peer = peer;
    this.#signal = signal;
    this.#sums = new SumTable(parts.replica.stored);
    this.#breathing = new Breathing(parts.env, signal);
  }

  /** @throws NetError, PlatformError DEADLINE, CodecError, RecordsError; what was applied before stays */
  async run(): Promise<Compared> {
    const { peers, replica } = this.#parts;
    const groups = Array.from({ length: GROUPS }, (_, group) => ({ group, scope: replica.holdings.scope(group) })).filter(({ group, scope }) => replica.readiness.covers(group, markOf(scope)) && replica.holdings.wants(group, scope, 0));
    for (let asked = askable(groups), rest = groups; asked.length > 0; asked = askable(rest)) {
      rest = rest.slice(asked.length);
      const answer = await peers.ask(this.#peer, ASK_SUMS, { groups: asked }, QUESTION_TIMEOUT_MS, this.#signal);
      this.#groups += answer.groups.length;
      for (const { group, scope: theirs, ...theirSum } of answer.groups) {
        const ours = replica.holdings.scope(group);
        const { sum } = await sumOfGroup(replica, group, [ours, theirs], this.#breathing);
        if (!isSame(sum, theirSum)) await this.#namespaces(group, ours, theirs);
      }
    }
    await this.#fetch();
    return { groups: this.#groups, differing: this.#differing, fetched: this.#fetched };
  }

  async #namespaces(group: number, ours: Scope, theirs: Scope): Promise<void> {
    for (let after: NamespaceId | null = null; ; ) {
      const { namespaces, upTo }: NamespacesAnswer = await this.#parts.peers.ask(this.#peer, ASK_NAMESPACES, { group, scope: ours, after }, QUESTION_TIMEOUT_MS, this.#signal);
      if (upTo !== null && after !== null && compareIds(upTo, after) <= 0) throw new RecordsError("BAD_RECORD", "The other host answers a question for namespaces with those it named before.");
      const known = new Map<NamespaceId, WireSum>(namespaces.map(({ namespace, ...sum }) => [namespace, sum]));
      // What only this host has is the peer's to find; but it may have deleted all of it.
      for (const { namespace } of commonSums(this.#parts.replica, group, [ours, theirs], after)) {
        if (upTo !== null && compareIds(namespace, upTo) > 0) break;
        if (!known.has(namespace)) known.set(namespace, wireSum(new Sum()));
        await this.#breathing.breathe();
      }
      for (const [namespace, theirSum] of known) {
        const own = this.#sums.get(group, namespace);
        if (!isSame(own, theirSum)) await this.#extent({ namespace, group }, own);
        await this.#breathing.breathe();
      }
      if (upTo === null) return;
      after = upTo;
    }
  }

  async #extent(extent: Extent, own: Sum): Promise<void> {
    const { peers, ranges } = this.#parts;
    this.#differing += 1;
    // The last is taken first, so that one part is brought to its end before the next is opened.
    const open: (KeyRange & WireSum)[] = [{ from: "", to: null, ...wireSum(own) }];
    while (open.length > 0 && open.length <= OPEN_RANGES_MAX && this.#questions < QUESTIONS_MAX) {
      this.#questions += 1;
      const asked = open.splice(-MAX_RANGES);
      const { ranges: answers } = await peers.ask(this.#peer, ASK_RANGES, { ...extent, ranges: asked }, RANGES_TIMEOUT_MS, this.#signal);
      if (answers.length === 0 || answers.length > asked.length) throw new RecordsError("BAD_RECORD", "The other host answers a question for ranges with too few or too many.");
      open.push(...asked.slice(answers.length));
      for (const [at, answer] of answers.entries()) {
        if (answer.kind === "keys") await this.#want(extent.namespace, answer.value);
        if (answer.kind !== "parts") continue;
        for (const range of partsOf(asked[at]!, answer.value)) {
          const sum = await ranges.sum(extent, range, this.#breathing);
          if (range.sum === undefined || !isSame(sum, range.sum)) open.push({ from: range.from, to: range.to, ...wireSum(sum) });
        }
      }
    }
  }

  async #want(namespace: NamespaceId, listed: readonly ListedKey[]): Promise<void> {
    for (const { key, tag, isDeleted } of listed) {
      await this.#breathing.breathe();
      const row = this.#parts.replica.stored.raw(namespace, key);
      // A deletion of what is not here changes nothing, and may have been collected here.
      if (row === undefined ? isDeleted : rowHasTag(row, tag)) continue;
      this.#wanted.push({ namespace, key });
      if (this.#wanted.length >= MAX_PAGE_HEADS) await this.#fetch();
    }
  }

  async #fetch(): Promise<void> {
    const { replica } = this.#parts;
    const keys = this.#wanted.splice(0);
    for await (const { records, geneses, standing } of fetchPages(this.#parts, this.#peer, keys, this.#signal)) {
      await replica.apply({ kind: "asked", from: this.#peer, standing }, records, geneses);
    }
    this.#fetched += keys.length;
    replica.counters.count("keys healed by comparing", keys.length);
  }
}

type Part = KeyRange & { readonly sum: WireSum | undefined };

/** The consecutive parts of a range with the peer's sums; what the peer left out comes last, without. @throws RecordsError */
function partsOf({ from, to }: KeyRange, parts: readonly RangePart[]): Part[] {
  const ranges: Part[] = [];
  let begin = from;
  for (const [at, { to: end, ...sum }] of parts.entries()) {
    const isLast = at === parts.length - 1 && end === to;
    const isInside = end !== null && compareKeys(begin, end) < 0 && (to === null || compareKeys(end, to) < 0);
    if (!isLast && !isInside) throw new RecordsError("BAD_RECORD", "The other host divides a range into parts that are none.");
    ranges.push({ from: begin, to: end, sum });
    if (isLast) return ranges;
    begin = end!;
  }
  if (ranges.length === 0) throw new RecordsError("BAD_RECORD", "The other host divides a range into no parts.");
  return [...ranges, { from: begin, to, sum: undefined }];
}

function compareIds(a: NamespaceId, b: NamespaceId): number {
  return compareBytes(bytesOfId(a), bytesOfId(b));
}

/** As many groups as may be asked about at once, the first in any case. */
function askable(groups: readonly { readonly group: number; readonly scope: Scope }[]): readonly { readonly group: number; readonly scope: Scope }[] {
  let named = 0;
  const end = groups.findIndex(({ scope }) => (named += scope.followed.length) > NAMED_MAX);
  return end < 0 ? groups : groups.slice(0, Math.max(1, end));
}

/** The sums of namespaces in a group that all of these scopes contain, in the order of their ids. */
export function* commonSums(replica: Replica, group: number, scopes: readonly Scope[], beyond: NamespaceId | null): Generator<{ readonly namespace: NamespaceId; readonly sum: Sum }> {
  const table = new SumTable(replica.stored);
  for (let after = beyond; ; ) {
    const page = table.page(group, after, SUMS_STEP);
    for (const { namespace, sum } of page) {
      const genesis = replica.geneses.get(namespace);
      if (genesis !== undefined && scopes.every((scope) => isInScope(scope, namespace, genesis, group))) yield { namespace, sum };
    }
    if (page.length < SUMS_STEP) return;
    after = page.at(-1)!.namespace;
  }
}

export async function sumOfGroup(replica: Replica, group: number, scopes: readonly Scope[], breathing: Breathing): Promise<{ readonly sum: Sum; readonly namespaces: number }> {
  const total = new Sum();
  let namespaces = 0;
  for (const { sum } of commonSums(replica, group, scopes, null)) {
    total.join(sum);
    namespaces += 1;
    await breathing.breathe();
  }
  // A group without any has cost a look too, and there are many groups.
  await breathing.breathe();
  return { sum: total, namespaces };
}
