import type { HostId } from "../../codec/index.ts";
import type { Challenger, Challenged } from "../audit/challenge.ts";
import { isSound } from "../audit/challenge.ts";
import { samplesOf } from "../audit/samples.ts";
import type { Env } from "../../platform/index.ts";
import type { Standing, StandingView } from "./standing.ts";
import { standingsOf } from "./standing.ts";
import type { PlannedCatalog } from "./survey.ts";

/** Of 8 random leaves a disk that lost a third of its pieces gives all but once in 25 times. */
const LEAVES_ASKED = 8;
/** Whoever failed is asked again so much later: one that lost a part only would soon be lucky, and each time takes a look through all packs. */
const AGAIN_MS = 3_600_000;
/** And so much later when nothing was heard of it, or only that it is too busy. */
const UNHEARD_MS = 60_000;

/**
 * The standing of hosts as repair takes it: one that comes back after it was missed or lost counts as it did before until it has shown that it
 * still has what it claims. It may have come back with an empty disk.
 */
export class Returns {
  readonly #env: Env;
  readonly #parts: StandingView;
  readonly #catalog: PlannedCatalog;
  readonly #challenger: Pick<Challenger, "ask">;
  /** As they counted last. */
  #known = new Map<HostId, Standing>();
  readonly #unchecked = new Set<HostId>();
  /** Those that have been asked in vain, and when they may be asked again. Going away and coming back makes it no sooner. */
  readonly #dueMs = new Map<HostId, number>();

  constructor(env: Env, parts: StandingView, catalog: PlannedCatalog, challenger: Pick<Challenger, "ask">) {
    this.#env = env;
    this.#parts = parts;
    this.#catalog = catalog;
    this.#challenger = challenger;
  }

  standings(): ReadonlyMap<HostId, Standing> {
    const now = standingsOf(this.#parts);
    const known = this.#known;
    for (const host of this.#unchecked) if (!isThere(now.get(host))) this.#unchecked.delete(host);
    for (const [host, standing] of now) {
      const before = known.get(host);
      if (host === this.#parts.self || !(before === "missed" || before === "lost") || standing === "missed" || standing === "lost") continue;
      if (isThere(standing)) this.#unchecked.add(host);
      now.set(host, before);
    }
    this.#known = now;
    return now;
  }

  /** Asks the hosts that have come back for some of what they claim. */
  async check(signal: AbortSignal): Promise<void> {
    this.standings();
    const nowMs = this.#env.clock.monotonicMs();
    for (const [host, dueMs] of this.#dueMs) if (dueMs <= nowMs) this.#dueMs.delete(host);
    const asked = new Set([...this.#unchecked].filter((host) => !this.#dueMs.has(host)));
    if (asked.size === 0) return;
    const samples = await samplesOf(this.#env, this.#catalog, asked, LEAVES_ASKED, signal);
    await Promise.all([...asked].map((host) => this.#ask(host, samples.get(host)?.pieces ?? [], signal)));
  }

  async #ask(host: HostId, pieces: readonly Challenged[], signal: AbortSignal): Promise<void> {
    const verdicts = pieces.length === 0 ? [] : ((await this.#challenger.ask(host, pieces, signal)) ?? ["unheard"]);
    const hasFailed = !verdicts.every(isSound);
    if (hasFailed || (verdicts.length > 0 && !verdicts.includes("right"))) {
      this.#dueMs.set(host, this.#env.clock.monotonicMs() + (hasFailed ? AGAIN_MS : UNHEARD_MS));
      return;
    }
    this.#unchecked.delete(host);
    this.#known.delete(host);
    this.#env.log.info("a host that came back has what it claims, and counts again", { host });
  }
}

function isThere(standing: Standing | undefined): boolean {
  return standing === "here" || standing === "leaving";
}
