import { diskFaults } from "./disk-faults.ts";
import type { Fault, Stage } from "./fault.ts";
import { hostFaults } from "./host-faults.ts";
import { membershipFaults } from "./membership-faults.ts";
import { networkFaults } from "./network-faults.ts";

/** Share of all kinds of faults that one seed plays. */
const CHOSEN = 0.4;
/** The usual time between two faults of a kind, times two to the power of something between these. */
const SELDOM = [-1, 2] as const;
const OFTEN = [-2, 0] as const;

/**
 * The faults of one run: each seed chooses some kinds and how often each comes. A run in which everything goes wrong at once leaves
 * most of the program asleep (Groce et al., "Swarm testing", 2012).
 */
export class Swarm {
  readonly #stage: Stage;
  readonly #faults: readonly Fault[];
  readonly #chosen: readonly Fault[];
  readonly #isConfined: boolean;
  #isOver = false;

  /** @param only kinds to which the run is confined, all of them and often; undefined: as the seed chooses */
  constructor(stage: Stage, only: readonly string[] | undefined) {
    this.#stage = stage;
    this.#faults = [...networkFaults(stage), ...hostFaults(stage), ...diskFaults(stage), ...membershipFaults(stage)];
    const unknown = only?.find((name) => !this.#faults.some((fault) => fault.name === name));
    if (unknown !== undefined) throw new Error(`There is no fault "${unknown}"; there are ${this.#faults.map(({ name }) => name).join(", ")}.`);
    this.#isConfined = only !== undefined;
    this.#chosen = this.#faults.filter(({ name }) => only?.includes(name) ?? stage.random.chance(CHOSEN));
  }

  begin(): void {
    const [from, to] = this.#isConfined ? OFTEN : SELDOM;
    for (const fault of this.#chosen) this.#next(fault, fault.everyMs * 2 ** this.#stage.random.between(from, to));
  }

  /** Ends all faults, puts everything right, and starts all hosts. */
  heal(): void {
    const { world } = this.#stage;
    this.#isOver = true;
    for (const fault of this.#faults) fault.heal();
    for (const host of world.members()) host.start();
  }

  #next(fault: Fault, everyMs: number): void {
    const { world, random, fired } = this.#stage;
    world.time.after(random.span(everyMs), () => {
      if (this.#isOver) return;
      if (fault.play()) {
        world.trace.add(`fault ${fault.name}`);
        fired(fault.name);
      }
      this.#next(fault, everyMs);
    });
  }
}
