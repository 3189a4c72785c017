import { groupsOf, shardOf } from "../cluster/index.ts";
import type { Genesis } from "../cluster/index.ts";
import type { HostId, NamespaceId } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import type { UnsealedRecord } from "./batch.ts";
import { RecordsError } from "./errors.ts";
import { MAX_KEY_PAGES, MAX_SCAN_LIMIT } from "./limits.ts";
import { merge } from "./merge.ts";
import { ASK_FETCH, ASK_SCAN } from "./messages.ts";
import type { KeyState, ScanOptions, ScanPage } from "./port.ts";
import { firstReady } from "./reading.ts";
import type { Reader, ReaderParts } from "./reading.ts";
import { compareKeys, livePage, stateOf } from "./rows.ts";
import type { RangeOptions } from "./rows.ts";

const SCAN_TIMEOUT_MS = 5000;
/** Keys too large for a message that one page has of one part: up to 15 MiB each. */
const LARGE_MAX = 4;

/** Part of a group's keys, complete up to `next`. */
interface GroupPage {
  readonly keys: ReadonlyMap<string, readonly UnsealedRecord[]>;
  readonly next: string | undefined;
  readonly isReady: boolean;
}

/** Reads ranges of keys: from this host's own copy, else from the replicas, a namespace that is split from those of each part. */
export class Scanner {
  readonly #env: Env;
  readonly #parts: ReaderParts;
  readonly #reader: Reader;

  constructor(env: Env, parts: ReaderParts, reader: Reader) {
    this.#env = env;
    this.#parts = parts;
    this.#reader = reader;
  }

  /** @throws RecordsError NOT_HELD when a part of the namespace is kept by nobody in reach, NOT_YET */
  async scan(namespace: NamespaceId, genesis: Genesis, { seen = [], signal, ...range }: ScanOptions): Promise<ScanPage> {
    const page = await this.#page(namespace, genesis, range, signal);
    const { prefix = "", after } = range;
    const isInRange = (key: string): boolean => key.startsWith(prefix) && (after === undefined || compareKeys(key, after) > 0) && (page.next === undefined || compareKeys(key, page.next) <= 0);
    const keys = new Set(seen.filter((each) => each.namespace === namespace && isInRange(each.key)).map(({ key }) => key));
    if (keys.size === 0) return page;
    const states = new Map(page.entries.map((state) => [state.key, state]));
    for (const key of keys) {
      const state = await this.#reader.read(namespace, genesis, key, { seen, ...(signal === undefined ? {} : { signal }) });
      if (state === undefined || state.siblings.length === 0) states.delete(key);
      else states.set(key, state);
    }
    return { ...page, entries: [...states.values()].sort((a, b) => compareKeys(a.key, b.key)) };
  }

