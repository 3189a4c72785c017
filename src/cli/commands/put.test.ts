import assert from "node:assert/strict";
import test from "node:test";
import type { PutRow } from "../../door/index.ts";
import { wordsOf } from "./put.ts";

const ROW: PutRow = { entry: { id: "abcdefgh", name: "film", kind: "file", files: 1, folders: 0, sizeBytes: 1000, createdMs: 1 }, redundancy: { kind: "copies", copies: 9 }, isSpread: true, survives: 8, safe: true };
const [summary, survival] = [0, -1];

function told(row: Partial<PutRow>, line: number): string {
  return wordsOf({ ...ROW, ...row }, null).split("\n").at(line)!;
}

test("a put that fewer hosts took than it was meant for says how many have it, and that the rest is to come", () => {
  assert.match(told({}, summary), /^Put film \([^)]+\) on 9 hosts, under the id$/);
  assert.equal(told({}, survival), "survives the loss of any 8 hosts.");
  const short = { isSpread: false, survives: 3 };
  assert.match(told(short, summary), /^Put film \([^)]+\), to lie on 9 hosts, under the id$/);
  assert.match(told(short, survival), /^survives the loss of any 3 hosts\. Only 4 hosts took it so far; the other copies are made by themselves/);
  assert.match(told({ isSpread: false, redundancy: { kind: "code", k: 4, m: 2 }, survives: 1 }, survival), /^survives the loss of any 1 host\. Fewer hosts took it/);
});

test("a put that one host took says whether to put it again", () => {
  const alone = told({ redundancy: { kind: "copies", copies: 1 }, survives: 0 }, survival);
  assert.match(alone, /^lies on one host only: .*put it again\.$/);
  const waiting = told({ isSpread: false, survives: 0 }, survival);
  assert.match(waiting, /^lies on one host only: .*The other copies are made by themselves/);
  assert.doesNotMatch(waiting, /again/);
});
