import type { HostId } from "../codec/index.ts";
import type { Env, TokenBucket } from "../platform/index.ts";
import { Breathing, Budgets, Limiter } from "../platform/index.ts";
import type { NamespacesAnswer, NamespacesQuestion, RangeAnswer, RangesAnswer, RangesQuestion, SumsAnswer, SumsQuestion } from "./compare-messages.ts";
import { MAX_NAMESPACE_SUMS } from "./compare-messages.ts";
import { commonSums, sumOfGroup } from "./comparing.ts";
import { RecordsError } from "./errors.ts";
import { markOf } from "./holdings.ts";
import { PAGE_BYTES } from "./limits.ts";
import type { Ranges } from "./ranges.ts";
import { wireSum } from "./ranges.ts";
import type { Replica } from "./replica.ts";

/** Rows, or sums of namespaces, that are read for one peer's comparisons. */
const LOOKS = { burst: 8_000_000, perSecond: 20_000 };
/** Rows read for one question about ranges. */
const QUESTION_ROWS_MAX = 2_000_000;
/** What a listed key takes in an answer beside its text. */
const LISTED_BYTES = 24;

export interface CompareServerParts {
  readonly env: Env;
  readonly replica: Replica;
  readonly ranges: Ranges;
  /** Called when a peer has seen that the two differ. */
  readonly differs: (peer: HostId) => void;
}

/** Answers peers that compare what they have with what this host has. */
export class CompareServer {
  readonly #parts: CompareServerParts;
  readonly #budgets: Budgets;
  /** One question after the other, whoever asks: each may read many rows. */
  readonly #turn = new Limiter(1);

  constructor(parts: CompareServerParts) {
    this.#parts = parts;
    this.#budgets = new Budgets(parts.env.clock);
  }

  async sums({ groups }: SumsQuestion, from: HostId, signal: AbortSignal): Promise<SumsAnswer> {
    const { replica } = this.#parts;
    const answered: SumsAnswer["groups"][number][] = [];
    const bucket = this.#budget(from);
    const breathing = new Breathing(this.#parts.env, signal);
    for (const { group, scope } of groups) {
      const own = replica.holdings.scope(group);
      if (!replica.readiness.covers(group, markOf(own)) || !replica.isCounted) continue;
      const { sum, namespaces } = await sumOfGroup(replica, group, [scope, own], breathing);
      bucket.take(1 + namespaces);
      answered.push({ group, scope: own, ...wireSum(sum) });
    }
    return { groups: answered };
  }

  async namespaces({ group, scope, after }: NamespacesQuestion, from: HostId, signal: AbortSignal): Promise<NamespacesAnswer> {
    const { replica, env } = this.#parts;
    const bucket = this.#budget(from);
    const breathing = new Breathing(env, signal);
    const namespaces: NamespacesAnswer["namespaces"][number][] = [];
    for (const { namespace, sum } of commonSums(replica, group, [scope, replica.holdings.scope(group)], after)) {
      if (namespaces.length === MAX_NAMESPACE_SUMS) return { namespaces, upTo: namespaces.at(-1)!.namespace };
      namespaces.push({ namespace, ...wireSum(sum) });
      bucket.take(1);
      await breathing.breathe();
    }
    return { namespaces, upTo: null };
  }

  async compare({ namespace, group, ranges }: RangesQuestion, from: HostId, signal: AbortSignal): Promise<RangesAnswer> {
    this.#parts.differs(from);
    const giveBack = await this.#turn.take(1, signal);
    try {
      const bucket = this.#budget(from);
      const breathing = new Breathing(this.#parts.env, signal);
      const answers: RangeAnswer[] = [];
      let [bytes, looked] = [0, 0];
      for (const range of ranges) {
        if (looked >= QUESTION_ROWS_MAX) break;
        const { answer, looked: rows } = await this.#parts.ranges.compare({ namespace, group }, range, QUESTION_ROWS_MAX - looked, breathing);
        looked += rows;
        bucket.take(1 + rows);
        bytes += weigh(answer);
        if (answers.length > 0 && bytes > PAGE_BYTES) break;
        answers.push(answer);
      }
      return { ranges: answers };
    } finally {
      giveBack();
    }
  }

  /** @throws RecordsError BUSY */
  #budget(peer: HostId): TokenBucket {
    const bucket = this.#budgets.of(peer, LOOKS);
    if (bucket.level > 0) return bucket;
    this.#parts.replica.counters.count("comparisons refused BUSY");
    throw new RecordsError("BUSY", `This host has compared enough with ${peer} for now. Ask again in ${Math.ceil(bucket.waitMs / 1000)} seconds.`);
  }
}

function weigh(answer: RangeAnswer): number {
  if (answer.kind === "same") return LISTED_BYTES;
  const keys: readonly (string | null)[] = answer.kind === "keys" ? answer.value.map(({ key }) => key) : answer.value.map(({ to }) => to);
  return keys.reduce((sum, key) => sum + LISTED_BYTES + Buffer.byteLength(key ?? ""), 0);
}
