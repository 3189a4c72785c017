import assert from "node:assert/strict";
import test from "node:test";
import { renderPage } from "../page.ts";
import { humanBytes, listingPage } from "./listing.ts";

for (const [bytes, text] of [[0, "0 bytes"], [999, "999 bytes"], [1000, "1 kB"], [1550, "1.6 kB"], [999_949, "999.9 kB"], [999_950, "1 MB"], [20e9, "20 GB"], [2 ** 60, "1152.9 PB"]] as const) {
  test(`${bytes} bytes are written as ${text}`, () => assert.equal(humanBytes(bytes), text));
}

test("a listing of very many entries shows the first, and where the rest can be seen", () => {
  const entries = Array.from({ length: 50_000 }, (_, at) => ({ name: `${at}.txt`, sizeBytes: 1, isFolder: false }));
  const page = renderPage(listingPage("blog", ["a"], entries, "attic"));
  assert.equal(page.match(/<li>/g)?.length, 5001);
  assert.match(page, /45000 more; <code>\.\/holdfast files --site blog<\/code>/);
});

test("a listing's links stay in its folder, whatever its entries are called", () => {
  const names = ["javascript:alert(1)", "//evil.example", "..", "?x", "#x", "a b", "ä"];
  const page = renderPage(listingPage("blog", [], names.map((name) => ({ name, sizeBytes: 1, isFolder: false })), "attic"));
  for (const [, href] of page.matchAll(/<a href="([^"]+)"/g)) assert.equal(new URL(href!, "http://blog.localhost/f/").host, "blog.localhost");
  assert.doesNotMatch(page, /href="(?!\.\/)/);
});
