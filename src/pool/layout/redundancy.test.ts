import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import type { HostId } from "../../codec/index.ts";
import { lossesSurvived } from "../record/holders.ts";
import { checkRedundancy, piecesOf, privateRedundancy } from "./redundancy.ts";

test("private content has a piece for each zone up to eight, and survives as many losses as it can bear of them", () => {
  const said = [1, 2, 3, 4, 5, 6, 7, 8, 9, 100].map((zones) => {
    const redundancy = privateRedundancy(zones);
    return redundancy.kind === "copies" ? `${redundancy.copies} copies` : `${redundancy.k}+${redundancy.m}`;
  });
  assert.deepEqual(said, ["1 copies", "2 copies", "2+1", "2+2", "3+2", "4+2", "4+3", "5+3", "5+3", "5+3"]);
  for (const zones of [1, 2, 3, 4, 5, 6, 7, 8]) assert.equal(piecesOf(privateRedundancy(zones)), zones);
});

test("a code of one data piece is a number of copies, and what is neither code nor copies is refused", () => {
  assert.deepEqual(checkRedundancy({ kind: "code", k: 1, m: 2 }), { kind: "copies", copies: 3 });
  assert.deepEqual(checkRedundancy({ kind: "code", k: 32, m: 32 }), { kind: "code", k: 32, m: 32 });
  assert.deepEqual(checkRedundancy({ kind: "copies", copies: "all" }), { kind: "copies", copies: "all" });
  for (const [k, m] of [[0, 2], [4, 0], [33, 32], [2.5, 1], [4, -1], [Number.NaN, 1]] as const) assert.throws(() => checkRedundancy({ kind: "code", k, m }), { code: "BAD_PACK" });
  for (const copies of [0, -1, 1.5, Number.NaN]) assert.throws(() => checkRedundancy({ kind: "copies", copies }), { code: "BAD_PACK" });
});

/** The least number of hosts whose loss leaves fewer than k different pieces, by trying all sets of hosts. */
function lossesByTrying(k: number, holdings: readonly { host: HostId; index: number }[]): number {
  const hosts = [...new Set(holdings.map(({ host }) => host))];
  let least = Number.POSITIVE_INFINITY;
  for (let set = 0; set < 2 ** hosts.length; set++) {
    const lost = new Set(hosts.filter((_, at) => (set >> at) % 2 === 1));
    const left = new Set(holdings.filter(({ host }) => !lost.has(host)).map(({ index }) => index));
    if (left.size < k) least = Math.min(least, lost.size);
  }
  return Math.max(0, least - 1);
}

const among = (hosts: number): fc.Arbitrary<{ host: HostId; index: number }[]> => fc.uniqueArray(fc.record({ host: fc.nat(hosts - 1).map((host) => `h${host}` as HostId), index: fc.nat(5) }), { maxLength: 14, selector: ({ host, index }) => `${host}/${index}` });

test("as many losses are promised as any choice of hosts leaves, where each host has one piece or up to eight hosts have them all", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), among(8), (k, held) => assert.equal(lossesSurvived(k, held), lossesByTrying(k, held))),
    { numRuns: 500 },
  );
});

test("no more losses are promised where more hosts have pieces, some of them several", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), among(12), (k, held) => {
      const [promised, true_] = [lossesSurvived(k, held), lossesByTrying(k, held)];
      assert.ok(promised <= true_, `${promised} promised, ${true_} borne`);
    }),
    { numRuns: 100 },
  );
});
