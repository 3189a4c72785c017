import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import type { Answer } from "../cluster/harness.ts";
import { crawl, linksIn } from "./real-sites.ts";

test("the crawler finds what a page and a style sheet lead to on their own site", () => {
  const page = `<a href="a%20b.html#x">A</a><img src='../p.png?v=1'><a href="https://other.example/x"><a href="#top"><a href="mailto:x@y"><style>@import "s.css"; b { background: url(/bg.png) }</style><a href="/q?a=1&amp;b=2">`;
  assert.deepEqual(linksIn(page, "http://site.example/docs/deep/").sort(), ["/bg.png", "/docs/deep/a%20b.html", "/docs/deep/s.css", "/docs/p.png", "/q"]);
});

test("the crawler notices a page that is another, one that is missing, and one that should be", async () => {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-crawl-"));
  try {
    await writeFile(join(folder, "index.html"), '<a href="a.txt">a</a><a href="none">none</a>');
    await writeFile(join(folder, "a.txt"), "a");
    await writeFile(join(folder, "alone.txt"), "nobody leads here");
    const pages: Record<string, string> = { "/": '<a href="a.txt">a</a><a href="none">none</a>', "/index.html": '<a href="a.txt">a</a><a href="none">none</a>', "/a.txt": "a", "/alone.txt": "nobody leads here" };
    const get = async (path: string): Promise<Answer> => ({ status: pages[path] === undefined ? 404 : 200, headers: { "content-type": path.endsWith("txt") ? "text/plain" : "text/html" }, body: Buffer.from(pages[path] ?? ""), text: pages[path] ?? "" });
    assert.deepEqual(await crawl(folder, get), { reached: 2, files: 3, broken: ["/none"] });
    const spoilt = (path: string, text: string | undefined) => crawl(folder, async (asked) => (asked === path ? { ...(await get(asked)), status: text === undefined ? 404 : 200, body: Buffer.from(text ?? "") } : get(asked)));
    await assert.rejects(spoilt("/a.txt", "b"), /a\.txt is not what/);
    await assert.rejects(spoilt("/alone.txt", undefined), /alone\.txt was answered with 404/);
    await assert.rejects(spoilt("/none", "x"), /none is not in the folder/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
