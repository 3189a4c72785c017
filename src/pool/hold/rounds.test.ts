import assert from "node:assert/strict";
import test from "node:test";
import type { NamespaceId, PackId } from "../../codec/index.ts";
import type { Env } from "../../platform/index.ts";
import { machineEnv, silentLog } from "../../platform/index.ts";
import { Rounds } from "./rounds.ts";

const namespace = "n" as NamespaceId;

class Hands {
  nowMs = 0;
  /** How long a look through all packs takes. */
  allMs = 10;
  readonly env: Env = { ...machineEnv(silentLog), clock: { wallMs: () => 0, monotonicMs: () => this.nowMs } };
  readonly rounds = new Rounds(this.env);

  /** What was looked at. */
  async turn(): Promise<"all" | string[]> {
    const all = async (): Promise<"all"> => {
      this.nowMs += this.allMs;
      return "all";
    };
    return await this.rounds.run<"all" | string[]>(all, async (changed) => [...changed.keys()]);
  }

  note(...packs: string[]): void {
    this.rounds.note(namespace, packs as PackId[]);
  }
}

test("all packs are looked at each time as long as that is quick, and else no more than a twentieth of the time", async () => {
  const hands = new Hands();
  for (let turn = 0; turn < 3; turn++) assert.equal(await hands.turn(), "all");
  hands.allMs = 30_000;
  assert.equal(await hands.turn(), "all");
  hands.note("a", "b");
  assert.deepEqual(await hands.turn(), ["a", "b"]);
  assert.deepEqual(await hands.turn(), []);
  hands.nowMs += 599_000;
  assert.deepEqual(await hands.turn(), []);
  hands.nowMs += 1_000;
  assert.equal(await hands.turn(), "all");
  hands.rounds.noteAll();
  assert.equal(await hands.turn(), "all");
});

test("with very many changes all packs are looked at, and what could not be looked at stays due", async () => {
  const hands = new Hands();
  hands.allMs = 30_000;
  await hands.turn();
  hands.note("a");
  await assert.rejects(hands.rounds.run(async () => {}, async () => Promise.reject(new Error("stopped"))), /stopped/);
  assert.deepEqual(await hands.turn(), ["a"]);
  hands.note(...Array.from({ length: 5_000 }, (_, at) => String(at)));
  await assert.rejects(hands.rounds.run(async () => Promise.reject(new Error("stopped")), async () => {}), /stopped/);
  assert.equal(await hands.turn(), "all");
});
