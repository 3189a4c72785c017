import type { Timer } from "../../../src/platform/index.ts";

interface Step {
  readonly dueMs: number;
  /** Steps of one moment are taken in the order in which they were asked for. */
  readonly number: number;
  action: (() => void) | undefined;
}

/** Virtual time: the steps that are to be taken, in order, and after each everything that promises set going. Nothing ever waits. */
export class VirtualTime {
  #nowMs = 0;
  #numbered = 0;
  #taken = 0;
  /** A binary heap. */
  #steps: Step[] = [];
  /** Steps in it that are not to be taken any more: most timers are for what does not happen. */
  #cancelled = 0;

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Steps taken so far. */
  get taken(): number {
    return this.#taken;
  }

  after(delayMs: number, action: () => void): Timer {
    this.#numbered += 1;
    const step: Step = { dueMs: this.#nowMs + Math.max(0, delayMs), number: this.#numbered, action };
    this.#push(step);
    return {
      cancel: () => {
        if (step.action === undefined) return;
        step.action = undefined;
        this.#cancelled += 1;
        if (this.#cancelled * 2 > this.#steps.length) this.#tidy();
      },
    };
  }

  /** Lets time pass until `untilMs`, or until something has come true. */
  async run(untilMs: number, isOver: () => boolean = () => false): Promise<void> {
    await turn();
    while (!isOver()) {
      const first = this.#steps[0];
      if (first === undefined || first.dueMs > untilMs) break;
      this.#pop();
      const { action } = first;
      if (action === undefined) {
        this.#cancelled -= 1;
        continue;
      }
      first.action = undefined;
      this.#nowMs = first.dueMs;
      this.#taken += 1;
      action();
      await turn();
    }
    if (!isOver() && Number.isFinite(untilMs)) this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  /** Lets time pass until a promise is settled. @throws Error when it is not within `patienceMs` */
  async settle<T>(what: string, promise: Promise<T>, patienceMs = 60_000): Promise<T> {
    let isSettled = false;
    const settled = (): void => {
      isSettled = true;
    };
    promise.then(settled, settled);
    await this.run(this.#nowMs + patienceMs, () => isSettled);
    if (!isSettled) throw new Error(`${what} did not come to an end within ${patienceMs} ms`);
    return promise;
  }

  #tidy(): void {
    this.#steps = this.#steps.filter(({ action }) => action !== undefined);
    this.#cancelled = 0;
    for (let at = (this.#steps.length >> 1) - 1; at >= 0; at -= 1) this.#sink(at, this.#steps[at]!);
  }

  #push(step: Step): void {
    const steps = this.#steps;
    let at = steps.push(step) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (isBefore(steps[above]!, step)) break;
      steps[at] = steps[above]!;
      at = above;
    }
    steps[at] = step;
  }

  #pop(): void {
    const steps = this.#steps;
    const last = steps.pop()!;
    if (steps.length > 0) this.#sink(0, last);
  }

  /** Puts a step where it belongs at a place or below it. */
  #sink(from: number, step: Step): void {
    const steps = this.#steps;
    let at = from;
    for (;;) {
      let below = at * 2 + 1;
      if (below >= steps.length) break;
      if (below + 1 < steps.length && isBefore(steps[below + 1]!, steps[below]!)) below += 1;
      if (isBefore(step, steps[below]!)) break;
      steps[at] = steps[below]!;
      at = below;
    }
    steps[at] = step;
  }
}

function isBefore(a: Step, b: Step): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.number < b.number);
}

/** All promises that can go on have gone on when it resolves. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
