import assert from "node:assert/strict";
import test from "node:test";
import { Budgets } from "./budgets.ts";

test("a budget is remembered while it is used, and memory ends at a thousand of them", () => {
  let nowMs = 0;
  const budgets = new Budgets({ wallMs: () => 0, monotonicMs: () => nowMs });
  const rate = { perSecond: 1, burst: 10 };
  budgets.of("greedy", rate).take(30);
  for (let at = 0; at < 5000; at += 1) budgets.of(`host ${at}`, rate);
  assert.ok(budgets.of("greedy", rate).level < 0);
  nowMs = 60_000;
  assert.equal(budgets.of("greedy", rate).level, 10);
});
