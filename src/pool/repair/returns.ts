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
  #unchecked = new Set<HostId>();

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
    if (this.#unchecked.size === 0) return;
    const samples = await samplesOf(this.#env, this.#catalog, this.#unchecked, LEAVES_ASKED, signal);
    const passed = await Promise.all([...this.#unchecked].map(async (host) => ((await this.#hasPassed(host, samples.get(host)?.pieces ?? [], signal)) ? host : undefined)));
    for (const host of passed) {
      if (host === undefined) continue;
      this.#unchecked.delete(host);
      this.#known.delete(host);
      this.#env.log.info("a host that came back has what it claims, and counts again", { host });
    }
  }

  async #hasPassed(host: HostId, pieces: readonly Challenged[], signal: AbortSignal): Promise<boolean> {
    if (pieces.length === 0) return true;
    const verdicts = await this.#challenger.ask(host, pieces, signal);
    return verdicts !== undefined && verdicts.every(isSound);
  }
}

function isThere(standing: Standing | undefined): boolean {
  return standing === "here" || standing === "leaving";
}
