import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { Bench } from "../cluster/harness.ts";
import { sized } from "../cluster/size.ts";

const FILES = sized(50_000);
const FOLDERS = sized(500);
/** Two packs under way, their copies, what is known of each file, and garbage; not the files. */
const MORE_BYTES_MAX = 300 * 1024 ** 2;

interface Published {
  readonly head: { readonly files: number; readonly sequence: number };
}

/** The most that a process has had in memory since the last call of `forgetPeak`. */
async function peakBytes(pid: number): Promise<number> {
  return 1024 * Number(/^VmHWM:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, "latin1"))?.[1]);
}

/** By proc(5). */
function forgetPeak(pid: number): Promise<void> {
  return writeFile(`/proc/${pid}/clear_refs`, "5");
}

test(`${FILES} files are published in bounded memory, and again when one has changed`, { timeout: 900_000 }, async (t) => {
  await using bench = await Bench.make();
  const [host] = await bench.network(["attic"], "10GB");
  const folder = join(bench.folder, "many");
  for (let at = 0; at < FOLDERS; at += 1) {
    await mkdir(join(folder, `part ${at}`), { recursive: true });
    await Promise.all(Array.from({ length: FILES / FOLDERS }, (_, number) => writeFile(join(folder, `part ${at}`, `page ${number}.html`), randomBytes(8 * 1024))));
  }
  for (const sequence of [1, 2]) {
    await forgetPeak(host!.pid);
    const before = await peakBytes(host!.pid);
    const { head } = await host!.ask<Published>(["publish", folder, "--name", "many", "--copies", "1"]);
    assert.deepEqual([head.files, head.sequence], [FILES, sequence]);
    const more = (await peakBytes(host!.pid)) - before;
    t.diagnostic(`version ${sequence}: ${Math.round(more / 1024 ** 2)} MiB more than at rest`);
    assert.ok(more < MORE_BYTES_MAX, `${Math.round(more / 1024 ** 2)} MiB more`);
    await writeFile(join(folder, "part 0", "page 0.html"), "changed");
  }
  assert.equal((await host!.get("many", "/part%200/page%200.html")).text, "changed");
});
