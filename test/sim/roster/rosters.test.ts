import "../stand-ins/register.ts";
import assert from "node:assert/strict";
import test from "node:test";
import { isFull } from "../playing.ts";

const { playRosters } = await import("./player.ts");

const SEEDS = isFull ? 1_000 : 50;
/** A mistake is found within so many. */
const FOUND_WITHIN = 30;

test("hosts end with the same records of the network and lose none, whatever the order in which they hear of them", () => {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const findings = playRosters({ seed });
    assert.deepEqual(findings, [], `seed ${seed}; its story: npx node test/sim/roster/run.ts ${seed}\n${findings.join("\n")}`);
  }
});

for (const mistake of ["spares-nobody", "drops-what-others-signed"] as const) {
  test(`the players of rosters find that a host ${mistake.replaceAll("-", " ")}`, () => {
    const seeds = Array.from({ length: FOUND_WITHIN }, (_, at) => at + 1);
    assert.ok(seeds.some((seed) => playRosters({ seed, mistake }).length > 0));
  });
}

test("the same seed tells the same story twice", () => {
  const storyOf = (seed: number): readonly string[] => {
    const story: string[] = [];
    playRosters({ seed, tell: (line) => story.push(line) });
    return story;
  };
  const once = storyOf(1);
  assert.ok(once.length > 30);
  assert.deepEqual(storyOf(1), once);
  assert.notDeepEqual(storyOf(2), once);
});
