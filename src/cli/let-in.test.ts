import assert from "node:assert/strict";
import test from "node:test";
import type { AskedSponsor, NearbyDesk, SetupNearby } from "../door/index.ts";
import { machineEnv, silentLog } from "../platform/index.ts";
import { CliError } from "./errors.ts";
import { letIn } from "./let-in.ts";

const ID = "a".repeat(52);
const BARN = { id: ID, host: "barn", network: "kin" };
const ATTIC = { id: "b".repeat(52), host: "at\u001btic", network: "friends" };
const DIGITS = "482913";

type Shown = Pick<SetupNearby, "sponsors"> & { readonly asked?: Pick<AskedSponsor, "state" | "digits" | "code"> };

/** A terminal at which somebody answers, and what is near at each moment, in milliseconds; time passes only by waiting. */
class Evening {
  readonly said: string[] = [];
  readonly drawn: string[] = [];
  readonly asked: string[] = [];
  nowMs = 0;
  readonly #shown: (nowMs: number) => Shown;
  readonly #answers: string[];

  constructor(shown: (nowMs: number) => Shown, ...answers: string[]) {
    this.#shown = shown;
    this.#answers = answers;
  }

  readonly #desk: NearbyDesk = {
    facts: () => {
      const { sponsors, asked } = this.#shown(this.nowMs);
      return { addresses: ["192.168.1.7:4281"], sponsors: [...sponsors], asked: asked === undefined ? null : { ...BARN, name: "den", ...asked } };
    },
    ask: (id, name) => void this.asked.push(`${id} ${name}`),
    withdraw: () => {},
  };

  run(signal = new AbortController().signal): Promise<string> {
    const machine = machineEnv(silentLog);
    const sleep = async (delayMs: number, limit?: AbortSignal): Promise<void> => {
      limit?.throwIfAborted();
      this.nowMs += delayMs;
    };
    const env = { ...machine, clock: { wallMs: () => this.nowMs, monotonicMs: () => this.nowMs }, timers: { ...machine.timers, sleep } };
    const io = { json: false, isTerminal: true, columns: 80, answer: () => {}, row: async () => {}, bytes: async () => {}, note: (words: string) => void this.said.push(words), redraw: (line: string) => void this.drawn.push(line) };
    return letIn({ io, env, signal }, this.#desk, "den", async (question) => {
      this.said.push(question);
      const answer = this.#answers.shift();
      if (answer === undefined) throw new CliError("CANCELLED", "Stopped.");
      return answer;
    });
  }
}

/** Barn is near from the first second, and answers so three seconds later. */
const answering = (asked: Shown["asked"]) => (nowMs: number): Shown => ({
  sponsors: nowMs < 1_000 ? [] : [BARN],
  asked: nowMs < 4_000 ? { state: "waiting", digits: DIGITS, code: null } : asked!,
});

test("a person who joins without a code chooses among the hosts nearby, and sees the digits until somebody there has typed them", async () => {
  const evening = new Evening((nowMs) => ({ ...answering({ state: "admitted", digits: DIGITS, code: "hf1code" })(nowMs), sponsors: nowMs < 1_000 ? [] : [ATTIC, ...(nowMs < 2_000 ? [] : [BARN])] }), "2", "yes");
  assert.equal(await evening.run(), "hf1code");
  assert.deepEqual(evening.asked, [`${ID} den`]);
  const said = evening.said.join("\n");
  assert.match(said, /NO\. +HOST +NETWORK\n1 +at\ufffdtic +friends\n2 +barn +kin\n/, "whoever comes a second later is on the list, too");
  assert.match(said, /barn of the network kin was asked\. .*these six digits:\n\n {4}482 913\n/);
  assert.match(said, /Go on only if whoever is there typed these six digits: 482 913\.\nType yes to join kin: $/);
  assert.ok(evening.drawn.some((line) => line.startsWith("Looking")) && evening.drawn.some((line) => line.startsWith("Waiting for barn")));
});

test("where no host shows itself it is said once how one is brought here, and the search goes on", async () => {
  const evening = new Evening((nowMs) => ({ sponsors: nowMs < 60_000 ? [] : [BARN] }));
  await assert.rejects(evening.run(), { code: "CANCELLED" });
  assert.equal(evening.said.filter((words) => /'\.\/holdfast nearby visit 192\.168\.1\.7:4281'/.test(words)).length, 1);
});

test("Enter looks again, and a number that nobody has is asked for anew", async () => {
  const evening = new Evening(answering({ state: "admitted", digits: DIGITS, code: "hf1code" }), "", "7", "0", "one", "1", "y");
  assert.equal(await evening.run(), "hf1code");
  assert.deepEqual(evening.said.filter((words) => words.startsWith("There is no")), ["7", "0", "one"].map((typed) => `There is no number ${typed}.`));
});

test("a host that does not let this machine in ends the search with its reason", async () => {
  const codes = { refused: "APPLICATION_REFUSED", expired: "APPLICATION_EXPIRED", busy: "BUSY", lost: "UNREACHABLE" } as const;
  for (const state of Object.keys(codes) as (keyof typeof codes)[]) await assert.rejects(new Evening(answering({ state, digits: null, code: null }), "1").run(), { code: codes[state], message: /^(barn|Nobody)/ });
});

test("whoever sees other digits typed than their own does not join, although the host has let them in", async () => {
  for (const answer of ["", "no", "482913"]) await assert.rejects(new Evening(answering({ state: "admitted", digits: DIGITS, code: "hf1code" }), "1", answer).run(), { code: "CANCELLED" });
});

test("Ctrl-C ends the search, and the wait for an answer", async () => {
  for (const sponsors of [[], [BARN]]) {
    const stop = new AbortController();
    const evening = new Evening((nowMs) => {
      if (nowMs > 5_000) stop.abort(new CliError("CANCELLED", "Stopped."));
      return { sponsors, asked: { state: "waiting", digits: DIGITS, code: null } };
    }, "1");
    await assert.rejects(evening.run(stop.signal), { code: "CANCELLED" });
  }
});
