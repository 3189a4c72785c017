import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import type { HostId, PackId } from "../codec/index.ts";
import { idFromBytes } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import type { Candidate } from "./placement.ts";
import { matched, nextHolder, rank, weightOf } from "./placement.ts";

const idOf = <Id extends HostId | PackId>(kind: string, number: number): Id => idFromBytes<Id>(sha256(new TextEncoder().encode(`${kind} ${number}`)));

const candidates = fc
  .array(fc.record({ zone: fc.constantFrom("attic", "cellar", "garden", "office"), freeBytes: fc.integer({ min: 0, max: 1e12 }) }), { minLength: 1, maxLength: 12 })
  .map((list) => list.map((each, at): Candidate => ({ ...each, host: idOf<HostId>("host", at) })));

function choose(pack: PackId, from: readonly Candidate[], count: number): Candidate[] {
  const taken: Candidate[] = [];
  const ranked = rank(pack, from);
  for (let next = nextHolder(ranked, taken); next !== undefined && taken.length < count; next = nextHolder(ranked, taken)) taken.push(next);
  return taken;
}

test("placement never puts two copies on one host, and takes as many hosts as there are", () => {
  fc.assert(
    fc.property(candidates, fc.nat(1000), fc.integer({ min: 1, max: 15 }), (from, pack, count) => {
      const chosen = choose(idOf<PackId>("pack", pack), from, count);
      assert.equal(new Set(chosen.map(({ host }) => host)).size, chosen.length);
      assert.equal(chosen.length, Math.min(count, from.length));
    }),
  );
});

test("placement uses as many zones as it can", () => {
  fc.assert(
    fc.property(candidates, fc.nat(1000), fc.integer({ min: 1, max: 12 }), (from, pack, count) => {
      const chosen = choose(idOf<PackId>("pack", pack), from, count);
      const zones = new Set(from.map(({ zone }) => zone));
      assert.equal(new Set(chosen.map(({ zone }) => zone)).size, Math.min(zones.size, chosen.length));
    }),
  );
});

test("placement asks the same hosts in the same order whatever the order in which they are known", () => {
  fc.assert(
    fc.property(candidates, fc.nat(1000), (from, pack) => {
      const id = idOf<PackId>("pack", pack);
      assert.deepEqual(rank(id, from.toReversed()), rank(id, from));
    }),
  );
});

test("placement chooses hosts in proportion to their free space", () => {
  const from = [1, 2, 3, 4].map((share): Candidate => ({ host: idOf<HostId>("host", share), zone: `${share}`, freeBytes: share * 1e9 }));
  const packs = 20_000;
  const firsts = new Map<HostId, number>();
  for (let pack = 0; pack < packs; pack++) {
    const { host } = rank(idOf<PackId>("pack", pack), from)[0]!;
    firsts.set(host, (firsts.get(host) ?? 0) + 1);
  }
  // Five standard deviations of a binomial distribution with these numbers are below 0.018.
  for (const { host, freeBytes } of from) assert.ok(Math.abs((firsts.get(host) ?? 0) / packs - freeBytes / 10e9) < 0.018);
});

/** The largest matching of pieces and hosts, by trying all choices. */
function matchedByTrying(holdings: readonly { index: number; host: HostId }[]): number {
  const [first, ...rest] = holdings;
  if (first === undefined) return 0;
  const with_ = 1 + matchedByTrying(rest.filter(({ index, host }) => index !== first.index && host !== first.host));
  return Math.max(with_, matchedByTrying(rest));
}

test("pieces count as spread only as far as each can be on a host of its own", () => {
  const holding = fc.record({ index: fc.nat(4), host: fc.nat(4).map((host) => `h${host}` as HostId) });
  fc.assert(
    fc.property(fc.array(holding, { maxLength: 10 }), (holdings) => assert.equal(matched(holdings), matchedByTrying(holdings))),
    { numRuns: 300 },
  );
});

test("a host that declares a lot counts for twice what it was seen to hold, and never for less than 10 GB or more than it has", () => {
  assert.equal(weightOf(1e12, 0), 10e9);
  assert.equal(weightOf(1e12, 30e9), 60e9);
  assert.equal(weightOf(1e12, 9e12), 1e12);
  assert.equal(weightOf(5e9, 0), 5e9);
});
