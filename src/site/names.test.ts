import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { siteNameOf } from "./names.ts";
import { isSiteName } from "./site-name.ts";

test("a site's name is a DNS label, stored in lower case", () => {
  for (const [typed, label] of [["blog", "blog"], ["Blog", "blog"], ["a", "a"], ["www", "www"], ["2026", "2026"], ["a-b-c", "a-b-c"], ["x".repeat(63), "x".repeat(63)]] as const) {
    assert.equal(siteNameOf(typed), label);
  }
});

test("a name that is no DNS label is refused with one to type instead", () => {
  const cases = [["My Blog", "my-blog"], ["Bücher & Töne", "bucher-tone"], ["-blog-", "blog"], ["blog.example", "blog-example"], ["", "my-site"], ["日本", "my-site"], ["../etc", "etc"], ["x".repeat(64), "x".repeat(63)], ["xn--bcher-kva", "xn-bcher-kva"]] as const;
  for (const [typed, instead] of cases) {
    assert.throws(() => siteNameOf(typed), (error: Error & { code: string }) => error.code === "BAD_NAME" && error.message.includes(`"${instead}"`), typed);
  }
});

test("a name that means the machine or Holdfast itself is refused in any case", () => {
  for (const name of ["localhost", "LOCALHOST", "local", "api", "holdfast", "wpad"]) assert.throws(() => siteNameOf(name), { code: "BAD_NAME", message: /is kept for/ });
});

test("what is accepted as a name is a label that a resolver takes, and is accepted as it stands", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...Array.from("abz019-.A é_/")), maxLength: 70 }), (typed) => {
      let label: string;
      try {
        label = siteNameOf(typed);
      } catch {
        return;
      }
      assert.ok(isSiteName(label));
      assert.equal(new URL(`http://${label}.localhost/`).hostname, `${label}.localhost`);
    }),
  );
});