  async #page(namespace: NamespaceId, genesis: Genesis, options: RangeOptions, signal: AbortSignal | undefined): Promise<ScanPage> {
    const { rows, holdings } = this.#parts.replica;
    const groups = groupsOf(namespace, genesis);
    const areReady = (): boolean => groups.every((group) => holdings.isReady(namespace, genesis, group));
    if (areReady()) {
      const page = livePage(rows, namespace, options);
      // Not any more when a damaged row was met.
      if (areReady()) return page;
    }
    const limit = Math.min(Math.max(1, options.limit ?? MAX_SCAN_LIMIT), MAX_SCAN_LIMIT);
    // Before anybody is asked, as in a read: what leaves the outbox meanwhile may be missing in the answers.
    const own = this.#own(namespace, options, limit);
    const pages = await Promise.all(groups.map((group) => this.#group(namespace, genesis, group, options, limit, signal)));
    // A page is complete only up to where the first of its parts breaks off.
    const end = [...pages, own].map(({ next }) => next).filter((next) => next !== undefined).sort(compareKeys)[0];
    const found = new Map(pages.flatMap(({ keys }) => [...keys]));
    for (const [key, siblings] of own.keys) found.set(key, merge(found.get(key) ?? [], siblings));
    const states = [...found].filter(([key]) => end === undefined || compareKeys(key, end) <= 0).map(([key, siblings]) => stateOf(key, siblings)).filter((state) => state !== undefined);
    const page = cut(states.sort((a, b) => compareKeys(a.key, b.key)), limit, end);
    return pages.every(({ isReady }) => isReady) ? page : { ...page, isPartial: true };
  }

  async #group(namespace: NamespaceId, genesis: Genesis, group: number, options: RangeOptions, limit: number, signal: AbortSignal | undefined): Promise<GroupPage> {
    if (this.#parts.replica.holdings.isReady(namespace, genesis, group)) {
      const page = this.#own(namespace, options, limit);
      if (this.#parts.replica.holdings.isReady(namespace, genesis, group)) return page;
    }
    const hosts = this.#reader.candidates(genesis, group, false);
    const isCounted = this.#reader.counted(genesis, group);
    const ask = async (peer: HostId, stop: AbortSignal): Promise<GroupPage> => {
      const page = await this.#ask(peer, { namespace, group, prefix: options.prefix ?? "", after: options.after ?? null, limit }, stop);
      return { ...page, isReady: page.isReady && isCounted(peer) };
    };
    const answers = await firstReady(this.#env, hosts, ask, signal);
    if (answers.length === 0 && !this.#parts.replica.holdings.holds(namespace, genesis, group)) {
      throw new RecordsError("NOT_HELD", `No host in reach keeps all of namespace ${namespace}. Try again when its replicas are up.`);
    }
    const ends = answers.map(({ next }) => next).filter((next) => next !== undefined);
    return { keys: joined(answers), next: ends.sort(compareKeys)[0], isReady: answers.some(({ isReady }) => isReady) };
  }

  #own(namespace: NamespaceId, options: RangeOptions, limit: number): GroupPage {
    const { keys, next } = this.#parts.replica.rows.page(namespace, options, limit);
    return { keys: new Map(keys.map(({ key, siblings }) => [key, siblings])), next, isReady: true };
  }

  async #ask(peer: HostId, question: { readonly namespace: NamespaceId; readonly group: number; readonly prefix: string; readonly after: string | null; readonly limit: number }, signal: AbortSignal): Promise<GroupPage> {
    const { peers, replica } = this.#parts;
    const answer = await peers.ask(peer, ASK_SCAN, question, SCAN_TIMEOUT_MS, signal);
    const below = (): RecordsError => new RecordsError("BELOW_FLOOR", "The other host may have what was deleted, and has not compared it with others yet.");
    if (!replica.floor.admits(answer.standing)) throw below();
    const records = peers.open(peer, answer.parcel);
    // A page ends with the last of the large keys that it has room for: together they would outgrow any memory.
    const end = answer.large[LARGE_MAX] === undefined ? answer.next : answer.large[LARGE_MAX - 1]!;
    if (end !== null && question.after !== null && compareKeys(end, question.after) <= 0) throw new RecordsError("BAD_RECORD", "The other host answers a question for keys with a place where one has been.");
    for (const key of answer.large.slice(0, LARGE_MAX)) {
      for (let skip = 0, pages = 1; ; pages += 1) {
        if (pages > MAX_KEY_PAGES) throw new RecordsError("BAD_RECORD", "The other host answers a question for one key without end.");
        const page = await peers.ask(peer, ASK_FETCH, { keys: [{ namespace: question.namespace, key }], skip }, SCAN_TIMEOUT_MS, signal);
        if (!replica.floor.admits(page.standing)) throw below();
        records.push(...peers.open(peer, page.parcel));
        if (page.keysDone > 0 || page.skip <= skip) break;
        skip = page.skip;
      }
    }
    const keys = new Map<string, readonly UnsealedRecord[]>();
    const genesis = replica.geneses.get(question.namespace);
    for (const record of records.filter((each) => this.#reader.isAllowed(each))) {
      const { namespace, key } = record.body;
      const isAsked = namespace === question.namespace && key.startsWith(question.prefix) && (end === null || compareKeys(key, end) <= 0) && genesis !== undefined && shardOf(namespace, genesis, key) === question.group;
      if (isAsked) keys.set(key, merge(keys.get(key) ?? [], [record]));
    }
    return { keys, next: end ?? undefined, isReady: answer.isReady };
  }
}

function joined(pages: readonly GroupPage[]): ReadonlyMap<string, readonly UnsealedRecord[]> {
  const keys = new Map<string, readonly UnsealedRecord[]>();
  for (const [key, siblings] of pages.flatMap((page) => [...page.keys])) keys.set(key, merge(keys.get(key) ?? [], siblings));
  return keys;
}

function cut(states: readonly KeyState[], limit: number, end: string | undefined): ScanPage {
  if (states.length <= limit) return { entries: states, next: end };
  return { entries: states.slice(0, limit), next: states[limit - 1]!.key };
}
