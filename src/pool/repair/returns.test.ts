import assert from "node:assert/strict";
import test from "node:test";
import type { Outcome } from "../audit/challenge.ts";
import { Village, content, copies } from "../fakes/village.ts";
import { Catalog } from "../record/catalog.ts";
import { Returns } from "./returns.ts";

test("a host that came back counts again once it has shown something, and is asked again soon when it was silent or busy, late when it failed", async () => {
  const village = await Village.build({ hosts: 2 });
  await village.at(0).pool.store(village.namespace, content(1), copies(2));
  const [{ host: self, records }, { host }] = [village.at(0), village.at(1)];
  let isGone = true;
  let answer: readonly Outcome[] | undefined;
  let asked = 0;
  const ask = async (): Promise<readonly Outcome[] | undefined> => {
    asked += 1;
    return answer;
  };
  const view = { self, roster: () => village.roster(), presence: () => (isGone ? ("gone" as const) : ("online" as const)), repair: { repairAfterMs: () => 1, isAwayFor: () => false } };
  const returns = new Returns(village.env, view, new Catalog(village.env, records), { ask });
  const { signal } = new AbortController();
  const check = async (given: readonly Outcome[] | undefined): Promise<string | undefined> => {
    answer = given;
    await returns.check(signal);
    return returns.standings().get(host);
  };
  assert.equal(await check(undefined), "lost");
  isGone = false;
  assert.deepEqual([await check(undefined), asked], ["lost", 1]);
  assert.deepEqual([await check(["right"]), asked], ["lost", 1], "it was asked only just now");
  village.skip(60_000);
  assert.deepEqual([await check(["unheard"]), asked], ["lost", 2]);
  village.skip(60_000);
  assert.deepEqual([await check(["right", "absent"]), asked], ["lost", 3]);
  village.skip(60_000);
  assert.deepEqual([await check(["right"]), asked], ["lost", 3], "it failed");
  village.skip(3_600_000);
  assert.deepEqual([await check(["right", "unheard"]), asked], ["here", 4]);
  await village.close();
});
