import type { Env, Timer } from "./env.ts";
import { messageOf } from "./errors.ts";

export interface WorkerStatus {
  readonly name: string;
  readonly state: "idle" | "working" | "stopped";
  /** What it is doing, or did last, in a few words. */
  readonly progress: string;
  readonly lastError: string | undefined;
  readonly runs: number;
  readonly lastRunWallMs: number | undefined;
}

export interface WorkerTurn {
  readonly signal: AbortSignal;
  /** Tells people where the work is. */
  readonly report: (progress: string) => void;
}

export interface WorkerPlan {
  readonly name: string;
  /** Pause between two turns; a nudge ends it early. */
  readonly everyMs: number;
  readonly work: (turn: WorkerTurn) => Promise<void>;
}

/**
 * One piece of background work: done in turns, never two at once, started early by a nudge. A turn that throws is
 * logged and tried again at the next.
 */
export class Worker {
  readonly #env: Env;
  readonly #plan: WorkerPlan;
  readonly #stopping = new AbortController();
  #state: WorkerStatus["state"] = "idle";
  #progress = "";
  #lastError: string | undefined;
  #runs = 0;
  #lastRunWallMs: number | undefined;
  #timer: Timer | undefined;
  #isStarted = false;
  #nudged = false;
  #turn: Promise<void> | undefined;

  constructor(env: Env, plan: WorkerPlan) {
    this.#env = env;
    this.#plan = plan;
  }

  /** Has the first turn begin now. */
  start(): void {
    this.#isStarted = true;
    this.nudge();
  }

  /** Has a turn begin now, or right after the one under way. Before the start there is nothing to hurry. */
  nudge(): void {
    if (!this.#isStarted || this.#stopping.signal.aborted) return;
    this.#nudged = true;
    if (this.#turn === undefined) this.#begin();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error(`${this.#plan.name} is being stopped`));
    this.#timer?.cancel();
    await this.#turn;
    this.#state = "stopped";
  }

  status(): WorkerStatus {
    return { name: this.#plan.name, state: this.#state, progress: this.#progress, lastError: this.#lastError, runs: this.#runs, lastRunWallMs: this.#lastRunWallMs };
  }

  #begin(): void {
    this.#timer?.cancel();
    // The work begins in a later microtask: a nudge that it gives itself must find the turn noted down.
    const turn = Promise.resolve().then(() => this.#takeTurn());
    this.#turn = turn.finally(() => {
      this.#turn = undefined;
      if (this.#stopping.signal.aborted) return;
      if (this.#nudged) this.#begin();
      else this.#timer = this.#env.timers.after(this.#plan.everyMs, () => this.#begin());
    });
  }

  async #takeTurn(): Promise<void> {
    this.#nudged = false;
    this.#state = "working";
    this.#lastRunWallMs = this.#env.clock.wallMs();
    try {
      await this.#plan.work({ signal: this.#stopping.signal, report: (progress) => (this.#progress = progress) });
      this.#lastError = undefined;
    } catch (error) {
      if (!this.#stopping.signal.aborted) {
        this.#lastError = messageOf(error);
        this.#env.log.warn("a worker's turn failed", { worker: this.#plan.name, error });
      }
    } finally {
      this.#runs += 1;
      this.#state = "idle";
    }
  }
}
