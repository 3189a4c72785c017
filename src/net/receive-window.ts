import { NetError } from "./errors.ts";
import type { ReceiveBudget } from "./receive-budget.ts";
import { FULL_FRAME_COST, frameCost } from "./receive-budget.ts";

/**
 * What one stream may still be sent. The sender spends credit, frame by frame; the reader gives it back by asking for the next
 * frame. Held memory = credit out there + frames waiting + the frame in the reader's hands, and never exceeds what the budget
 * has promised and lent.
 */
export class ReceiveWindow {
  readonly #budget: ReceiveBudget;
  #borrowed = 0;
  #credit = 0;
  #waiting = 0;
  #inHand = 0;
  #closed = false;

  constructor(budget: ReceiveBudget) {
    this.#budget = budget;
  }

  /** Credit for the other side to begin with. */
  begin(): number {
    return this.#grant();
  }

  /** @throws NetError PROTOCOL when the sender has no credit for a frame of this length */
  spend(length: number): void {
    const cost = frameCost(length);
    if (cost > this.#credit) throw new NetError("PROTOCOL", `The other host sent ${length} bytes of bulk without having room for them.`);
    this.#credit -= cost;
    this.#waiting += cost;
  }

  /** A waiting frame goes into the reader's hands. */
  take(length: number): void {
    this.#waiting -= frameCost(length);
    this.#inHand = frameCost(length);
  }

  /** The reader has used up the frame it had, and asks for another. @returns credit to send to the other side, or 0 */
  ask(): number {
    this.#inHand = 0;
    const free = this.#free();
    // Credit travels in large amounts; but a reader with nothing before it must always have a whole frame's worth out there.
    const urgent = this.#waiting === 0 && this.#credit < FULL_FRAME_COST;
    return urgent || free >= this.#held() / 2 ? this.#grant() : 0;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#budget.giveBack(this.#borrowed);
    this.#borrowed = 0;
  }

  #held(): number {
    return FULL_FRAME_COST + this.#borrowed;
  }

  #free(): number {
    return this.#held() - this.#credit - this.#waiting - this.#inHand;
  }

  #grant(): number {
    if (this.#closed) return 0;
    const share = this.#budget.fairShare;
    if (this.#borrowed < share) {
      this.#borrowed += this.#budget.borrow(share - this.#borrowed);
    } else {
      const excess = Math.min(this.#borrowed - share, this.#free());
      this.#borrowed -= excess;
      this.#budget.giveBack(excess);
    }
    const granted = this.#free();
    this.#credit += granted;
    return granted;
  }
}
