import assert from "node:assert/strict";
import files, { mkdir, mkdtemp, readFile, readdir, readlink, rm, stat, symlink, writeFile } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { PlatformError, createForWriting, lstatIfPresent, openForReading, putInPlace, readIfPresent, stamp, statIfPresent, walkFolder, writeDurably } from "./index.ts";

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

test("what is put in its place is there under one name, with its mode, and replaces an empty file but nothing else", () =>
  inFolder(async (folder) => {
    const [part, place] = [join(folder, "part"), join(folder, "place")];
    const put = async (): Promise<boolean> => {
      await writeFile(part, "new");
      await stamp(part, { mode: 0o440, modifiedMs: 1_500_000_000_000 });
      return putInPlace(part, place);
    };
    for (const isEmptyThere of [false, true]) {
      if (isEmptyThere) await writeFile(place, "");
      assert.equal(await put(), true);
      const found = await stat(place);
      assert.deepEqual([await readdir(folder), await readFile(place, "utf8"), found.mode & 0o777, found.mtimeMs, found.nlink], [["place"], "new", 0o440, 1_500_000_000_000, 1]);
      await rm(place);
    }
    await writeFile(place, "mine");
    assert.equal(await put(), false);
    assert.equal(await readFile(place, "utf8"), "mine");
    await rm(place);
    for (const target of ["absent", "empty"]) {
      await writeFile(join(folder, "empty"), "");
      await symlink(target, place);
      assert.equal(await put(), false);
      assert.equal(await readlink(place), target);
      await rm(place);
    }
    await assert.rejects(putInPlace(part, join(folder, "absent", "place")), { code: "NOT_FOUND" });
  }));

test("a name that is too long for the disk is refused as that, and nothing is under it", () =>
  inFolder(async (folder) => {
    const path = join(folder, "x".repeat(256));
    await assert.rejects(createForWriting(path), { code: "NAME_REFUSED", message: `${path}: the name is longer than this disk takes. Choose another disk, or a folder with a shorter name.` });
    assert.deepEqual([await lstatIfPresent(path), await statIfPresent(path)], [undefined, undefined]);
  }));

test("on a disk without second names what is put in its place is renamed, unless something is there", (t) =>
  inFolder(async (folder) => {
    t.mock.method(files, "link", async () => Promise.reject(Object.assign(new Error("link"), { code: "EPERM" })));
    syncBuiltinESMExports();
    t.after(() => {
      t.mock.restoreAll();
      syncBuiltinESMExports();
    });
    const [part, place] = [join(folder, "part"), join(folder, "place")];
    for (const isPut of [true, false]) {
      await writeFile(part, isPut ? "first" : "second");
      assert.equal(await putInPlace(part, place), isPut);
    }
    assert.equal(await readFile(place, "utf8"), "first");
  }));
