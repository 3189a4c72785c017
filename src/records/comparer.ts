import { shortId } from "../codec/index.ts";
import type { HostId } from "../codec/index.ts";
import type { WorkerTurn } from "../platform/index.ts";
import { messageOf } from "../platform/index.ts";
import type { Compared, ComparisonParts } from "./comparing.ts";
import { Comparison } from "./comparing.ts";

/** A comparison that takes longer is left, and begun anew the next time; what it has healed until then is healed. */
const RUN_MS = 10 * 60_000;
/** A peer that says that there is a difference is compared with again so soon if that helped the last time, else only in its turn. */
const AGAIN_MS = 10_000;

export interface ComparerParts extends ComparisonParts {
  readonly inReach: () => readonly HostId[];
  /** Whether this host has caught up with the peer, so that what differs is what was missed. */
  readonly hasAllOf: (peer: HostId) => boolean;
}

interface Standing {
  readonly comparedMs: number;
  readonly helped: boolean;
}

/** Compares this host's rows with one peer after the other. */
export class Comparer {
  readonly #parts: ComparerParts;
  readonly #standings = new Map<HostId, Standing>();
  readonly #suspects = new Set<HostId>();

  constructor(parts: ComparerParts) {
    this.#parts = parts;
  }

  /** @returns whether it should be looked into now */
  suspect(peer: HostId): boolean {
    const standing = this.#standings.get(peer);
    const isSoon = standing === undefined || (standing.helped && this.#parts.env.clock.monotonicMs() - standing.comparedMs >= AGAIN_MS);
    if (isSoon) this.#suspects.add(peer);
    return isSoon;
  }

  /** One peer: who has seen a difference, else who was compared with longest ago. */
  async turn({ signal, report }: WorkerTurn): Promise<void> {
    const online = this.#parts.inReach();
    for (const peer of this.#standings.keys()) if (!online.includes(peer)) this.#standings.delete(peer);
    const ready = online.filter((peer) => this.#parts.hasAllOf(peer));
    const longestAgo = (a: HostId, b: HostId): number => (this.#standings.get(a)?.comparedMs ?? 0) - (this.#standings.get(b)?.comparedMs ?? 0);
    const peer = ready.find((each) => this.#suspects.has(each)) ?? ready.toSorted(longestAgo)[0];
    this.#suspects.clear();
    if (peer === undefined) return report("nobody to compare with");
    const { groups, differing, fetched } = await this.compare(peer, signal);
    const name = shortId(peer);
    report(differing === 0 ? `the same as host ${name} in ${groups} groups` : `differed from host ${name} in ${differing} namespaces; ${fetched} keys fetched`);
  }

  /** @throws what the comparison throws */
  async compare(peer: HostId, signal: AbortSignal): Promise<Compared> {
    const { env, replica } = this.#parts;
    if (!replica.isCounted) return { groups: 0, differing: 0, fetched: 0 };
    const limit = new AbortController();
    const timer = env.timers.after(RUN_MS, () => limit.abort(new Error(`Comparing with ${peer} took longer than ${RUN_MS / 60_000} minutes.`)));
    let helped = false;
    try {
      const compared = await new Comparison(this.#parts, peer, AbortSignal.any([signal, limit.signal])).run();
      helped = compared.fetched > 0;
      if (helped) env.log.info("comparing with a host found what was missing here", { peer, ...compared });
      return compared;
    } catch (error) {
      if (!signal.aborted) env.log.debug("comparing with a host failed", { peer, why: messageOf(error) });
      throw error;
    } finally {
      timer.cancel();
      this.#standings.set(peer, { comparedMs: env.clock.monotonicMs(), helped });
    }
  }
}
