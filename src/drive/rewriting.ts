import type { PackId } from "../codec/index.ts";
import type { Env, WorkerTurn } from "../platform/index.ts";
import { Limiter, codeOf, messageOf } from "../platform/index.ts";
import type { Pool } from "../pool/index.ts";
import { Lasting, PoolError, privateRedundancy } from "../pool/index.ts";
import { DriveError } from "./errors.ts";
import type { UpgradePlan, UpgradeStep } from "./port.ts";
import type { Batch, RewriterParts } from "./rewriter.ts";
import { rewrite, takenBytes, toRewrite, toUpgrade } from "./rewriter.ts";
import type { Usage } from "./usage.ts";

/** Content that is written anew in one turn of the worker, about. */
const TURN_BYTES = 256 * 1024 * 1024;
/** What has only just been put, or forgotten, is left alone for so long: more may follow. */
const FIRST_SEEN_MS = 3_600_000;

/** What a person's packs are used for, at one moment. */
export interface Survey extends Pick<RewriterParts, "namespace" | "onStored"> {
  readonly usage: Usage;
}

export interface RewritingParts {
  readonly pool: Pick<Pool, "store" | "read" | "zones">;
  /** Whether a majority of the hosts is in reach. */
  readonly canRely: () => boolean;
  readonly survey: (signal: AbortSignal) => Promise<Survey>;
}

/** Writes a person's packs anew: on their word those that survive too little, and by itself those that waste space. One thing at a time. */
export class Rewriting {
  readonly #env: Env;
  readonly #with: RewritingParts;
  /** Two at once would write the same twice. */
  readonly #turns = new Limiter(1);
  /** Packs that should be written anew. */
  readonly #wanting: Lasting;

  constructor(env: Env, parts: RewritingParts) {
    this.#env = env;
    this.#with = parts;
    this.#wanting = new Lasting(env.clock);
  }

  async plan(signal: AbortSignal): Promise<UpgradePlan> {
    return planOf(await this.#toUpgrade(await this.#with.survey(signal), signal));
  }

  async *upgrade(signal: AbortSignal): AsyncGenerator<UpgradeStep> {
    const end = await this.#turns.take(1, signal);
    try {
      const survey = await this.#with.survey(signal);
      const batch = await this.#toUpgrade(survey, signal);
      const plan = planOf(batch);
      let isSpread = true;
      const unread = new Map<PackId, unknown>();
      yield { ...plan, doneBytes: 0, isSpread };
      const parts: RewriterParts = {
        ...survey,
        pool: this.#with.pool,
        onStored: (stored) => {
          survey.onStored(stored);
          if (stored.holders.length < stored.wanted || !stored.safe) isSpread = false;
        },
        onUnread: (pack, error) => unread.set(pack, error),
      };
      for await (const doneBytes of rewrite(parts, survey.usage, batch, { signal })) yield { ...plan, doneBytes, isSpread };
      if (unread.size > 0) throw notRead(unread);
    } catch (error) {
      throw codeOf(error) === "OVER_QUOTA" ? overQuota(error) : error;
    } finally {
      end();
    }
  }

  async turn({ signal, report }: WorkerTurn): Promise<void> {
    if (!this.#with.canRely()) return report("waits for a majority of the hosts");
    const end = await this.#turns.take(1, signal);
    try {
      const survey = await this.#with.survey(signal);
      const { clock, timers } = this.#env;
      let [left, done, unread] = [TURN_BYTES, 0, 0];
      const parts: RewriterParts = { ...survey, pool: this.#with.pool, onUnread: () => (unread += 1) };
      for (const batch of this.#ripe(await toRewrite(survey.usage, privateRedundancy(this.#with.pool.zones()), signal))) {
        let [atMs, bytes] = [clock.monotonicMs(), 0];
        for await (bytes of rewrite(parts, survey.usage, batch, { signal, maxBytes: left })) {
          report(`${done + bytes} bytes written anew`);
          // Others come first: it rests as long as it has worked.
          await timers.sleep(clock.monotonicMs() - atMs, signal);
          atMs = clock.monotonicMs();
        }
        [left, done] = [left - bytes, done + bytes];
        if (left <= 0) break;
      }
      report(`${done} bytes written anew${unread === 0 ? "" : `; ${unread} packs cannot be read now`}`);
    } finally {
      end();
    }
  }

  /** Those of the packs that were found before, a while ago. */
  #ripe(batches: readonly Batch[]): Batch[] {
    this.#wanting.look(batches.flatMap((batch) => batch.packs.map(({ pack }) => pack)));
    const isRipe = (pack: PackId): boolean => this.#wanting.hasLasted(pack, FIRST_SEEN_MS);
    return batches.map((batch) => ({ ...batch, packs: batch.packs.filter(({ pack }) => isRipe(pack)) })).filter(({ packs }) => packs.length > 0);
  }

  #toUpgrade({ usage }: Survey, signal: AbortSignal): Promise<Batch> {
    return toUpgrade(usage, privateRedundancy(this.#with.pool.zones()), signal);
  }
}

function planOf(batch: Batch): UpgradePlan {
  const contentBytes = batch.packs.reduce((sum, { neededBytes }) => sum + neededBytes, 0);
  return { redundancy: batch.redundancy, packs: batch.packs.length, contentBytes, takenBytes: takenBytes(contentBytes, batch) };
}

/** Packs that an error names; the others are counted. */
const NAMED_MAX = 3;

function notRead(unread: ReadonlyMap<PackId, unknown>): DriveError {
  const named = [...unread.keys()].slice(0, NAMED_MAX).join(", ");
  const [first] = unread.values();
  return new DriveError("UNAVAILABLE", `${unread.size} of the packs cannot be read now and stay as they are (${named}${unread.size > NAMED_MAX ? ", ..." : ""}); all others are written anew. Upgrade again when more hosts are up. The first said: ${messageOf(first)}`, { cause: first });
}

function overQuota(error: unknown): PoolError {
  return new PoolError("OVER_QUOTA", `${messageOf(error)} What is written anew counts twice until the old packs are deleted, "condemned-for" after the new ones are there; what is done by now stays done, and another upgrade goes on with the rest.`, { cause: error });
}
