import type { Env, Timer } from "../platform/index.ts";
import { CONTROL } from "./control-frames.ts";
import type { Wire } from "./wire.ts";

export interface Liveness {
  /** Pause between two pings, in milliseconds. */
  readonly pingEveryMs: number;
  /** After this many pauses without a byte from the other side it counts as gone. */
  readonly missesMax: number;
}

/** A host that stops dead is noticed after 4.5 to 6 s. */
export const LIVENESS: Liveness = { pingEveryMs: 1_500, missesMax: 3 };

/**
 * What waits to be sent may stand still for so many times as long as the other side may be silent. On a slow line that is no sign of anything: the
 * system takes the next bytes only when a third of what it holds has left, which may be some hundred KiB.
 */
const STUCK_TIMES = 4;

/** Pings of which the quickest counts: those of the last twelve seconds. */
const REMEMBERED = 8;

/**
 * Notices a host that is gone without a word: cable pulled, power cut, process stopped. Whole pauses are counted and not elapsed
 * time, so that a machine which itself slept does not blame the others for it when it wakes.
 */
export class Keepalive {
  readonly #env: Env;
  readonly #wire: Wire;
  readonly #liveness: Liveness;
  readonly #dead: (why: string) => void;
  #timer: Timer | undefined;
  #probeTimer: Timer | undefined;
  #seenBytes = 0;
  #misses = 0;
  #pingedMs: number | undefined;
  readonly #tookMs: number[] = [];

  constructor(env: Env, wire: Wire, liveness: Liveness, dead: (why: string) => void) {
    this.#env = env;
    this.#wire = wire;
    this.#liveness = liveness;
    this.#dead = dead;
  }

  start(): void {
    this.#ping();
    this.#rest();
  }

  /** The pong has come. */
  ponged(): void {
    if (this.#pingedMs === undefined) return;
    this.#tookMs.push(this.#env.clock.monotonicMs() - this.#pingedMs);
    if (this.#tookMs.length > REMEMBERED) this.#tookMs.shift();
    this.#pingedMs = undefined;
  }

  /**
   * How long the way there and back takes, in milliseconds; undefined until the first pong. The quickest of the last pings tells of the way; the
   * others of what was before them in a queue.
   */
  get roundTripMs(): number | undefined {
    return this.#tookMs.length === 0 ? undefined : Math.min(...this.#tookMs);
  }

  #rest(): void {
    this.#timer = this.#env.timers.after(this.#liveness.pingEveryMs, () => this.#tick());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#probeTimer?.cancel();
  }

  /** Gives the other side two pauses to say anything at all. */
  probe(): void {
    const before = this.#wire.receivedBytes;
    this.#ping();
    this.#probeTimer?.cancel();
    this.#probeTimer = this.#env.timers.after(2 * this.#liveness.pingEveryMs, () => {
      if (this.#wire.receivedBytes === before) this.#dead("it came back on another connection, and this one is dead.");
    });
  }

  #tick(): void {
    const received = this.#wire.receivedBytes;
    this.#misses = received === this.#seenBytes ? this.#misses + 1 : 0;
    this.#seenBytes = received;
    const { pingEveryMs, missesMax } = this.#liveness;
    if (this.#misses >= missesMax) return this.#dead(`nothing came from it for ${missesMax * pingEveryMs} ms.`);
    // It may go on talking and not listen; then what waits here must not wait for ever.
    const stuckMsMax = STUCK_TIMES * missesMax * pingEveryMs;
    if (this.#wire.stuckForMs() > stuckMsMax) return this.#dead(`it took nothing for ${stuckMsMax} ms.`);
    this.#ping();
    this.#rest();
  }

  /** Only the first of pings that cross is measured: a pong does not say to which it belongs. */
  #ping(): void {
    this.#wire.send(CONTROL.ping);
    this.#pingedMs ??= this.#env.clock.monotonicMs();
  }
}
