import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { placeBelow } from "./safe-path.ts";

test("ordinary paths are placed below the folder", () => {
  assert.equal(placeBelow("/to", "a/b c/d.html"), "/to/a/b c/d.html");
  assert.equal(placeBelow("/to", "..hidden/.x"), "/to/..hidden/.x");
});

test("paths that would leave the folder, or mean something else to a system, are refused", () => {
  for (const path of ["", "..", "../x", "a/../../x", "/etc/passwd", "a//b", "./a", "a/.", "a\u0000b", "x".repeat(256), "a/"]) {
    assert.throws(() => placeBelow("/to", path), { code: "UNSAFE_PATH" }, path);
  }
});

test("whatever the path, it is refused or stays below the folder", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("..", ".", "a", "", "b\\", "~", "/"), { maxLength: 6 }), (parts) => {
      try {
        assert.match(placeBelow("/to/here", parts.join("/")), /^\/to\/here\/(?!.*\/\.\.(\/|$))/);
      } catch (error) {
        assert.equal((error as { code?: string }).code, "UNSAFE_PATH");
      }
    }),
  );
});
