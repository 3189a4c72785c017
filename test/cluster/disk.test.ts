import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { rm, statfs, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { join } from "node:path";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { digestOf, loneHost, makeFilmSite, refusedWith } from "./attack.ts";
import { digestOfFile } from "./content.ts";
import { Disk } from "./disks.ts";
import type { Finished } from "./harness.ts";
import { Bench, allSee, until } from "./harness.ts";
import { MIB } from "./size.ts";

interface Published {
  readonly survives: number;
  readonly safe: boolean;
}

test("a host whose disk is full says so, keeps on reading and deleting, and goes on when there is room", { timeout: 120_000 }, async (t) => {
  await using bench = await Bench.make();
  // The floor, 256 MiB, stays free whatever is published.
  await using disk = await Disk.small(bench.host("attic"), 320 * MIB);
  const attic = await loneHost(bench, "attic", "300MB");
  const publish = (folder: string, name: string): Promise<Finished> => attic.run(["publish", folder, "--name", name, "--json"]);
  const first = await makeFilmSite(bench, "first", 20 * MIB);
  await attic.ask(["publish", first, "--name", "first"]);

  await t.test("what does not fit is refused with what to do, and leaves nothing behind", async () => {
    const before = (await attic.ask<{ usedBytes: number }>(["status"])).usedBytes;
    refusedWith(await publish(await makeFilmSite(bench, "large", 64 * MIB), "large"), ["STORE_FULL", "HOST_FULL", "NO_SPACE", "UNAVAILABLE"], /[Ff]ree|invite|space/);
    assert.equal((await attic.get("large")).status, 404);
    assert.equal(await digestOf(attic, "first"), await digestOfFile(join(first, "film.bin")));
    await until("the space is given back", 10_000, async () => (await attic.look<{ usedBytes: number }>("/status")).usedBytes === before);
    const { bavail, bsize } = await statfs(disk.folder);
    assert.ok(bavail * bsize >= 250 * MIB, `the floor is kept: ${Math.round((bavail * bsize) / MIB)} MiB are free`);
  });

  await t.test("another program's files that fill the disk stop writes only", async () => {
    const film = await disk.fill();
    assert.ok((await statfs(disk.folder)).bavail < 4, "the disk is full");
    const small = await makeFilmSite(bench, "small", 1000);
    refusedWith(await publish(small, "small"), ["STORE_FULL", "HOST_FULL", "NO_SPACE", "LOG_FULL", "DISK_FULL"], /[Ff]ree|room|space/);
    assert.equal(await digestOf(attic, "first"), await digestOfFile(join(first, "film.bin")));
    assert.equal((await attic.get("small")).status, 404);
    await rm(film);
    await attic.ask(["publish", small, "--name", "small"]);
    assert.match((await attic.get("small")).text, /small/);
  });

  await t.test("a start on a full disk serves what there is", async () => {
    const film = await disk.fill();
    await attic.kill();
    await attic.up();
    assert.equal(await digestOf(attic, "first"), await digestOfFile(join(first, "film.bin")));
    await rm(film);
  });

  await t.test("what is unpublished is gone", async () => {
    await attic.ask(["unpublish", "first"]);
    assert.equal((await attic.get("first")).status, 404);
  });
});

test("hosts with room take what a full one cannot", { timeout: 120_000 }, async () => {
  await using bench = await Bench.make();
  await using _disk = await Disk.small(bench.host("attic"), 280 * MIB);
  const attic = await loneHost(bench, "attic", "260MB");
  const others = ["cellar", "barn", "shed"].map((name) => bench.host(name));
  await Promise.all(
    others.map(async (host) => {
      await bench.join(attic, host, "2GB");
      await host.up();
    }),
  );
  await allSee([attic, ...others], 20_000);
  const folder = await makeFilmSite(bench, "large", 48 * MIB);
  const published = await attic.ask<Published>(["publish", folder, "--name", "large"]);
  assert.equal(published.survives, 2, "three copies elsewhere");
  const [site] = await attic.ask<{ holders: readonly string[] }[]>(["sites"]);
  assert.ok(["cellar", "barn", "shed"].every((name) => site!.holders.includes(name)), site!.holders.join());
  assert.equal(await digestOf(attic, "large"), await digestOfFile(join(folder, "film.bin")), "the full host serves it by asking the others");
});

test("a disk that turns read-only ends writes with a clear error while reads go on, and a start on it says why it cannot be", { timeout: 120_000 }, async () => {
  await using bench = await Bench.make();
  await using disk = await Disk.ext4(bench.host("attic"), 512 * MIB);
  const attic = await loneHost(bench, "attic", "400MB");
  const folder = await makeFilmSite(bench, "first", 8 * MIB);
  await attic.ask(["publish", folder, "--name", "first"]);
  const processId = attic.pid;
  await disk.turnReadOnly();
  await assert.rejects(writeFile(join(disk.folder, "probe"), "x"), /EROFS/);
  for (let round = 0; round < 3; round += 1) refusedWith(await attic.run(["publish", folder, "--name", "second", "--json"]), ["DISK_READ_ONLY", "DISK_BROKEN", "LOG_BROKEN"], /[Cc]heck|[Rr]epair/);
  assert.equal(await digestOf(attic, "first"), await digestOfFile(join(folder, "film.bin")));
  assert.equal((await attic.ask<{ pid: number }>(["status"])).pid, processId, "it is still the same process");
  const logged = attic.log.split("\n").length;
  await sleep(3_000);
  assert.ok(attic.log.split("\n").length - logged < 50, "it does not fill its log");
  await attic.kill();
  const again = await attic.run(["up", "--json", "--http-port", "0", "--peer-port", "0", "--listen", "127.0.0.1", "--no-discovery", "--end-with-parent"]);
  refusedWith(again, ["DISK_READ_ONLY", "LOCK_FAILED", "LOG_BROKEN"], /read-only|readonly|written/);
});

test("a disk whose syncs fail makes publications fail with a reason, and loses none that was acknowledged", { timeout: 120_000 }, async () => {
  await using bench = await Bench.make();
  const attic = await loneHost(bench, "attic", "1GB");
  const folder = await makeFilmSite(bench, "first", 4 * MIB);
  await attic.ask(["publish", folder, "--name", "first"]);
  const tracer = bench.watch(spawn("strace", ["-f", "-p", String(attic.pid), "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO"], { stdio: ["ignore", "ignore", "pipe"] }));
  const said: string[] = [];
  createInterface({ input: tracer.stderr! }).on("line", (line) => said.push(line));
  await until("every thread is traced", 10_000, () => said.some((line) => line.includes("attached")));
  const other = await makeFilmSite(bench, "second", 4 * MIB);
  for (let round = 0; round < 3; round += 1) refusedWith(await attic.run(["publish", other, "--name", "second", "--json"]), ["LOG_BROKEN", "DISK_BROKEN"], /[Cc]heck the disk|replace it/);
  assert.ok(said.some((line) => line.includes("EIO") && line.includes("INJECTED")), "syncs did fail");
  assert.equal(await digestOf(attic, "first"), await digestOfFile(join(folder, "film.bin")), "reads go on");
  tracer.kill("SIGINT");
  await attic.kill();
  await attic.up();
  assert.equal(await digestOf(attic, "first"), await digestOfFile(join(folder, "film.bin")));
  assert.ok([404, 200].includes((await attic.get("second")).status));
  await attic.ask(["publish", other, "--name", "second"]);
  assert.equal(await digestOf(attic, "second"), await digestOfFile(join(other, "film.bin")));
});
