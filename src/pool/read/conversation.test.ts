import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import test from "node:test";
import type { HostId, PackId } from "../../codec/index.ts";
import { idFromBytes } from "../../codec/index.ts";
import { sha256 } from "../../crypto/index.ts";
import { codeOf } from "../../platform/index.ts";
import { HandTime } from "../fakes/hand-time.ts";
import { keyOf } from "../fakes/village.ts";
import { leavesAnswerCodec, leavesRequestCodec } from "../messages.ts";
import type { PoolTransport } from "../parts.ts";
import { Conversation, HeldBack } from "./conversation.ts";

const PACK = idFromBytes<PackId>(sha256(Uint8Array.of(1)));
const HOST = idFromBytes<HostId>(keyOf("source").publicKey);
const { signal } = new AbortController();

/** A conversation with a source that answers what the test says, while time goes by as the test says. */
class Talk {
  readonly time = new HandTime();
  readonly #frames = new TransformStream<Uint8Array, Uint8Array>(undefined, undefined, { highWaterMark: 1000 });
  readonly #writer = this.#frames.writable.getWriter();
  readonly asked: number[] = [];
  readonly conversation: Conversation;
  isEnded = false;

  constructor() {
    const frames = this.#frames.readable;
    const stream = {
      send: async (frame: Uint8Array) => void this.asked.push(leavesRequestCodec.decode(frame).number),
      finish: async () => {},
      frames: () => frames.values(),
      abort: () => {},
    };
    const transport: PoolTransport = { connected: () => [HOST], openBulk: async () => stream, request: () => Promise.reject(new Error("nobody asks")), handle: () => {}, handleBulk: () => {}, onPeer: () => () => {} };
    this.conversation = new Conversation(this.time.env, transport, HOST, () => (this.isEnded = true));
  }

  /** How the question ends, once it has. */
  ask(): { outcome: "open" | "answered" | "held back" | "not held" | "ended" } {
    const question: ReturnType<Talk["ask"]> = { outcome: "open" };
    this.conversation.ask({ pack: PACK, index: 0, firstLeaf: 0, leafCount: 1 }, signal).then(
      () => (question.outcome = "answered"),
      (error: unknown) => (question.outcome = error instanceof HeldBack ? "held back" : codeOf(error) === "NOT_HELD" ? "not held" : "ended"),
    );
    return question;
  }

  async answer(number: number): Promise<void> {
    await this.#writer.write(leavesAnswerCodec.encode({ number, outcome: { kind: "absent", value: {} } }));
    await setImmediate();
  }
}

test("an answer that is held back while others come is waited for no longer than a minute, and received when it comes after all", async () => {
  const talk = new Talk();
  const heldBack = talk.ask();
  for (let number = 1; number <= 6; number += 1) {
    assert.equal(heldBack.outcome, "open");
    const other = talk.ask();
    await talk.answer(number);
    assert.equal(other.outcome, "not held");
    await talk.time.pass(10_000);
  }
  assert.equal(heldBack.outcome, "held back");
  await talk.answer(0);
  const further = talk.ask();
  await talk.answer(7);
  assert.equal(further.outcome, "not held");
  assert.ok(!talk.isEnded);
});

test("a question waits for its turn behind others of a slow source, however long that takes", async () => {
  const talk = new Talk();
  const questions = Array.from({ length: 12 }, () => talk.ask());
  for (const [number, question] of questions.entries()) {
    await talk.time.pass(15_000);
    assert.equal(question.outcome, "open", `question ${number} was given up`);
    await talk.answer(number);
    assert.equal(question.outcome, "not held");
  }
});

test("a source that owes answers and sends none is given up with all that was asked of it", async () => {
  const talk = new Talk();
  const questions = [talk.ask(), talk.ask()];
  await talk.answer(1);
  await talk.time.pass(19_000);
  assert.equal(questions[0]!.outcome, "open");
  await talk.time.pass(1_000);
  assert.equal(questions[0]!.outcome, "ended");
  assert.ok(talk.isEnded);
});
