import assert from "node:assert/strict";
import test from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import type { Register } from "../../../src/cluster/index.ts";
import { namespaceIdOf } from "../../../src/cluster/index.ts";
import { equalBytes } from "../../../src/codec/index.ts";
import { sha256 } from "../../../src/crypto/index.ts";
import type { RunningEntries } from "../../../src/drive/index.ts";
import { createEntries, privateRule } from "../../../src/drive/index.ts";
import type { PackId } from "../../../src/codec/index.ts";
import type { Env, Worker } from "../../../src/platform/index.ts";
import { PRIVATE_TYPE, privateGenesis } from "../../../src/pool/index.ts";
import { Village } from "../../../src/pool/fakes/village.ts";
import type { Villager } from "../../../src/pool/fakes/village.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** In `npm run soak` many more. */
const RUNS = process.env["HOLDFAST_SIZE"] === "1" ? 200 : 6;
const { signal } = new AbortController();

/** What a file of this number says; some are in several entries. */
function textOf(file: number): Uint8Array {
  return new Uint8Array(3_000 + file * 100).fill(file + 1);
}

/** In a village's hurried time long work steps aside twenty times as often as it should: it need not wait for a timer each time. */
function withoutRests(env: Env): Env {
  return { ...env, timers: { ...env.timers, sleep: (ms, until) => (ms === 0 ? nextTurn() : env.timers.sleep(ms, until)) } };
}

type Deed = "sweep" | "rewrite" | "upgrade";
type Step =
  | { readonly kind: "put"; readonly device: number; readonly files: readonly number[]; readonly writes: number }
  | { readonly kind: "rm"; readonly device: number; readonly which: number }
  | { readonly kind: "do"; readonly device: number; readonly deed: Deed; readonly writes: number }
  | { readonly kind: "both"; readonly deeds: readonly [Deed, Deed]; readonly writes: number }
  | { readonly kind: "pass"; readonly ms: number }
  | { readonly kind: "grow" };

const deed = fc.constantFrom<Deed>("sweep", "rewrite", "upgrade");
/** So many writes succeed, and then the device is gone until the step is over. */
const writes = fc.oneof({ weight: 3, arbitrary: fc.constant(Number.POSITIVE_INFINITY) }, { weight: 1, arbitrary: fc.integer({ min: 0, max: 4 }) });
const device = fc.integer({ min: 0, max: 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("put" as const), device, files: fc.uniqueArray(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 4 }), writes }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("rm" as const), device, which: fc.nat(5) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("do" as const), device, deed, writes }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("both" as const), deeds: fc.tuple(deed, deed), writes }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.constantFrom(2 * HOUR_MS, 2 * HOUR_MS, 31 * DAY_MS) }) },
  { weight: 1, arbitrary: fc.constant({ kind: "grow" as const }) },
);

/** One person with two devices in a growing network, and what they keep. */
class Household {
  readonly village: Village;
  readonly entries: RunningEntries[] = [];
  readonly kept = new Map<string, readonly number[]>();
  #laterMs = 0;

  readonly #isBlind: boolean;

  private constructor(village: Village, isBlind: boolean) {
    this.village = village;
    this.#isBlind = isBlind;
    village.condemnedForMs = 30 * DAY_MS;
    const { clock } = village.env;
    const before = { ...clock };
    Object.assign(clock, { wallMs: () => before.wallMs() + this.#laterMs, monotonicMs: () => before.monotonicMs() + this.#laterMs });
    for (const number of [0, 1]) this.#begin(number);
  }

  /** @param isBlind the mistake that `check` must find: what lies in several packs counts as used in none */
  static async make(isBlind = false): Promise<Household> {
    return new Household(await Village.build({ hosts: 2, rule: (record, genesis, somebody) => privateRule(record, genesis, somebody as Register) }), isBlind);
  }

  get namespace(): ReturnType<typeof namespaceIdOf> {
    return namespaceIdOf(privateGenesis(this.village.network, this.village.owner));
  }

  /** The device as after a start: it remembers nothing but what is recorded. */
  #begin(number: number): void {
    const { village } = this;
    const { pool, records } = village.at(number);
    const entries = createEntries(withoutRests(village.env), { network: village.network, account: () => village.owner, seed: async () => sha256(Uint8Array.of(9)), records, pool, reuse: pool.upkeep });
    this.entries[number] = entries;
    pool.upkeep.sweeps(PRIVATE_TYPE, async (_namespace, until) => {
      const usage = await entries.usage(until);
      return this.#isBlind ? { has: (pack) => usage.has(pack) && [...usage.insteadOf!(pack)].length === 0 && ![...pool.packs(this.namespace)].some((other) => [...usage.insteadOf!(other.pack)].includes(pack)) } : usage;
    });
  }

  async take(step: Step): Promise<void> {
    switch (step.kind) {
      case "put":
        return this.#until(step.device, step.writes, () => this.#put(this.entries[step.device]!, step.files));
      case "rm": {
        const id = [...this.kept.keys()][step.which];
        if (id === undefined) return;
        await this.entries[step.device]!.remove(id);
        this.kept.delete(id);
        return;
      }
      case "do":
        return this.#until(step.device, step.writes, () => this.#do(step.device, step.deed));
      case "both":
        await Promise.all([this.#until(0, step.writes, () => this.#do(0, step.deeds[0])), this.#do(1, step.deeds[1])]);
        return;
      case "pass":
        this.#laterMs += step.ms;
        if (step.ms < DAY_MS) return;
        // Whoever has not looked for so long begins to look anew, and deletes nothing before the look after that.
        for (const number of [0, 1]) await this.#do(number, "sweep");
        this.#laterMs += 2 * HOUR_MS;
        return;
      case "grow":
        if (this.village.villagers.length < 5) await this.village.settle();
    }
  }

  async #put(entries: RunningEntries, files: readonly number[]): Promise<void> {
    const upload = await entries.put({ name: "x", kind: "folder" });
    for (const file of files) await upload.add({ path: `${file}`, mode: 0o600, modifiedMs: 1 }, bytesOf(textOf(file)));
    const { entry } = await upload.commit();
    this.kept.set(entry.id, files);
  }

  async #do(number: number, what: Deed): Promise<void> {
    const [{ pool }, entries] = [this.village.at(number), this.entries[number]!];
    if (what === "upgrade") for await (const _ of entries.upgrade(signal));
    else await turn([...pool.workers, ...entries.workers].find((worker) => worker.status().name === what)!);
  }

  /** The device writes so much, and then it is gone: what it was at ends with an error, and it starts anew. */
  async #until(number: number, most: number, work: () => Promise<void>): Promise<void> {
    const { records }: Villager = this.village.at(number);
    const write = records.write.bind(records);
    let left = most;
    records.write = async (...args) => {
      if ((left -= 1) < 0) throw new Error("the power went");
      return write(...args);
    };
    try {
      await work();
    } catch (error) {
      if (left >= 0) throw error;
    } finally {
      records.write = write;
    }
    if (left >= 0) return;
    await this.entries[number]!.stop();
    this.#begin(number);
  }

