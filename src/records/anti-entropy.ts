import type { HostId } from "../codec/index.ts";
import type { Transport } from "../net/index.ts";
import type { Env, TokenBucket } from "../platform/index.ts";
import { Worker } from "../platform/index.ts";
import { Checker } from "./checking.ts";
import { ASK_NAMESPACES, ASK_RANGES, ASK_SUMS } from "./compare-messages.ts";
import { CompareServer } from "./compare-serving.ts";
import { Comparer } from "./comparer.ts";
import type { Compared } from "./comparing.ts";
import type { Findings } from "./inspection.ts";
import type { Peers } from "./peers.ts";
import { Ranges } from "./ranges.ts";
import type { Replica } from "./replica.ts";
import { serve } from "./serving.ts";
import type { Verifier } from "./verify.ts";

const COMPARE_MS = 3 * 60_000;
const CHECK_MS = 60_000;

export interface AntiEntropyParts {
  readonly replica: Replica;
  readonly peers: Peers;
  readonly verifier: Verifier;
  readonly pace: TokenBucket;
  readonly inReach: () => readonly HostId[];
  readonly hasAllOf: (peer: HostId) => boolean;
}

/** What finds and heals whatever else has missed: comparing with other hosts, and checking the own disk. */
export class AntiEntropy {
  readonly workers: readonly Worker[];
  readonly #comparer: Comparer;
  readonly #checker: Checker;
  readonly #server: CompareServer;
  readonly #parts: AntiEntropyParts;

  constructor(env: Env, parts: AntiEntropyParts) {
    this.#parts = parts;
    const ranges = new Ranges(parts.replica);
    this.#comparer = new Comparer({ ...parts, env, ranges });
    // A random part keeps the hosts of a network from comparing in step.
    const everyMs = COMPARE_MS * (0.8 + 0.4 * env.random.fraction());
    const compare = new Worker(env, { name: "compare", everyMs, work: (turn) => this.#comparer.turn(turn) });
    this.#checker = new Checker({ ...parts, env, found: () => compare.nudge() });
    const check = new Worker(env, { name: "check records", everyMs: CHECK_MS, work: (turn) => this.#checker.turn(turn) });
    parts.replica.quarantine.onDamage((suspects) => {
      this.#checker.suspect(suspects);
      check.nudge();
    });
    const differs = (peer: HostId): void => {
      if (this.#comparer.suspect(peer)) compare.nudge();
    };
    this.#server = new CompareServer({ ...parts, env, ranges, differs });
    this.workers = [compare, check];
  }

  register(transport: Transport): void {
    const { counters } = this.#parts.replica;
    serve(transport, counters, ASK_SUMS, (question, { from, signal }) => this.#server.sums(question, from, signal));
    serve(transport, counters, ASK_NAMESPACES, (question, { from, signal }) => this.#server.namespaces(question, from, signal));
    serve(transport, counters, ASK_RANGES, (question, { from, signal }) => this.#server.compare(question, from, signal));
  }

  compareWith(peer: HostId, signal: AbortSignal): Promise<Compared> {
    return this.#comparer.compare(peer, signal);
  }

  checkAll(signal: AbortSignal): Promise<Findings> {
    return this.#checker.checkAll(signal);
  }
}
