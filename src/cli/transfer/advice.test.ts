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

for (const [page, words] of [
  ['<base href="https://old.example/">', /takes all its parts from https:\/\/old\.example\//],
  ["<script src=http://localhost:3000/app.js></script>", /asks http:\/\/localhost:3000, which is the visitor's own machine/],
  ["<script>fetch('http://127.0.0.1:8080/api')</script>", /asks http:\/\/127\.0\.0\.1:8080/],
  ['<script async src="http://cdn.example/a.js"></script>', /takes http:\/\/cdn\.example\/a\.js, which browsers refuse where the site is shown by https/],
  ['<link href="http://cdn.example/a.css" rel="stylesheet">', /takes http:\/\/cdn\.example\/a\.css, which browsers refuse/],
  ['<img src="file:///home/me/cat.png">', /the author's own disk/],
  ['<form class="x" method="POST" action="/send">', /has a form that is sent back/],
] as const) {
  test(`a page with ${page} is told about, and published all the same`, async () => {
    const told = await adviceOn({ "index.html": `<!doctype html>${page}` });
    assert.equal(told.length, 1);
    assert.match(told[0]!, words);
  });
}

test("pages that work from any address, and forms for others or for searching, are not told about", async () => {
  const page = '<a href="/x">x</a><img src="a.png"><script src="https://cdn.example/a.js"></script><form action="/search"><form method="post" action="https://forms.example/1"><a href="https://localhost.example/"><img src="http://cdn.example/a.png"><a href="http://old.example/"><link rel="canonical" href="http://old.example/">';
  assert.deepEqual(await adviceOn({ "index.html": page, "text.txt": '<base href="https://old.example/">' }), []);
});

test("programs and settings for other servers are told about", async () => {
  const told = await adviceOn({ "index.html": "x", "contact.php": "<?php", ".htaccess": "Deny from all" });
  assert.match(told.join("\n"), /\.htaccess has settings for another server[^]*contact\.php is a program/);
});
