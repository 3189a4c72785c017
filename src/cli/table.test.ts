import assert from "node:assert/strict";
import test from "node:test";
import { printable, table, widthOf } from "./table.ts";

test("columns are aligned, numbers to the right, no spaces at the ends of lines", () => {
  const lines = table(["host", { title: "used", right: true }], [["attic", "5 GB"], ["cellar-two", "12 GB"]]).split("\n");
  assert.deepEqual(lines, ["HOST         USED", "attic        5 GB", "cellar-two  12 GB", ""]);
});

test("wide characters take two columns and combining marks none", () => {
  assert.deepEqual(["海帯", "a\u0301b", "🌿"].map(widthOf), [4, 2, 2]);
});

test("a cell cannot command the terminal", () => {
  assert.equal(printable("a\u001b[2Jb\r\n\u202ec"), "a\ufffd[2Jb\ufffd\ufffd\ufffdc");
  assert.ok(!table(["path"], [["\u001b]0;owned\u0007"]]).includes("\u001b"));
});
