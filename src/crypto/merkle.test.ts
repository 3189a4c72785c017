import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { hex, utf8 } from "../codec/index.ts";
import { leafHash, merklePath, merkleRoot, merkleRootFromPath, rangeProof, sha256, verifyRange } from "./index.ts";

const leaves = (count: number): Uint8Array[] => Array.from({ length: count }, (_, at) => leafHash(utf8(`leaf ${at}`)));

test("the tree has the roots of RFC 6962", () => {
  assert.equal(hex(merkleRoot([])), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  assert.equal(hex(merkleRoot([leafHash(new Uint8Array(0))])), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
});

test("a leaf's hash is that of RFC 6962 for a small leaf and a large one", () => {
  for (const size of [0, 1, 8192, 8193, 65_536]) {
    const leaf = new Uint8Array(size).fill(size % 251);
    assert.deepEqual(leafHash(leaf), sha256(Uint8Array.of(0, ...leaf)), `${size} bytes`);
  }
});

test("a path leads from each leaf to the root, and from no other leaf or place", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(), (count, pick) => {
      const all = leaves(count);
      const at = pick % count;
      const path = merklePath(all, at);
      assert.deepEqual(merkleRootFromPath(all[at]!, at, count, path), merkleRoot(all));
      assert.notDeepEqual(merkleRootFromPath(leafHash(utf8("other")), at, count, path), merkleRoot(all));
      assert.equal(merkleRootFromPath(all[at]!, count, count, path), undefined);
      assert.equal(merkleRootFromPath(all[at]!, at, count, [...path, all[0]!]), undefined);
    }),
  );
});

test("a range proof holds for its leaves, and for no changed leaf, place, count or proof", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(), fc.nat(), (count, a, b) => {
      const all = leaves(count);
      const from = a % count;
      const to = from + 1 + (b % (count - from));
      const root = merkleRoot(all);
      const shown = all.slice(from, to);
      const proof = rangeProof(all, from, to);
      assert.ok(verifyRange(root, count, from, shown, proof));
      assert.ok(!verifyRange(root, count, from, shown.with(0, leafHash(utf8("other"))), proof));
      assert.ok(!verifyRange(root, count, from, shown, [...proof, root]));
      assert.ok(!verifyRange(root, count, from, [], proof));
      if (proof.length > 0) assert.ok(!verifyRange(root, count, from, shown, proof.slice(1)));
      if (count > 1) assert.ok(!verifyRange(root, count, from + 1, shown, proof));
    }),
  );
});
