import test from "node:test";
import { isFull, playMany } from "./playing.ts";

/** Each host talks with each other one: twice the hosts take four times as long. */
const HOSTS = isFull ? 200 : 100;
const SEEDS = isFull ? 20 : 1;

test("hundreds of hosts keep their promises under faults", async (t) => {
  await playMany(t, SEEDS, "--hosts", String(HOSTS), "--operations", "300");
});
