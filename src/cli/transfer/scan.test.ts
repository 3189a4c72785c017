import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { scan } from "./scan.ts";

const signal = new AbortController().signal;

async function folder(): Promise<{ path: string; [Symbol.asyncDispose](): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "holdfast-scan-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

test("a folder is scanned with its subfolders and the links that stay inside it", async () => {
  await using site = await folder();
  await mkdir(join(site.path, "a"));
  await writeFile(join(site.path, "a/b.txt"), "12345");
  await writeFile(join(site.path, "index.html"), "12");
  await symlink("a/b.txt", join(site.path, "link.txt"));
  const found = await scan(site.path, signal);
  assert.deepEqual(found.files.map((file) => [file.path, file.sizeBytes]), [["a/b.txt", 5], ["index.html", 2], ["link.txt", 5]]);
  assert.deepEqual([found.sizeBytes, found.warnings], [12, []]);
});

test("what .holdfastignore names is left out, and folders named there are not even looked into", async () => {
  await using site = await folder();
  await mkdir(join(site.path, "node_modules/deep"), { recursive: true });
  await mkdir(join(site.path, "src/drafts"), { recursive: true });
  for (const path of ["index.html", "notes.tmp", "keep.tmp", "node_modules/deep/a.js", "src/drafts/b.html", "src/node_modules.html", "drafts"]) await writeFile(join(site.path, path), "x");
  // It would be refused were it looked at.
  await symlink("/etc", join(site.path, "node_modules/out"));
  await writeFile(join(site.path, ".holdfastignore"), "# not for the public\nnode_modules/\n*.tmp\n!keep.tmp\ndrafts/\n");
  const found = await scan(site.path, signal);
  assert.deepEqual([found.files.map((file) => file.path), found.warnings], [["drafts", "index.html", "keep.tmp", "src/node_modules.html"], []]);
});

test("a single file is published under its own name", async () => {
  await using site = await folder();
  await writeFile(join(site.path, "paper.pdf"), "123");
  assert.deepEqual((await scan(join(site.path, "paper.pdf"), signal)).files.map((file) => file.path), ["paper.pdf"]);
});

test("a folder without files is refused", async () => {
  await using site = await folder();
  await mkdir(join(site.path, "empty/deeper"), { recursive: true });
  await assert.rejects(scan(site.path, signal), { code: "EMPTY_FOLDER" });
  await assert.rejects(scan(join(site.path, "missing"), signal), { code: "UNFIT_FOLDER" });
});

test("all that cannot be published is listed at once", async () => {
  await using site = await folder();
  await writeFile(join(site.path, "index.html"), "x");
  await symlink("/etc", join(site.path, "out"));
  await symlink("..", join(site.path, "up"));
  execFileSync("mkfifo", [join(site.path, "pipe")]);
  await assert.rejects(scan(site.path, signal), (error: Error) => /out: a link that leads out/.test(error.message) && /up: a link that leads out/.test(error.message) && /pipe: neither/.test(error.message));
});

test("broken links are left out and named; private files are pointed out", async () => {
  await using site = await folder();
  await mkdir(join(site.path, ".git"));
  await writeFile(join(site.path, ".git/config"), "x");
  await symlink("nowhere", join(site.path, "broken"));
  const { warnings } = await scan(site.path, signal);
  assert.match(warnings[0] ?? "", /broken is left out/);
  assert.match(warnings[1] ?? "", /\.git\/config will be public/);
});
