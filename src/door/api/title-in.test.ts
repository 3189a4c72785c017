import assert from "node:assert/strict";
import test from "node:test";
import { utf8 } from "../../codec/index.ts";
import { titleIn } from "./title-in.ts";

test("a page's title is read from its beginning, with escaped letters as what they stand for", () => {
  for (const [html, title] of [
    ["<!doctype html><title>Kelp</title>", "Kelp"],
    ['<TITLE lang="de">\n  Über &amp; unter &#x2014; &#8222;uns&quot;\n</TITLE>', "Über & unter \u2014 \u201euns\""],
    ["<title>&constructor; &unknown; &#9999999;</title>", "&constructor; &unknown; &#9999999;"],
    [`<title>${"long ".repeat(100)}</title>`, "long ".repeat(40)],
  ] as const) assert.equal(titleIn(utf8(html)), title);
  for (const html of ["", "<title></title>", "<title> \n</title>", "<title>never ended", "<titles>no</titles>", "plain"]) assert.equal(titleIn(utf8(html)), undefined, html);
  assert.equal(titleIn(Uint8Array.of(0xff, 0xfe, ...utf8("<title>a</title>"))), "a");
});

test("a beginning made to be slow to read is read at once", () => {
  const startMs = performance.now();
  for (const evil of ["<title ".repeat(1_000), "<title>" + "&#".repeat(4_000), "<title>" + "<title".repeat(1_000), " ".repeat(8_000)]) titleIn(utf8(evil));
  assert.ok(performance.now() - startMs < 500);
});
