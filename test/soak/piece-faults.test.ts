import assert from "node:assert/strict";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { digestOfFile, digestsBelow, writeNoise } from "../cluster/content.ts";
import { Disk } from "../cluster/disks.ts";
import type { TestHost } from "../cluster/harness.ts";
import { Bench, allSee, until } from "../cluster/harness.ts";
import { fetchOn, household, put } from "../cluster/household.ts";
import type { PieceFile } from "../cluster/pieces.ts";
import { flipByte, piecesOn } from "../cluster/pieces.ts";
import { MIB, sized } from "../cluster/size.ts";

// What goes wrong with a piece: on the disk where it lies, on the way to a disk without room, on the way to a host that says nothing more.

/** Each is flipped at another place, from the first byte of the content to the last of what stands behind it. */
const DAMAGED = sized(120, 6);
const SMALL_BYTES = 150_000;
const LARGE_BYTES = sized(480, 48) * MIB;
/** What a host leaves of its disk to others. */
const KEPT_FREE_BYTES = 256 * MIB;
/** A host that says nothing is given up, and what it had is sent elsewhere, within this. */
const PATIENCE_MS = 90_000;

interface Stage {
  readonly bench: Bench;
  readonly hosts: readonly [TestHost, TestHost, TestHost, TestHost];
  readonly shedsDisk: Disk;
}

test("pieces that are damaged, find no room or are not answered for cost nobody a byte", { timeout: 1_800_000 }, async (t) => {
  await using bench = await Bench.make();
  await using shedsDisk = await Disk.small(bench.host("shed"), KEPT_FREE_BYTES + LARGE_BYTES + 96 * MIB);
  const { all } = await household(bench, ["attic", "cellar", "barn", "shed"].map((name) => ({ name, capacityBytes: name === "shed" ? LARGE_BYTES + 64 * MIB : 4 * LARGE_BYTES + 256 * MIB })));
  const stage: Stage = { bench, hosts: all as unknown as Stage["hosts"], shedsDisk };
  await t.test("a flipped byte anywhere in a piece's file is found, never read, and the piece is made anew", () => flipped(stage));
  await t.test("a host that accepts and hangs is replaced while the others go on", () => hangs(stage));
  await t.test("a disk that fills up in the middle of a transfer is left out", () => fills(stage));
});

async function flipped({ bench, hosts: [attic, cellar] }: Stage): Promise<void> {
  const stored: { readonly id: string; readonly digest: string; readonly piece: PieceFile; readonly whole: string }[] = [];
  for (let at = 0; at < DAMAGED; at += 1) {
    const path = join(bench.folder, `small-${at}.bin`);
    await writeNoise(path, SMALL_BYTES);
    const before = new Set((await piecesOn(cellar)).map((each) => each.path));
    const id = await put(attic, path, "--code", "2+2");
    const piece = (await piecesOn(cellar)).find((each) => !before.has(each.path));
    assert.ok(piece !== undefined, "all four hosts have a piece");
    stored.push({ id, digest: await digestOfFile(path), piece, whole: await digestOfFile(piece.path) });
  }
  // What stands behind a content may be known already to a host that runs.
  await cellar.kill();
  for (const [at, { piece }] of stored.entries()) await flipByte(piece.path, Math.round(((piece.sizeBytes - 1) * at) / (stored.length - 1)));
  await cellar.up();
  for (const { id, digest } of stored) {
    const folder = await fetchOn(cellar, id);
    assert.deepEqual([...(await digestsBelow(folder)).values()], [digest]);
    await rm(folder, { recursive: true });
  }
  await until("every piece is whole again", 60_000, async () => (await Promise.all(stored.map(({ piece }) => digestOfFile(piece.path)))).every((found, at) => found === stored[at]!.whole));
  assert.equal((await readdir(join(cellar.data, "quarantine"))).length, DAMAGED, "each was set aside");
}

/** Puts a large file on the first host, and does something to the others once it is under way. */
async function putMeanwhile({ bench, hosts }: Stage, name: string, code: string, meanwhile: () => Promise<void>): Promise<{ readonly survives: number }> {
  const [attic, cellar] = hosts;
  const path = join(bench.folder, name);
  await writeNoise(path, LARGE_BYTES);
  const before = (await piecesOn(attic)).length;
  const putting = attic.ask<{ entry: { id: string }; survives: number }>(["put", path, "--code", code]);
  await until("it is under way", 60_000, async () => (await piecesOn(attic)).length > before);
  await meanwhile();
  const { entry, survives } = await putting;
  const folder = await fetchOn(cellar, entry.id);
  assert.deepEqual([...(await digestsBelow(folder)).values()], [await digestOfFile(path)]);
  await rm(folder, { recursive: true });
  await rm(path);
  return { survives };
}

async function hangs(stage: Stage): Promise<void> {
  const barn = stage.hosts[2];
  const begun = performance.now();
  const { survives } = await putMeanwhile(stage, "hanging.bin", "2+1", async () => void process.kill(barn.pid, "SIGSTOP"));
  assert.ok(performance.now() - begun < PATIENCE_MS + LARGE_BYTES / MIB / 0.005, "it was not waited for");
  assert.equal(survives, 1);
  process.kill(barn.pid, "SIGCONT");
  await allSee(stage.hosts, 60_000);
}

async function fills(stage: Stage): Promise<void> {
  const { survives } = await putMeanwhile(stage, "filling.bin", "2+2", async () => void (await stage.shedsDisk.fill()));
  assert.ok(survives >= 1, "three of four pieces of each pack are on disks with room");
}
