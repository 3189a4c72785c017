import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, chown, link, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { promisify } from "node:util";
import { openPart } from "./index.ts";

const NOBODY = 65_534;

async function inFolder(work: (part: string, folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-part-"));
  try {
    await work(join(folder, "part"), folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("a part is its owner's alone, and is read, cut and written on", () =>
  inFolder(async (path) => {
    const part = (await openPart(path))!;
    await part.write(Buffer.from("0123456789"));
    await part.cut(4);
    await part.write(Buffer.from("abc"));
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    await part.finish({ modifiedMs: 1_500_000_000_000, mode: 0o440 });
    assert.deepEqual([part.sizeBytes, Buffer.from(await part.read(2, 9)).toString()], [7, "23abc"]);
    await part.close();
    const found = await stat(path);
    assert.deepEqual([found.mode & 0o777, found.mtimeMs], [0o440, 1_500_000_000_000]);
    const again = (await openPart(path))!;
    assert.equal(again.sizeBytes, 7);
    await again.close();
  }));

test("a part that was stamped as one that may not be written is its owner's again, and keeps what it has", () =>
  inFolder(async (path, folder) => {
    await writeFile(path, "all of it");
    await chmod(path, 0o444);
    // Modes refuse nothing to the administrator: as another user, where that can be become.
    const isAdministrator = process.getuid?.() === 0;
    if (isAdministrator) for (const owned of [folder, path]) await chown(owned, NOBODY, NOBODY);
    const becomes = isAdministrator ? `process.setgid(${NOBODY}); process.setuid(${NOBODY});` : "";
    const script = `import { openPart } from ${JSON.stringify(import.meta.resolve("./part-file.ts"))}; ${becomes} console.log((await openPart(process.argv[1])).sizeBytes);`;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script, path]);
    assert.deepEqual([stdout.trim(), (await stat(path)).mode & 0o777], ["9", 0o600]);
  }));

test("a part that is another file's second name begins anew, and the other file is left alone", () =>
  inFolder(async (path, folder) => {
    await writeFile(join(folder, "mine"), "mine", { mode: 0o640 });
    await link(join(folder, "mine"), path);
    const part = (await openPart(path))!;
    assert.equal(part.sizeBytes, 0);
    await part.write(Buffer.from("theirs"));
    await part.close();
    const { mode, nlink } = await stat(join(folder, "mine"));
    assert.deepEqual([await readFile(join(folder, "mine"), "utf8"), mode & 0o777, nlink], ["mine", 0o640, 1]);
  }));

test("a link or a folder in the place of a part is no part", () =>
  inFolder(async (path, folder) => {
    assert.equal(await openPart(folder), undefined);
    await symlink("absent", path);
    assert.equal(await openPart(path), undefined);
  }));
