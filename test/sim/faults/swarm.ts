import { diskFaults } from "./disk-faults.ts";
import type { Fault, Stage } from "./fault.ts";
import { hostFaults } from "./host-faults.ts";
import { membershipFaults } from "./membership-faults.ts";
import { networkFaults } from "./network-faults.ts";

/** Share of all kinds of faults that one seed plays. */
const CHOSEN = 0.4;

/**
 * The faults of one run: each seed chooses some kinds and how often each comes. A run in which everything goes wrong at once leaves
 * most of the program asleep (Groce et al., "Swarm testing", 2012).
 */
export class Swarm {
  readonly #stage: Stage;
  readonly #faults: readonly Fault[];
  readonly #chosen: readonly Fault[];
  #isOver = false;

  /** @param isCalm whether nothing is to go wrong */
  constructor(stage: Stage, isCalm: boolean) {
    this.#stage = stage;
    this.#faults = [...networkFaults(stage), ...hostFaults(stage), ...diskFaults(stage), ...membershipFaults(stage)];
    this.#chosen = isCalm ? [] : this.#faults.filter(() => stage.random.chance(CHOSEN));
  }

  begin(): void {
    for (const fault of this.#chosen) this.#next(fault, fault.everyMs * 2 ** this.#stage.random.between(-1, 2));
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
