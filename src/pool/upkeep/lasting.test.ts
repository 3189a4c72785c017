import assert from "node:assert/strict";
import test from "node:test";
import type { PackId } from "../../codec/index.ts";
import { Lasting } from "./lasting.ts";

class Hands {
  nowMs = 5;
  /** For so long the machine has slept. */
  sleptMs = 1_000;
  readonly lasting = new Lasting({ wallMs: () => this.nowMs + this.sleptMs, monotonicMs: () => this.nowMs });

  look(...packs: string[]): void {
    this.lasting.look(packs as PackId[]);
  }

  hasLasted(pack: string, forMs: number): boolean {
    return this.lasting.hasLasted(pack as PackId, forMs);
  }
}

test("a pack has lasted from the look at which it was found first, and begins anew when one does not find it", () => {
  const hands = new Hands();
  hands.look("a");
  hands.nowMs += 10;
  assert.equal(hands.hasLasted("a", 0), false, "it was found at one look only");
  hands.look("a", "b");
  assert.deepEqual([hands.hasLasted("a", 10), hands.hasLasted("a", 11), hands.hasLasted("b", 0), hands.hasLasted("c", 0)], [true, false, false, false]);
  hands.look("b");
  hands.look("a");
  assert.equal(hands.hasLasted("a", 0), false);
});

test("of very many packs those beyond the memory have their turn when others are gone", () => {
  const hands = new Hands();
  const packs = Array.from({ length: 100_001 }, (_, at) => `p${at}`);
  for (let look = 0; look < 2; look += 1) {
    hands.look(...packs);
    hands.nowMs += 10;
  }
  assert.deepEqual([hands.hasLasted("p99999", 10), hands.hasLasted("p100000", 0)], [true, false]);
  for (let look = 0; look < 2; look += 1) {
    hands.look(...packs.slice(1));
    hands.nowMs += 10;
  }
  assert.equal(hands.hasLasted("p100000", 10), true);
});

test("what was found before the machine slept, or the program was stopped, for long counts no more, and short sleeps do not add up", () => {
  const hands = new Hands();
  const awake = (sleptMs: number, stoppedMs = 0): boolean => {
    hands.sleptMs += sleptMs;
    hands.nowMs += 10 + stoppedMs;
    hands.lasting.look(["a"] as PackId[], 110);
    return hands.hasLasted("a", 10);
  };
  assert.deepEqual([awake(0), awake(0), awake(100), awake(100), awake(101), awake(0), awake(-121)], [false, true, true, true, false, true, false]);
  assert.deepEqual([awake(0), awake(0, 100), awake(0, 101)], [true, true, false]);
});
