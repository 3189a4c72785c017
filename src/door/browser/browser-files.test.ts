import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { gunzipSync } from "node:zlib";
import { TestDoor } from "../fakes/harness.ts";
import { Traffic } from "../traffic.ts";
import { BrowserFiles } from "./browser-files.ts";

const FILES = { "browser.js": "void 0;", "browser.css": "a{}", "icon.svg": "<svg/>", "other.html": "<script></script>" };

async function withBuilt(work: (door: TestDoor, host: string) => Promise<void>, files: Readonly<Record<string, string>> = FILES): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-built-"));
  try {
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
    await using door = await TestDoor.open(undefined, { browserFolders: [join(folder, "none"), folder] });
    await work(door, `localhost:${door.door.port}`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("the start page brings the Browser's script under a policy that admits no other, and can still be read without it", () =>
  withBuilt(async (door, host) => {
    const { headers, body } = await door.ask(host, "/", {});
    assert.match(body.toString(), /<script type="module" src="\/browser\/browser\.js"><\/script><\/head>/);
    assert.match(body.toString(), /<h1>friends<\/h1>/);
    const policy = String(headers["content-security-policy"]);
    for (const rule of ["default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'", "worker-src 'none'", "base-uri 'none'", "form-action 'none'", "require-trusted-types-for 'script'"]) assert.ok(policy.includes(rule), rule);
    assert.doesNotMatch(policy, /unsafe|https?:|\*/);
    assert.equal(headers["cross-origin-opener-policy"], "same-origin");
  }));

test("what was built is given out compressed and compared by its tag, and nothing else of the folder is", () =>
  withBuilt(async (door, host) => {
    const plain = await door.ask(host, "/browser/browser.js", {});
    assert.deepEqual([plain.body.toString(), plain.headers["content-type"], plain.headers["content-encoding"]], ["void 0;", "text/javascript; charset=utf-8", undefined]);
    const zipped = await door.ask(host, "/browser/browser.css", { headers: { "accept-encoding": "br, gzip" } });
    assert.equal(gunzipSync(zipped.body).toString(), "a{}");
    const again = await door.ask(host, "/browser/browser.js", { headers: { "if-none-match": String(plain.headers.etag) } });
    assert.deepEqual([again.status, again.body.length], [304, 0]);
    const notZipped = await door.ask(host, "/browser/browser.css", { headers: { "accept-encoding": "br, gzip;q=0" } });
    assert.deepEqual([notZipped.headers["content-encoding"], notZipped.body.toString()], [undefined, "a{}"]);
    assert.notEqual(notZipped.headers.etag, zipped.headers.etag, "two forms, two tags");
    const listed = await door.ask(host, "/browser/browser.css", { headers: { "accept-encoding": "gzip", "if-none-match": `"other", W/${String(zipped.headers.etag)}` } });
    assert.equal(listed.status, 304);
    for (const path of ["/browser/other.html", "/browser/", "/browser/none.js", "/browser/x/../browser.js", "/browser/%2e%2e/browser.js", "/browser/constructor"]) assert.equal((await door.ask(host, path, {})).status, 404, path);
    assert.equal((await door.ask(host, "/browser/browser.js", { method: "POST" })).status, 405);
    assert.equal((await door.site("blog", "/browser/browser.js")).status, 404, "a site has its own");
  }));

test("a checkout in which not all of it was built has the plain start page", () =>
  withBuilt(
    async (door, host) => {
      const { headers, body } = await door.ask(host, "/", {});
      assert.doesNotMatch(body.toString(), /<script/);
      assert.match(String(headers["content-security-policy"]), /^default-src 'none'; style-src 'sha256-[^']+'; base-uri/);
    },
    { "browser.css": "a{}" },
  ));

test("what could not be read for one page is read for the next", async () => {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-built-"));
  try {
    await writeFile(join(folder, "browser.css"), "a{}");
    // A folder in a file's place cannot be read as one.
    await mkdir(join(folder, "browser.js"));
    const files = new BrowserFiles([folder], new Traffic());
    await assert.rejects(files.areBuilt());
    await rm(join(folder, "browser.js"), { recursive: true });
    for (const name of ["browser.js", "icon.svg"] as const) await writeFile(join(folder, name), FILES[name]);
    assert.equal(await files.areBuilt(), true);
  } finally {
    await rm(folder, { recursive: true });
  }
});
