import assert from "node:assert/strict";
import test from "node:test";
import { Attempts } from "./attempts.ts";

class Hours {
  nowMs = 0;
  readonly attempts = new Attempts({ wallMs: () => 0, monotonicMs: () => this.nowMs });

  /** @returns how many of so many attempts are allowed at once */
  tries(address: string, times: number): number {
    return Array.from({ length: times }, () => this.attempts.take(address)).filter(Boolean).length;
  }
}

test("one address may ask four times at once and eight times an hour, and leaves the others theirs", () => {
  const hours = new Hours();
  assert.deepEqual([hours.tries("192.168.1.66", 1000), hours.tries("192.168.1.7", 1)], [4, 1]);
  let inTheHour = 0;
  for (; hours.nowMs <= 3_600_000; inTheHour += hours.tries("192.168.1.66", 100)) hours.nowMs += 60_000;
  assert.equal(inTheHour, 8);
});

test("all addresses together may ask twenty times at once and twenty times an hour, and no more are remembered than have asked lately", () => {
  const hours = new Hours();
  let taken = 0;
  for (let at = 0; at < 500; at += 1) taken += hours.tries(`10.0.${at % 250}.7`, 1);
  assert.equal(taken, 20);
  for (let at = 0; at < 1000; at += 1) {
    hours.nowMs += 60_000;
    hours.tries(`10.1.${at % 250}.7`, 1);
    assert.ok(hours.attempts.addresses <= 30, `${hours.attempts.addresses} addresses`);
  }
});
