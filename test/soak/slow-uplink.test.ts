import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { Bench, allSee } from "../cluster/harness.ts";
import type { Machine } from "../cluster/namespaces.ts";
import { Switch } from "../cluster/namespaces.ts";
import { MIB } from "../cluster/size.ts";

const PORTS = ["--http-port", "0", "--peer-port", "0"] as const;
const UPLINK_KBIT = 1_000;
const FILE_BYTES = 4 * MIB;
/** With what the code adds, on its way to three hosts at once, twice over. */
const SENT_WITHIN_MS = ((2 * FILE_BYTES * 8) / UPLINK_KBIT) * 2;

test("a file put behind an uplink of 1 Mbit/s comes to three other hosts, none of which counts as gone meanwhile", { timeout: 300_000 }, async () => {
  await using bench = await Bench.make();
  await using net = new Switch(bench);
  const [attic, ...others] = ["attic", "cellar", "barn", "shed"].map((name) => net.add(name)) as [Machine, ...Machine[]];
  await attic.ask(["init", "--network", "friends", "--host", "attic", "--capacity", "1GB"]);
  await attic.up(...PORTS, "--log", "debug");
  for (const machine of others) {
    const { code } = await attic.ask<{ code: string }>(["invite"]);
    await machine.ask(["join", "-", "--host", machine.name, "--capacity", "1GB"], code);
    await machine.up(...PORTS);
  }
  await allSee([attic, ...others], 30_000);
  const file = join(bench.folder, "film");
  await writeFile(file, randomBytes(FILE_BYTES));
  net.slowDown(attic, UPLINK_KBIT);
  const begunMs = performance.now();
  const { survives, safe } = await attic.ask<{ survives: number; safe: boolean }>(["put", file]);
  assert.deepEqual({ survives, safe }, { survives: 2, safe: true });
  const tookMs = performance.now() - begunMs;
  assert.ok(tookMs < SENT_WITHIN_MS, `it took ${Math.round(tookMs)} ms`);
  assert.doesNotMatch(attic.log, /a host is disconnected/);
});
