import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { MAX_BULK_FRAME } from "./port.ts";
import { FULL_FRAME_COST, ReceiveBudget, frameCost } from "./receive-budget.ts";
import { ReceiveWindow } from "./receive-window.ts";

const MIB = 1024 * 1024;
const never = new AbortController().signal;

/** One stream as both ends see it: the sender's credit, and the frames on their way to the reader. */
class Stream {
  readonly window: ReceiveWindow;
  credit: number;
  readonly waiting: number[] = [];

  constructor(budget: ReceiveBudget) {
    this.window = new ReceiveWindow(budget);
    this.credit = this.window.begin();
  }

  /** @returns whether the sender had the credit */
  send(length: number): boolean {
    if (frameCost(length) > this.credit) return false;
    this.credit -= frameCost(length);
    this.window.spend(length);
    this.waiting.push(length);
    return true;
  }

  read(): void {
    this.credit += this.window.ask();
    const length = this.waiting.shift();
    if (length !== undefined) this.window.take(length);
  }
}

describe("the receive budget", () => {
  test("lends no more than it has, however streams come, send, read and go", () => {
    const total = 24 * MIB;
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom("open", "send", "send", "send", "read", "read", "close"), fc.nat(9), fc.nat(MAX_BULK_FRAME)), { maxLength: 300 }), (steps) => {
        const budget = new ReceiveBudget(total);
        const open: { readonly stream: Stream; readonly leave: () => void }[] = [];
        for (const [step, which, length] of steps) {
          const one = open[which % Math.max(1, open.length)];
          if (step === "open") {
            const leave = budget.accept();
            if (leave !== undefined) open.push({ stream: new Stream(budget), leave });
          } else if (step === "send") one?.stream.send(length);
          else if (step === "read") one?.stream.read();
          else if (one !== undefined) {
            one.stream.window.close();
            one.leave();
            open.splice(open.indexOf(one), 1);
          }
          assert.ok(budget.inUseBytes <= total, `${budget.inUseBytes} bytes`);
          const waiting = open.flatMap(({ stream }) => stream.waiting).reduce((sum, each) => sum + frameCost(each), 0);
          assert.ok(waiting <= total, `${waiting} bytes wait`);
        }
      }),
    );
  });

  test("a reader with nothing before it always leaves its sender room for the largest frame", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(MAX_BULK_FRAME), { maxLength: 60 }), fc.integer({ min: 0, max: 40 }), (lengths, mib) => {
        const stream = new Stream(new ReceiveBudget(mib * MIB));
        for (const length of lengths) {
          while (!stream.send(length)) {
            const hadNothing = stream.waiting.length === 0;
            stream.read();
            assert.ok(!hadNothing || stream.credit >= FULL_FRAME_COST, "a reader has asked and has nothing, and its sender has no room");
          }
        }
        while (stream.waiting.length > 0) stream.read();
        stream.read();
        assert.ok(stream.credit >= FULL_FRAME_COST);
      }),
    );
  });

  test("gives a lone stream much room, and takes it back for others as they come", () => {
    const budget = new ReceiveBudget(96 * MIB);
    const leaves = [budget.accept()];
    const first = new Stream(budget);
    assert.equal(first.credit, 16 * MIB);
    for (let at = 0; at < 9; at += 1) leaves.push(budget.accept());
    for (let at = 0; at < 40; at += 1) {
      first.send(MIB);
      first.read();
    }
    assert.ok(first.credit <= 6 * MIB, `${first.credit / MIB} MiB`);
    assert.equal(leaves.filter((each) => each !== undefined).length, 10);
  });

  test("bounds the streams that others open without touching the places for our own", async () => {
    const budget = new ReceiveBudget(8 * MIB);
    const accepted = Array.from({ length: 5 }, () => budget.accept());
    assert.ok(accepted.includes(undefined));
    const leave = await budget.opened.take(1, never);
    leave();
    leave();
    accepted[0]?.();
    assert.notEqual(budget.accept(), undefined);
  });

  test("a sender that spends what it was not given is found out", () => {
    const window = new ReceiveWindow(new ReceiveBudget(0));
    assert.throws(() => window.spend(0), /without having room/);
    const credit = window.begin();
    window.spend(credit - 512);
    assert.throws(() => window.spend(0), /without having room/);
  });
});
