import assert from "node:assert/strict";
import test from "node:test";
import { isFull, play, playMany } from "./playing.ts";

/** Seeds of five to nine hosts; where they are not played in full, as many as this time holds. */
const SEEDS = 2_000;
const SECONDS = 120;

test("the same seed twice gives the same, another one something else", async () => {
  const short = ["--hosts", "5", "--operations", "100"];
  const [once, again, other] = await Promise.all([play("--seed", "1", ...short), play("--seed", "1", ...short), play("--seed", "2", ...short)]);
  const traceOf = ({ said }: { readonly said: string }): string | undefined => /trace: ([0-9a-f]{64})/.exec(said)?.[1];
  assert.match(traceOf(once) ?? "", /./);
  assert.equal(traceOf(once), traceOf(again));
  assert.notEqual(traceOf(once), traceOf(other));
});

test("whole hosts keep their promises under faults, over many seeds", async (t) => {
  await playMany(t, SEEDS, ...(isFull ? [] : ["--for", String(SECONDS)]));
});
