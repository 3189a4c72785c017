import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { encodePath, parsePath } from "./path.ts";

const REFUSED = [
  "", "blog", "*", "/a b", "/a\tb", "/ä", "/a#b", "/a\x7f", // not what a request target may be
  "/..", "/../etc/passwd", "/a/../b", "/a/..", "/%2e%2e/etc", "/.%2e/etc", "/%2E./etc", "/a/%2e%2e", "/./a", "/%2e/a", // dots
  "/a%2fb", "/a%2Fb", "/..%2f..%2fetc", "/%2f%2fevil", // encoded slashes
  "/a\\b", "/a%5cb", "/..%5c..%5cwin", "/\\evil", // backslashes
  "/a%00b", "/%00", // NUL
  "/%", "/%2", "/%zz", "/a%", "/%u002e", // broken percent signs
  "/%ff", "/%c0%ae%c0%ae", "/%e0%80%ae", "/%ed%a0%80", // not UTF-8: stray, overlong, surrogate
];

for (const target of REFUSED) {
  test(`parsePath refuses ${JSON.stringify(target)}`, () => {
    assert.throws(() => parsePath(target), { code: "BAD_PATH" });
  });
}

const TAKEN: readonly [string, readonly string[], boolean, string][] = [
  ["/", [], true, ""],
  ["/index.html", ["index.html"], false, ""],
  ["/a/b/", ["a", "b"], true, ""],
  ["/a?x=../..&y=%2f", ["a"], false, "?x=../..&y=%2f"],
  ["/%252e%252e/x", ["%2e%2e", "x"], false, ""],
  ["/gr%C3%BC%C3%9Fe/%F0%9F%8C%BF", ["grüße", "🌿"], false, ""],
  ["/a%20b%3Fc%23", ["a b?c#"], false, ""],
  ["//evil.example", ["", "evil.example"], false, ""],
  ["/...", ["..."], false, ""],
  ["/..a/b..", ["..a", "b.."], false, ""],
];

for (const [target, parts, isFolder, query] of TAKEN) {
  test(`parsePath decodes ${target} once`, () => {
    assert.deepEqual(parsePath(target), { parts, isFolder, query });
  });
}

test("parsePath gives back every path that encodePath makes of ordinary names", () => {
  const name = fc.string({ unit: "grapheme", minLength: 1 }).filter((each) => !/[/\\\0]/.test(each) && each !== "." && each !== ".." && each.isWellFormed());
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 6 }), fc.boolean(), (parts, isFolder) => {
      assert.deepEqual(parsePath(encodePath(parts, isFolder)), { parts, isFolder, query: "" });
    }),
  );
});

test("parsePath never lets a part through that means another place, whatever comes", () => {
  const letters = fc.constantFrom("/", ".", "%2e", "%2E", "%2f", "%5c", "\\", "%00", "a", "%25", "?", "%c3", "%a4", "//");
  fc.assert(
    fc.property(fc.array(letters, { maxLength: 12 }), (pieces) => {
      try {
        for (const part of parsePath(`/${pieces.join("")}`).parts) assert.doesNotMatch(part, /^\.{1,2}$|[/\\\0]/);
      } catch (error) {
        assert.equal((error as { code?: string }).code, "BAD_PATH");
      }
    }),
  );
});
