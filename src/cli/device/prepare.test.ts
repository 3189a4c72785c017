import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { machineEnv, silentLog } from "../../platform/index.ts";
import type { Context } from "../context.ts";
import { prepareDevice } from "./prepare.ts";

/** A disk of 80 MB in a file, where this system lets us have one. */
async function loopDisk(): Promise<{ device: string; folder: string; [Symbol.asyncDispose](): Promise<void> } | undefined> {
  if (process.getuid?.() !== 0 || process.platform !== "linux") return undefined;
  const folder = await mkdtemp(join(tmpdir(), "holdfast-device-"));
  await writeFile(join(folder, "disk.img"), "");
  await truncate(join(folder, "disk.img"), 80_000_000);
  const attached = spawnSync("losetup", ["--find", "--show", join(folder, "disk.img")], { encoding: "utf8" });
  const device = attached.stdout.trim();
  const dispose = async (): Promise<void> => {
    spawnSync("umount", [join(folder, "mounted")]);
    if (device !== "") spawnSync("losetup", ["--detach", device]);
    await rm(folder, { recursive: true, force: true });
  };
  if (attached.status === 0) return { device, folder, [Symbol.asyncDispose]: dispose };
  await dispose();
  return undefined;
}

function context(notes: string[]): Context {
  const io = { json: false, isTerminal: false, columns: 80, answer() {}, bytes: async () => {}, row: async () => {}, note: (words: string) => void notes.push(words), redraw() {} };
  return { io, env: machineEnv(silentLog), signal: new AbortController().signal };
}

test("a disk is shown, formatted, mounted by its UUID, and refused while it is mounted", async (t) => {
  await using disk = await loopDisk();
  if (disk === undefined) return t.skip("needs root on Linux and a free loop device");
  const { device, folder } = disk;
  const fstab = join(folder, "fstab");
  await writeFile(fstab, "# mine\n");
  const plan = { device, mountpoint: join(folder, "mounted"), fstab, isSure: true };
  const notes: string[] = [];

  await assert.rejects(prepareDevice(context(notes), { ...plan, isSure: false }), { code: "NEEDS_ANSWER" });
  assert.match(notes[0] ?? "", /80 MB loop: no file system/);
  assert.equal(spawnSync("blkid", ["-p", device]).stdout.length, 0);

  assert.equal(await prepareDevice(context(notes), plan), join(folder, "mounted/holdfast"));
  const uuid = execFileSync("blkid", ["-p", "-s", "UUID", "-o", "value", device], { encoding: "utf8" }).trim();
  assert.equal(await readFile(fstab, "utf8"), `# mine\nUUID=${uuid} ${join(folder, "mounted")} ext4 defaults,nofail,noatime 0 2\n`);
  assert.match(execFileSync("findmnt", ["-n", "-o", "SOURCE,FSTYPE", join(folder, "mounted")], { encoding: "utf8" }), new RegExp(`${device}\\s+ext4`));

  await assert.rejects(prepareDevice(context(notes), plan), (error: Error) => error.message.includes("is mounted at"));
});

test("what is no disk is refused", async (t) => {
  if (process.getuid?.() !== 0 || process.platform !== "linux") return t.skip("needs root on Linux");
  await assert.rejects(prepareDevice(context([]), { device: "/dev/null", mountpoint: "/nonexistent", fstab: "/nonexistent", isSure: true }), { code: "DEVICE_FAILED" });
});
