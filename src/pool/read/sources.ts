import type { HostId } from "../../codec/index.ts";
import type { Env } from "../../platform/index.ts";

/** What a source is taken for before anything has been measured: quick, so that it is tried. */
const UNKNOWN_MS = 30;
/** How much the latest measurement counts. */
const FRESH = 0.25;
/** A source is late after this, or after three times its usual time, whichever is more. */
const LATE_MS_MIN = 300;
const LATE_FACTOR = 3;
/** A source that failed is asked again after 2 s, 4 s, ... 1 min; one that cheated after an hour. */
const ASIDE_MS = 2_000;
const ASIDE_MS_MAX = 60_000;
const CHEATED_MS = 3_600_000;
const HOSTS_MAX = 4096;

interface Source {
  usualMs: number | undefined;
  underWay: number;
  failures: number;
  asideUntilMs: number;
}

/** One request to one source, from the question to how it ended. */
export interface Attempt {
  /** After so long without an answer, another source should be asked too. */
  readonly lateAfterMs: number;
  succeeded(): void;
  /** Another source was quicker. */
  overtaken(): void;
  failed(): void;
  /** It sent what is not the pack's, or holds an answer back while it gives others: waiting for it again would take as long each time. */
  cheated(): void;
  /** The reader no longer wants the answer; that says nothing about the source. */
  dropped(): void;
}

/** What this host has experienced with each source: how quick it is, how busy with us, and whether to leave it alone for a while. */
export class SourceBook {
  readonly #env: Env;
  readonly #sources = new Map<HostId, Source>();

  constructor(env: Env) {
    this.#env = env;
  }

  /** Those that may be asked, the one that should answer first in front; those set aside behind them, the longest absent first. */
  order(hosts: readonly HostId[]): HostId[] {
    const now = this.#env.clock.monotonicMs();
    const cost = (host: HostId): number => {
      const { usualMs = UNKNOWN_MS, underWay, asideUntilMs } = this.#of(host);
      return asideUntilMs > now ? 1e9 + asideUntilMs - now : usualMs * (1 + underWay);
    };
    return hosts.map((host) => ({ host, cost: cost(host) })).sort((a, b) => a.cost - b.cost).map(({ host }) => host);
  }

  isAside(host: HostId): boolean {
    return this.#of(host).asideUntilMs > this.#env.clock.monotonicMs();
  }

  begin(host: HostId): Attempt {
    const source = this.#of(host);
    const startedMs = this.#env.clock.monotonicMs();
    source.underWay += 1;
    let isOpen = true;
    const end = (note: (elapsedMs: number) => void): void => {
      if (!isOpen) return;
      isOpen = false;
      source.underWay -= 1;
      note(this.#env.clock.monotonicMs() - startedMs);
    };
    const measured = (elapsedMs: number): void => void (source.usualMs = source.usualMs === undefined ? elapsedMs : source.usualMs * (1 - FRESH) + elapsedMs * FRESH);
    return {
      lateAfterMs: Math.max(LATE_MS_MIN, LATE_FACTOR * (source.usualMs ?? 0)),
      succeeded: () =>
        end((elapsedMs) => {
          source.failures = 0;
          source.asideUntilMs = 0;
          measured(elapsedMs);
        }),
      // It would have taken at least this long: enough to prefer the other one next time.
      overtaken: () => end((elapsedMs) => void (source.usualMs = Math.max(source.usualMs ?? 0, elapsedMs))),
      failed: () =>
        end(() => {
          source.asideUntilMs = this.#env.clock.monotonicMs() + Math.min(ASIDE_MS_MAX, ASIDE_MS * 2 ** source.failures);
          source.failures = Math.min(16, source.failures + 1);
        }),
      cheated: () => end(() => void (source.asideUntilMs = this.#env.clock.monotonicMs() + CHEATED_MS)),
      dropped: () => end(() => {}),
    };
  }

  #of(host: HostId): Source {
    const known = this.#sources.get(host);
    if (known !== undefined) return known;
    const source: Source = { usualMs: undefined, underWay: 0, failures: 0, asideUntilMs: 0 };
    // Forgetting the oldest costs a measurement; a network has far fewer hosts.
    if (this.#sources.size >= HOSTS_MAX) this.#sources.delete(this.#sources.keys().next().value!);
    this.#sources.set(host, source);
    return source;
  }
}
