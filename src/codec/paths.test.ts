import assert from "node:assert/strict";
import { posix } from "node:path";
import test from "node:test";
import fc from "fast-check";
import { PathSet, pathFault } from "./paths.ts";

const refusal = (code: string, message: string): Error => Object.assign(new Error(message), { code });

test("ordinary paths have no fault", () => {
  for (const path of ["index.html", "a/b/c.txt", "grüße/世界/🌿.md", ".well-known/x", "a b", "...", "a..b/..c", "%2e%2e/x", "C:", "con"]) assert.equal(pathFault(path), undefined, path);
});

test("a path that could leave its folder, or that nobody could type, has a fault that says which", () => {
  const cases: [string, RegExp][] = [
    ["", /empty/],
    ["/etc/passwd", /begins with/],
    ["a//b", /empty part/],
    ["a/", /empty part/],
    ["..", /"\.\."/],
    ["a/../b", /"\.\."/],
    ["./a", /"\."/],
    ["a\\b", /"\\"/],
    ["a\0b", /control/],
    ["a\nb", /control/],
    ["\u001b[31m", /control/],
    ["\ud800", /Unicode/],
    ["x".repeat(256), /longer than 255/],
    ["é".repeat(128), /longer than 255/],
    [`${"abcdefg/".repeat(256)}x`, /longer than 2048/],
    [`${"a/".repeat(64)}x`, /64 folders/],
  ];
  for (const [path, fault] of cases) assert.match(pathFault(path) ?? "none", fault, JSON.stringify(path.slice(0, 20)));
});

test("a path without fault stays below any folder", () => {
  const part = fc.oneof(fc.constantFrom(".", "..", "", "a", "..."), fc.string({ maxLength: 4 }));
  fc.assert(
    fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
      const path = parts.join("/");
      if (pathFault(path) !== undefined) return;
      assert.equal(posix.join("/root", path), `/root/${path}`);
      assert.equal(posix.normalize(path), path);
    }),
    { numRuns: 1000 },
  );
});

test("a path is taken once, and again after it was released", () => {
  const paths = new PathSet(refusal);
  paths.take("a/b");
  assert.throws(() => paths.take("a/b"), { code: "DUPLICATE_PATH" });
  paths.release("a/b");
  paths.take("a/b");
});

test("paths that look the same are one path", () => {
  const paths = new PathSet(refusal);
  paths.take("caf\u00e9");
  assert.throws(() => paths.take("cafe\u0301"), { code: "DUPLICATE_PATH", message: /accented/ });
});

test("a path is never a file and a folder", () => {
  const paths = new PathSet(refusal);
  paths.take("a/b/c");
  assert.throws(() => paths.take("a/b"), { code: "BAD_PATH" });
  assert.throws(() => paths.take("a"), { code: "BAD_PATH" });
  paths.take("x");
  assert.throws(() => paths.take("x/y"), { code: "BAD_PATH" });
  paths.release("a/b/c");
  paths.take("a");
});

test("a set of paths takes exactly those that can lie in one tree, in any order", () => {
  const path = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
  fc.assert(
    fc.property(fc.array(path, { maxLength: 12 }), (all) => {
      const set = new PathSet(refusal);
      const taken: string[] = [];
      for (const each of all) {
        const conflicts = taken.some((other) => other === each || other.startsWith(`${each}/`) || each.startsWith(`${other}/`));
        if (conflicts) assert.throws(() => set.take(each));
        else {
          set.take(each);
          taken.push(each);
        }
      }
      for (const each of taken) set.release(each);
      for (const each of taken) set.take(each);
    }),
  );
});
