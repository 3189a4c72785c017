import assert from "node:assert/strict";
import test from "node:test";
import type { HostId } from "../../codec/index.ts";
import type { Env } from "../../platform/index.ts";
import { machineEnv, silentLog } from "../../platform/index.ts";
import { SourceBook } from "./sources.ts";

const [near, far, third] = ["near", "far", "third"] as HostId[] as [HostId, HostId, HostId];

class Hands {
  nowMs = 0;
  readonly env: Env = { ...machineEnv(silentLog), clock: { wallMs: () => 0, monotonicMs: () => this.nowMs } };

  measure(book: SourceBook, host: HostId, tookMs: number): void {
    const attempt = book.begin(host);
    this.nowMs += tookMs;
    attempt.succeeded();
  }
}

test("the quicker source comes first, until more is under way there than its speed makes up for", () => {
  const hands = new Hands();
  const book = new SourceBook(hands.env);
  hands.measure(book, near, 20);
  hands.measure(book, far, 50);
  assert.deepEqual(book.order([far, near]), [near, far]);
  book.begin(near);
  assert.deepEqual(book.order([far, near]), [near, far]);
  book.begin(near);
  assert.deepEqual(book.order([far, near]), [far, near]);
});

test("a source that nobody has measured is tried before one that is known to be slow", () => {
  const hands = new Hands();
  const book = new SourceBook(hands.env);
  hands.measure(book, far, 500);
  assert.deepEqual(book.order([far, third]), [third, far]);
});

test("a source is late after 300 ms, or three times what it usually takes", () => {
  const hands = new Hands();
  const book = new SourceBook(hands.env);
  assert.equal(book.begin(near).lateAfterMs, 300);
  hands.measure(book, near, 400);
  assert.equal(book.begin(near).lateAfterMs, 1200);
});

test("a source that fails is set aside for longer each time, and forgiven when it answers", () => {
  const hands = new Hands();
  const book = new SourceBook(hands.env);
  for (const asideMs of [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]) {
    book.begin(near).failed();
    hands.nowMs += asideMs - 1;
    assert.equal(book.isAside(near), true);
    assert.deepEqual(book.order([near, far]), [far, near]);
    hands.nowMs += 1;
    assert.equal(book.isAside(near), false);
  }
  hands.measure(book, near, 10);
  book.begin(near).failed();
  hands.nowMs += 2_000;
  assert.equal(book.isAside(near), false);
});

test("a source that lies is set aside for an hour", () => {
  const hands = new Hands();
  const book = new SourceBook(hands.env);
  book.begin(near).cheated();
  hands.nowMs += 3_599_999;
  assert.equal(book.isAside(near), true);
  hands.nowMs += 1;
  assert.equal(book.isAside(near), false);
});

test("a source that was overtaken counts as slow as it was, and an attempt ends once only", () => {
  const hands = new Hands();
  const book = new SourceBook(hands.env);
  hands.measure(book, far, 100);
  const attempt = book.begin(near);
  hands.nowMs += 1_000;
  attempt.overtaken();
  attempt.failed();
  assert.equal(book.isAside(near), false);
  assert.deepEqual(book.order([near, far]), [far, near]);
});
