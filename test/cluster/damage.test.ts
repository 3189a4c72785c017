import assert from "node:assert/strict";
import { open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { digestOf, loneHost, makeFilmSite, refusedWith, timed } from "./attack.ts";
import { digestOfFile } from "./content.ts";
import type { TestHost } from "./harness.ts";
import { Bench, until } from "./harness.ts";
import { MIB, sized } from "./size.ts";

test("kill -9 in the middle of publications loses nothing that was acknowledged, and every start needs nobody", { timeout: 300_000 }, async () => {
  await using bench = await Bench.make();
  const attic = await loneHost(bench, "attic", "4GB");
  const acknowledged = new Map<string, string>();
  const rounds = sized(50, 6);
  for (let round = 0; round < rounds; round += 1) {
    const names = [`site${round}`, `other${round}`, "same"];
    const folders = await Promise.all(names.map((name) => makeFilmSite(bench, name, 2 * MIB)));
    const publishing = names.map(async (name, at) => {
      const finished = await attic.run(["publish", folders[at]!, "--name", name, "--json"]);
      if (finished.code === 0) acknowledged.set(name, await digestOfFile(join(folders[at]!, "film.bin")));
      else if (name === "same") acknowledged.delete(name);
    });
    // From right after the first request to after the last answer.
    await sleep(200 + (round * 900) / rounds);
    await attic.kill();
    await Promise.all(publishing);
    const { tookMs } = await timed(() => attic.up());
    assert.ok(tookMs < 10_000, `the start took ${Math.round(tookMs)} ms`);
    for (const [name, expected] of acknowledged) assert.equal(await digestOf(attic, name), expected, `${name} after round ${round}`);
  }
  const sites = await attic.ask<{ name: string; head: unknown }[]>(["sites"]);
  for (const { name } of sites.filter(({ head }) => head !== null)) assert.match(await digestOf(attic, name), /^[0-9a-f]{64}$/, "what was not acknowledged is there as a whole or not at all");
  assert.deepEqual(await readdir(join(attic.data, "incoming")), []);
});

test("pieces whose bytes were flipped or that were deleted are read from elsewhere, never wrong", { timeout: 120_000 }, async (t) => {
  await using bench = await Bench.make();
  const [attic, cellar] = (await bench.network(["attic", "cellar"])) as [TestHost, TestHost];
  const pieces = async (host: TestHost): Promise<string[]> => (await readdir(join(host.data, "pieces"), { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));

  await t.test("flipped bytes", async () => {
    const folder = await makeFilmSite(bench, "rot", 24 * MIB);
    await attic.ask(["publish", folder, "--name", "rot"]);
    await cellar.kill();
    const expected = await digestOfFile(join(folder, "film.bin"));
    for (const path of await pieces(attic)) await flip(path, 300_000);
    assert.notEqual(await digestOf(attic, "rot").catch(() => "an answer that broke off"), expected, "the damage is real: with nobody else there, no bytes come");
    await cellar.up();
    await until("right bytes come", 20_000, async () => (await digestOf(attic, "rot")) === expected);
    assert.ok((await readdir(join(attic.data, "quarantine"))).length > 0, "what is damaged was set aside");
    await until("the copy is made good", 30_000, async () => (await attic.look<{ sites: { survives: number }[] }>("/sites")).sites[0]!.survives === 1);
  });

  await t.test("deleted files, while running and before a start", async () => {
    const folder = await makeFilmSite(bench, "lost", 24 * MIB);
    await attic.ask(["publish", folder, "--name", "lost"]);
    const expected = await digestOfFile(join(folder, "film.bin"));
    for (const path of await pieces(attic)) await rm(path);
    assert.equal(await digestOf(attic, "lost"), expected);
    await attic.kill();
    for (const path of await pieces(attic)) await rm(path);
    await attic.up();
    await until("right bytes come", 20_000, async () => (await digestOf(attic, "lost")) === expected);
  });
});

async function flip(path: string, offset: number): Promise<void> {
  const file = await open(path, "r+");
  try {
    const at = Math.min(offset, Math.floor((await file.stat()).size / 2));
    const bytes = new Uint8Array(64);
    await file.read(bytes, 0, bytes.length, at);
    await file.write(bytes.map((byte) => byte ^ 0xff), 0, bytes.length, at);
  } finally {
    await file.close();
  }
}

test("a record log whose head is damaged keeps the host from starting, and says how its records come back", { timeout: 120_000 }, async () => {
  await using bench = await Bench.make();
  const [attic, cellar] = (await bench.network(["attic", "cellar"])) as [TestHost, TestHost];
  const folder = await makeFilmSite(bench, "first", MIB);
  await attic.ask(["publish", folder, "--name", "first"]);
  // A clean end folds the write-ahead log into the file; after a crash its head would be mended from there.
  await attic.kill("SIGTERM");
  const path = join(attic.data, "records.db");
  await flip(path, 0);
  const up = ["up", "--json", "--http-port", "0", "--peer-port", "0", "--listen", "127.0.0.1", "--no-discovery", "--end-with-parent"];
  refusedWith(await attic.run(up), ["LOG_DAMAGED"], /move the file .* aside, and start again: the records come back from the other hosts/);
  for (const name of (await readdir(attic.data)).filter((each) => each.startsWith("records.db"))) await rm(join(attic.data, name));
  await attic.up();
  await until("its records are back", 20_000, async () => (await digestOf(attic, "first")) === (await digestOfFile(join(folder, "film.bin"))));
  await attic.ask(["publish", await makeFilmSite(bench, "second", 1000), "--name", "second"]);
  await until("the other host has what it writes now", 10_000, async () => (await cellar.get("second")).status === 200);
});
