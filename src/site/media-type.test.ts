import assert from "node:assert/strict";
import test from "node:test";
import { utf8 } from "../codec/index.ts";
import { mediaTypeOf } from "./media-type.ts";

test("a media type follows the ending, and UTF-8 text says so", () => {
  const cases = { "index.html": "text/html; charset=utf-8", "a/B.CSS": "text/css; charset=utf-8", "x.mjs": "text/javascript; charset=utf-8", "x.json": "application/json", "x.svg": "image/svg+xml", "x.mp4": "video/mp4", "x.woff2": "font/woff2", "x.wasm": "application/wasm" };
  for (const [path, type] of Object.entries(cases)) assert.equal(mediaTypeOf(path, utf8("grün")), type);
});

test("text in another encoding is not called UTF-8", () => {
  assert.equal(mediaTypeOf("alt.html", Uint8Array.of(0x67, 0x72, 0xfc, 0x6e)), "text/html");
});

test("a file without a known ending is text when it looks like text", () => {
  assert.equal(mediaTypeOf("LICENSE", utf8("Apache")), "text/plain; charset=utf-8");
  assert.equal(mediaTypeOf("a/README", Uint8Array.of(0, 1, 2)), "application/octet-stream");
  assert.equal(mediaTypeOf("empty", new Uint8Array(0)), "application/octet-stream");
  assert.equal(mediaTypeOf("x.unknown-ending", Uint8Array.of(0xff, 0xfe)), "application/octet-stream");
});

test("a character that the look cuts in two does not make text look like something else", () => {
  for (let shift = 0; shift < 4; shift += 1) assert.equal(mediaTypeOf("t.txt", utf8("x".repeat(shift) + "🌿".repeat(2000))), "text/plain; charset=utf-8");
});
