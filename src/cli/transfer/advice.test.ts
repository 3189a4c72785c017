import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { advise } from "./advice.ts";
import { scan } from "./scan.ts";

async function adviceOn(files: Readonly<Record<string, string>>): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-advice-"));
  try {
    for (const [path, text] of Object.entries(files)) await writeFile(join(folder, path), text);
    return await advise((await scan(folder, AbortSignal.timeout(10_000))).files);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("lines of rules that do not count are told with their numbers, and no more of them than anybody reads", async () => {
  assert.deepEqual(await adviceOn({ "index.html": "x", _redirects: "/a /b\n/* /index.html 200\n", _headers: "/*\n  X: y\n" }), []);
  const told = await adviceOn({ _redirects: `/a /b\n/c\n/d /e 302 Country=de\n`, _headers: "/*\n  Set-Cookie: a=b\n" });
  assert.equal(told.length, 3);
  assert.match(told.find((each) => each.includes("line 3"))!, /^_redirects, line 3, is left out: the condition Country=de/);
  assert.ok(told.some((each) => each.startsWith("_headers, line 2, is left out: Set-Cookie cannot be chosen")));
  assert.match((await adviceOn({ _redirects: "/c\n".repeat(30) })).at(-1)!, /20 more lines/);
});