  /** Every blob that an entry needs is in a pack that is there and not condemned, by the word of either device. */
  async check(): Promise<void> {
    const { records } = this.village.at(0);
    for (const entries of this.entries) {
      const usage = await entries.usage(signal);
      const condemned = [...this.village.at(0).pool.packs(this.namespace)].filter(({ pack }) => records.local(this.namespace, `condemned/${pack}`) !== undefined).map(({ pack }) => pack);
      assert.deepEqual(condemned.filter((pack) => usage.has(pack)), [], "a pack that is needed is condemned");
    }
  }

  async readAll(): Promise<void> {
    for (const [id, files] of this.kept) {
      const view = await this.entries[0]!.open(id);
      for (const file of files) {
        const found = await view.file(`${file}`);
        const bytes = Buffer.concat(await Array.fromAsync(found!.read(0, found!.sizeBytes)));
        assert.ok(equalBytes(bytes, textOf(file)), `file ${file} of ${id}`);
      }
    }
  }

  count(): { readonly packs: ReadonlySet<PackId>; readonly condemned: number } {
    const packs = new Set([...this.village.at(0).pool.packs(this.namespace)].map(({ pack }) => pack));
    return { packs, condemned: [...packs].filter((pack) => this.village.at(0).records.local(this.namespace, `condemned/${pack}`) !== undefined).length };
  }

  async close(): Promise<void> {
    await Promise.all(this.entries.map((entries) => entries.stop()));
    await this.village.close();
  }
}

async function turn(worker: Worker): Promise<void> {
  const before = worker.status().runs;
  worker.start();
  while (worker.status().runs === before || worker.status().state !== "idle") await new Promise(setImmediate);
}

// eslint-disable-next-line typescript/require-await
async function* bytesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

const LONG: readonly Step[] = [
  ...[0, 1, 2, 3, 4].map((at): Step => ({ kind: "put", device: at % 2, files: [at, at + 1, at + 4], writes: Number.POSITIVE_INFINITY })),
  { kind: "rm", device: 0, which: 1 },
  { kind: "grow" },
  { kind: "grow" },
  { kind: "do", device: 0, deed: "upgrade", writes: 1 },
  { kind: "do", device: 1, deed: "upgrade", writes: Number.POSITIVE_INFINITY },
  ...Array.from({ length: 4 }, (): Step[] => [{ kind: "both", deeds: ["sweep", "rewrite"], writes: Number.POSITIVE_INFINITY }, { kind: "pass", ms: 2 * HOUR_MS }]).flat(),
  { kind: "both", deeds: ["sweep", "sweep"], writes: Number.POSITIVE_INFINITY },
  { kind: "pass", ms: 31 * DAY_MS },
  { kind: "both", deeds: ["sweep", "sweep"], writes: 1 },
  { kind: "do", device: 0, deed: "sweep", writes: Number.POSITIVE_INFINITY },
];

test("what was put, forgotten, upgraded, written anew and swept on two devices comes to lie in one pack, and the others are deleted", { timeout: 900_000 }, async () => {
  const household = await Household.make();
  const seen = new Set<PackId>();
  let condemned = 0;
  for (const each of LONG) {
    await household.take(each);
    await household.check();
    const now = household.count();
    for (const pack of now.packs) seen.add(pack);
    condemned = Math.max(condemned, now.condemned);
  }
  await household.readAll();
  const { packs } = household.count();
  assert.ok(seen.size >= 6 && condemned >= 4, `${seen.size} packs, ${condemned} condemned`);
  assert.ok(packs.size <= 2, `${packs.size} packs are left of ${seen.size}`);
  await household.close();
});

test("a sweep that counts what lies in several packs as used in none is found out", { timeout: 900_000 }, async () => {
  const household = await Household.make(true);
  await assert.rejects(async () => {
    for (const each of LONG) {
      await household.take(each);
      await household.check();
    }
  }, /a pack that is needed is condemned/);
  await household.close();
});

test("whatever is put, forgotten, upgraded, written anew and swept, by whichever device, cut off or not: each blob that is needed is in a pack that stays", { timeout: 900_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 24 }), async (steps) => {
      const household = await Household.make();
      try {
        for (const each of steps) {
          await household.take(each);
          await household.check();
        }
        await household.readAll();
      } finally {
        await household.close();
      }
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
});
