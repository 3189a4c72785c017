import assert from "node:assert/strict";
import test from "node:test";
import { cacheControlOf } from "./cache-control.ts";

for (const path of ["assets/index-BxY3kd9a.js", "assets/index-BxY3kd9a.css", "static/js/main.3f2a9c1b.chunk.js", "app.3f2a9c1b4d5e6f70.js", "app.3f2a9c1b.js.map", "chunk-7KX2MQ4Z.js", "img/logo.5d5d9eef.svg", "_astro/page.D4k2aB1x.js", "fonts/inter-3f2a9c1b.woff2"]) {
  test(`${path} is kept for ever, for its name has a hash`, () => {
    const type = path.endsWith(".css") ? "text/css" : path.endsWith(".svg") ? "image/svg+xml" : path.endsWith(".woff2") ? "font/woff2" : path.endsWith(".map") ? "application/json" : "text/javascript";
    assert.match(cacheControlOf(path, type), /immutable/);
  });
}

for (const path of ["app.js", "jquery-3.7.1.min.js", "release-20240101.js", "backup.20240101a.js", "photo-Version2.js", "main.internationalisation.js", "a-feedface.js", "house-bungalow.js", "logo-ABCDEFGH.js", "report-JANUARY24.js", "deadbeef.js", "x.abc12345.js"]) {
  test(`${path} is asked about each time, for it may be a name`, () => {
    assert.equal(cacheControlOf(path, "text/javascript; charset=utf-8"), "no-cache");
  });
}

test("a page is asked about each time, whatever its name", () => {
  assert.equal(cacheControlOf("index-3f2a9c1b.html", "text/html; charset=utf-8"), "no-cache");
});
