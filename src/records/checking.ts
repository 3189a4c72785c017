import type { NamespaceId } from "../codec/index.ts";
import type { Env, WorkerTurn } from "../platform/index.ts";
import { Breathing, TokenBucket } from "../platform/index.ts";
import type { LogOperation } from "../store/index.ts";
import { IndexInspection } from "./index-inspection.ts";
import type { Findings } from "./inspection.ts";
import { Inspection } from "./inspection.ts";
import type { Replica } from "./replica.ts";
import { metaKey } from "./tables.ts";
import type { Verifier } from "./verify.ts";

// What is on the disk is looked through now and then, one namespace after the other: whether each row is what was stored, whether the
// index leads to it and to nothing else, and whether the sums are those of the rows. What is wrong is put right here if that can be; a damaged row is set
// aside, and comes back from the others by comparing. A store from before there were sums has them counted first of all.

/** The first look after a start comes after a random part of this. */
const REST_MS = 60_000;
/** Rows a second, so that the disk is the others'. */
const PACE = { perSecond: 2000, burst: 200 };
/** A turn ends with the namespace in which it has looked at so many rows. */
const TURN_ROWS = 10_000;
const INDEX = "the index";
const COUNTED = Uint8Array.of(1);

export interface CheckerParts {
  readonly env: Env;
  readonly replica: Replica;
  /** Knows the seals that have been verified already. */
  readonly verifier: Verifier;
  /** Called when something was wrong: others may have what is missing. */
  readonly found: () => void;
}

export class Checker {
  readonly #parts: CheckerParts;
  /** What is still to be looked through in this round, the last first. */
  #rest: (NamespaceId | typeof INDEX)[] = [];
  /** A host that has just started catches up first. */
  readonly #restUntilMs: number;
  readonly #suspected = Promise.withResolvers<void>();

  constructor(parts: CheckerParts) {
    this.#parts = parts;
    this.#restUntilMs = parts.env.clock.monotonicMs() + REST_MS * parts.env.random.fraction();
  }

  /** These are looked through first. */
  suspect(namespaces: readonly NamespaceId[]): void {
    this.#suspected.resolve();
    if (this.#rest.length === 0) this.#rest = this.#inTurn();
    this.#rest = [...this.#rest.filter((each) => each === INDEX || !namespaces.includes(each)), ...namespaces];
  }

  async turn({ signal, report }: WorkerTurn): Promise<void> {
    const { env, replica } = this.#parts;
    if (!replica.isCounted) {
      report("counting what there is");
      const { rows } = await this.checkAll(signal);
      return report(`${rows} rows counted`);
    }
    const restMs = this.#restUntilMs - env.clock.monotonicMs();
    if (restMs > 0) await Promise.race([this.#suspected.promise, env.timers.sleep(restMs, signal)]);
    const findings = nothingFound();
    const bucket = new TokenBucket(env.clock, PACE);
    const rest = async (rows: number): Promise<void> => {
      bucket.take(rows);
      if (bucket.waitMs > 0) await env.timers.sleep(bucket.waitMs, signal);
    };
    if (this.#rest.length === 0) this.#rest = this.#inTurn();
    while (this.#rest.length > 0 && findings.rows < TURN_ROWS) await this.#check(this.#rest.pop()!, findings, rest, signal);
    this.#tell(findings);
    report(`${findings.rows} rows checked, ${findings.damaged} damaged; ${findings.sums} sums and ${findings.index} entries of the index put right`);
  }

  /** Everything at once. */
  async checkAll(signal: AbortSignal): Promise<Findings> {
    const { env, replica } = this.#parts;
    const findings = nothingFound();
    const breathing = new Breathing(env, signal);
    for (const namespace of [...replica.geneses.keys(), INDEX] as const) await this.#check(namespace, findings, () => breathing.breathe(), signal);
    if (replica.isCounted) this.#tell(findings);
    else await this.#counted();
    return findings;
  }

  async #counted(): Promise<void> {
    const { replica } = this.#parts;
    await replica.keep([{ kind: "put", key: metaKey("sums"), value: COUNTED }]);
    replica.isCounted = true;
  }

  /** All namespaces, and not always the same first: a host that is often restarted comes to all of them too. */
  #inTurn(): (NamespaceId | typeof INDEX)[] {
    const all = [...this.#parts.replica.geneses.keys()];
    const first = Math.floor(this.#parts.env.random.fraction() * all.length);
    return [INDEX, ...all.slice(first), ...all.slice(0, first)];
  }

  async #check(what: NamespaceId | typeof INDEX, findings: Findings, rest: (rows: number) => Promise<void>, signal: AbortSignal): Promise<void> {
    if (what === INDEX) await this.#walk(new IndexInspection(this.#parts.replica, findings), findings, rest, signal);
    else await this.#rows(what, findings, rest, signal);
  }

  async #rows(namespace: NamespaceId, findings: Findings, rest: (rows: number) => Promise<void>, signal: AbortSignal): Promise<void> {
    const { replica } = this.#parts;
    const genesis = replica.geneses.get(namespace);
    if (genesis === undefined) return;
    const inspection = new Inspection(replica, this.#parts.verifier, namespace, genesis, findings);
    const unfollow = replica.onCommit(({ weighed }) => inspection.follow(weighed));
    try {
      await this.#walk(inspection, findings, rest, signal);
      await this.#between(() => inspection.settle());
    } finally {
      unfollow();
    }
  }

  async #walk(inspection: Inspection | IndexInspection, findings: Findings, rest: (rows: number) => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!inspection.isDone) {
      signal.throwIfAborted();
      const before = findings.rows;
      await this.#between(() => inspection.step());
      const unlisted = inspection instanceof Inspection ? inspection.takeUnlisted() : [];
      if (unlisted.length > 0) await this.#parts.replica.renumber(unlisted);
      await rest(findings.rows - before);
    }
  }

  /** Works between two commits. What fails there must not fail whoever commits next. */
  async #between(work: () => LogOperation[]): Promise<void> {
    const failed: { error?: unknown } = {};
    await this.#parts.replica.keep(() => {
      try {
        return work();
      } catch (error) {
        failed.error = error;
        return [];
      }
    });
    if ("error" in failed) throw failed.error;
  }

  #tell(findings: Findings): void {
    const { env, replica, found } = this.#parts;
    const { damaged, sums, index } = findings;
    replica.counters.count("sums put right", sums);
    replica.counters.count("index entries put right", index);
    if (damaged + sums + index === 0) return;
    env.log.warn("rows on this disk were not what was stored; what can be is put right, the rest is fetched from other hosts", { ...findings });
    found();
  }
}

function nothingFound(): Findings {
  return { rows: 0, damaged: 0, sums: 0, index: 0 };
}
