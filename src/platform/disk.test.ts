import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { PlatformError, openForReading, readIfPresent, walkFolder, writeDurably } from "./index.ts";

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-disk-"));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("a durable write replaces the file as a whole and leaves nothing beside it", () =>
  inFolder(async (folder) => {
    const path = join(folder, "a");
    await writeDurably(path, Buffer.from("one"));
    await writeDurably(path, Buffer.from("two"));
    assert.equal(Buffer.from((await readIfPresent(path))!).toString(), "two");
    assert.deepEqual(await readdir(folder), ["a"]);
    await assert.rejects(writeDurably(join(folder, "absent", "a"), Buffer.from("x")), (error) => error instanceof PlatformError && error.code === "NOT_FOUND");
  }));

test("an open file gives the bytes asked for, fewer only at its end", () =>
  inFolder(async (folder) => {
    await writeFile(join(folder, "a"), "0123456789");
    const file = await openForReading(join(folder, "a"));
    try {
      assert.equal(Buffer.from(await file.read(2, 4)).toString(), "2345");
      assert.equal(Buffer.from(await file.read(8, 4)).toString(), "89");
      assert.equal((await file.read(20, 4)).length, 0);
      assert.equal((await file.stat()).sizeBytes, 10);
    } finally {
      await file.close();
    }
  }));

test("a walk follows links inside the folder and names those that lead out, nowhere or back up", () =>
  inFolder(async (folder) => {
    await mkdir(join(folder, "root", "sub"), { recursive: true });
    await writeFile(join(folder, "secret"), "s");
    await writeFile(join(folder, "root", "ü"), "1");
    await writeFile(join(folder, "root", "Z"), "22");
    await symlink("../Z", join(folder, "root", "sub", "inside"));
    await symlink("../../secret", join(folder, "root", "sub", "outside"));
    await symlink("nowhere", join(folder, "root", "sub", "broken"));
    await symlink("..", join(folder, "root", "sub", "up"));
    const found: string[] = [];
    for await (const entry of walkFolder(join(folder, "root"))) found.push(`${entry.path} ${entry.kind} ${entry.kind === "file" ? entry.sizeBytes : ""}`.trim());
    assert.deepEqual(found, ["Z file 2", "sub folder", "sub/broken link-broken", "sub/inside file 2", "sub/outside link-outside", "sub/up link-loop", "ü file 1"]);
  }));
