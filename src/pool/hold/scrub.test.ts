import assert from "node:assert/strict";
import test from "node:test";
import type { PackId } from "../../codec/index.ts";
import { idFromBytes } from "../../codec/index.ts";
import { sha256 } from "../../crypto/index.ts";
import type { Env } from "../../platform/index.ts";
import { FakeNotes } from "../fakes/fake-notes.ts";
import { FakeStore } from "../fakes/fake-store.ts";
import { quickEnv } from "../fakes/quick-env.ts";
import { rootOf } from "../layout/leaves.ts";
import { Scrub } from "./scrub.ts";

const PERIOD_MS = 10_000;
const PIECES = 10;
const SIZE = 100_000;

const packOf = (number: number): PackId => idFromBytes<PackId>(sha256(Uint8Array.of(number)));

/** A store that notes what is read of it, and a clock that is set by hand. */
class Disk extends FakeStore {
  readonly readPacks: PackId[] = [];
  /** May not be read. */
  refused: PackId | undefined;

  override async read(pack: PackId, index: number, offset: number, length: number): Promise<Uint8Array> {
    this.readPacks.push(pack);
    if (pack === this.refused) throw Object.assign(new Error("permission denied"), { code: "EACCES" });
    return await super.read(pack, index, offset, length);
  }
}

class Bench {
  readonly disk = new Disk(1e9);
  readonly notes = new FakeNotes();
  nowMs = 0;
  damages = 0;
  readonly #env: Env = { ...quickEnv(1), clock: { wallMs: () => 0, monotonicMs: () => this.nowMs } };

  async fill(): Promise<void> {
    for (let number = 0; number < PIECES; number += 1) {
      const bytes = new Uint8Array(SIZE).fill(number);
      const source = (async function* () {
        yield bytes;
      })();
      await this.disk.put({ pack: packOf(number), index: 0, sizeBytes: SIZE, root: rootOf(bytes) }, new Uint8Array(1), source, await this.disk.reserve(SIZE));
    }
  }

  /** As after a start. */
  scrub(): Scrub {
    return new Scrub({ env: this.#env, store: this.disk, log: this.notes, periodMs: PERIOD_MS, onDamage: () => (this.damages += 1) });
  }

  async turn(scrub: Scrub, afterMs: number): Promise<void> {
    this.nowMs += afterMs;
    await scrub.turn({ signal: new AbortController().signal, report: () => {} });
  }
}

test("every piece is read once in a period, as many in each turn as are due", async () => {
  const bench = new Bench();
  await bench.fill();
  const scrub = bench.scrub();
  await bench.turn(scrub, PERIOD_MS / 2);
  assert.equal(bench.disk.readPacks.length, PIECES / 2);
  await bench.turn(scrub, PERIOD_MS / 2);
  assert.deepEqual([...bench.disk.readPacks].sort(), Array.from({ length: PIECES }, (_, number) => packOf(number)).sort());
  await bench.turn(scrub, 100 * PERIOD_MS);
  assert.ok(bench.disk.readPacks.length <= 2 * PIECES, "time that a machine slept is not made up for");
});

test("a restart goes on behind the last piece that was read", async () => {
  const bench = new Bench();
  await bench.fill();
  await bench.turn(bench.scrub(), (PERIOD_MS * 3) / 10);
  assert.equal(bench.disk.readPacks.length, 3);
  await bench.turn(bench.scrub(), (PERIOD_MS * 7) / 10);
  assert.equal(new Set(bench.disk.readPacks).size, PIECES);
  assert.equal(bench.disk.readPacks.length, PIECES);
});

test("a scrub whose place the disk has damaged begins anew", async () => {
  const bench = new Bench();
  await bench.fill();
  const scrub = bench.scrub();
  await bench.turn(scrub, (PERIOD_MS * 3) / 10);
  bench.notes.damage();
  await bench.turn(scrub, PERIOD_MS);
  assert.equal(new Set(bench.disk.readPacks).size, PIECES);
});

test("a piece that has changed on the disk is found, and its restoration is asked for once a turn", async () => {
  const bench = new Bench();
  await bench.fill();
  for (const number of [3, 7]) bench.disk.spoil(packOf(number), 70_000);
  await bench.turn(bench.scrub(), PERIOD_MS);
  assert.equal(bench.damages, 1);
  assert.deepEqual([3, 7].map((number) => bench.disk.held(packOf(number), 0)), [undefined, undefined]);
  assert.ok(bench.disk.held(packOf(4), 0) !== undefined);
});

test("a piece that cannot be read for another reason is said, and keeps no other from being read", async () => {
  const bench = new Bench();
  await bench.fill();
  const [first] = bench.disk.list(undefined, 1);
  bench.disk.refused = first!.pack;
  const scrub = bench.scrub();
  await assert.rejects(bench.turn(scrub, (PERIOD_MS * 3) / 10), { code: "EACCES" });
  await bench.turn(scrub, (PERIOD_MS * 7) / 10);
  assert.equal(new Set(bench.disk.readPacks).size, PIECES);
  assert.equal(bench.damages, 0);
});
