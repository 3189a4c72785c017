import assert from "node:assert/strict";
import test from "node:test";
import { HostRoutes, hostRoute } from "./host-route.ts";

for (const [header, wanted] of [
  ["blog.localhost", { kind: "site", name: "blog" }],
  ["Blog.LocalHost:4280", { kind: "site", name: "blog" }],
  ["a-1.localhost:1", { kind: "site", name: "a-1" }],
  ["localhost", { kind: "self", port: 80 }],
  ["LOCALHOST:4280", { kind: "self", port: 4280 }],
  ["127.0.0.1:4280", { kind: "self", port: 4280 }],
  ["[::1]:4280", { kind: "self", port: 4280 }],
] as const) {
  test(`the host ${header} leads to ${wanted.kind}`, () => {
    assert.deepEqual(hostRoute(header), wanted);
  });
}

for (const header of [
  undefined, "", "evil.example", "localhost.evil.example", "blog.localhost.evil.example", "a.b.localhost", "-a.localhost", "a-.localhost", ".localhost", "localhost.", "blog.localhost.",
  "127.0.0.2", "127.0.0.1.nip.io", "0.0.0.0", "[::]", "::1", "[::1%lo]", "localhost:", "localhost:x", "localhost:123456", "user@localhost", "localhost, evil.example", " localhost", "blog_x.localhost", `${"a".repeat(64)}.localhost`, "bücher.localhost",
]) {
  test(`the host ${JSON.stringify(header)} leads nowhere`, () => {
    assert.deepEqual(hostRoute(header), { kind: "other" });
  });
}

test("remembered hosts are the same as fresh ones, also after very many", () => {
  const routes = new HostRoutes();
  for (let at = 0; at < 1000; at++) assert.deepEqual(routes.of(`s${at}.localhost`), hostRoute(`s${at}.localhost`));
  assert.deepEqual(routes.of("s1.localhost"), { kind: "site", name: "s1" });
});
