import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import type { HostId, PackId } from "../../codec/index.ts";
import { idFromBytes } from "../../codec/index.ts";
import { sha256 } from "../../crypto/index.ts";
import type { Candidate } from "./placement.ts";
import { matched, nextHolder, rank, shares, weightOf } from "./placement.ts";

const idOf = <Id extends HostId | PackId>(kind: string, number: number): Id => idFromBytes<Id>(sha256(new TextEncoder().encode(`${kind} ${number}`)));

const candidates = fc
  .array(fc.record({ zone: fc.constantFrom("attic", "cellar", "garden", "office"), freeBytes: fc.integer({ min: 0, max: 1e12 }) }), { minLength: 1, maxLength: 12 })
  .map((list) => list.map((each, at): Candidate => ({ ...each, host: idOf<HostId>("host", at) })));

function choose(pack: PackId, from: readonly Candidate[], count: number): Candidate[] {
  const taken: Candidate[] = [];
  const ranked = rank(pack, from, count);
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
      for (const count of [1, 3]) assert.deepEqual(rank(id, from.toReversed(), count), rank(id, from, count));
    }),
  );
});

test("placement chooses hosts in proportion to their free space", () => {
  const from = [1, 2, 3, 4].map((share): Candidate => ({ host: idOf<HostId>("host", share), zone: `${share}`, freeBytes: share * 1e9 }));
  const packs = 20_000;
  const firsts = new Map<HostId, number>();
  for (let pack = 0; pack < packs; pack++) {
    const { host } = rank(idOf<PackId>("pack", pack), from, 1)[0]!;
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

test("a host that declares a lot counts for twice what it was seen to hold, or for what is usual, and never for less than 10 GB or more than it has", () => {
  assert.equal(weightOf(1e12, 0, 5e9), 10e9);
  assert.equal(weightOf(1e12, 0, 50e9), 50e9);
  assert.equal(weightOf(1e12, 30e9, 5e9), 60e9);
  assert.equal(weightOf(1e12, 9e12, 5e9), 1e12);
  assert.equal(weightOf(5e9, 0, 1e12), 5e9);
});

test("shares are in proportion to the weights, none above one, and together as many as there are pieces", () => {
  const near = (found: readonly number[], wanted: readonly number[]): void => found.forEach((share, at) => assert.ok(Math.abs(share - wanted[at]!) < 1e-9, found.join(" ")));
  near(shares([5, 5, 10, 20, 20, 40, 80], 5), [0.25, 0.25, 0.5, 1, 1, 1, 1]);
  near(shares([1, 2, 3, 4], 1), [0.1, 0.2, 0.3, 0.4]);
  near(shares([7, 7], 5), [1, 1]);
  near(shares([], 3), []);
});

test("each host is among the first as often as its share says, however unequal the hosts are", () => {
  const capacities = [5, 5, 10, 20, 20, 40, 80];
  const from = capacities.map((gigabytes, number): Candidate => ({ host: idOf<HostId>("host", number), zone: `${number}`, freeBytes: gigabytes * 1e9 }));
  const packs = 5_000;
  const found = capacities.map(() => 0);
  for (let pack = 0; pack < packs; pack += 1) for (const { zone } of rank(idOf<PackId>("pack", pack), from, 5).slice(0, 5)) found[Number(zone)]! += 1 / packs;
  // Five standard deviations of a binomial distribution with these numbers are below 0.036.
  for (const [at, share] of shares(capacities, 5).entries()) assert.ok(Math.abs(found[at]! - share) < 0.036, found.join(" "));
});

/** Packs of so many pieces, each on the first hosts in its order that have room, until no pack finds enough of them. */
function fill(capacities: readonly number[], pieces: number, packs: number): { readonly used: readonly number[]; readonly placed: number } {
  const hosts = capacities.map((capacityBytes, number) => ({ host: idOf<HostId>("host", number), zone: `zone ${number}`, capacityBytes, number }));
  const used = capacities.map(() => 0);
  let placed = 0;
  for (let number = 0; number < packs; number++) {
    const open = hosts.map((each) => ({ ...each, freeBytes: each.capacityBytes - used[each.number]! })).filter(({ freeBytes }) => freeBytes >= 1);
    const ranked = rank(idOf<PackId>("pack", number), open, pieces);
    const taken: typeof ranked = [];
    for (let next = nextHolder(ranked, taken); next !== undefined && taken.length < pieces; next = nextHolder(ranked, taken)) taken.push(next);
    if (taken.length < pieces) break;
    for (const { number: at } of taken) used[at]! += 1;
    placed += 1;
  }
  return { used, placed };
}

test("hosts of 10 GB and of 1 TB side by side fill in proportion, as far as one piece a host allows", () => {
  // Capacities in pieces: ten of 1,000 beside ten of 10. A pack of six finds its hosts among the large ones nearly always.
  const capacities = Array.from({ length: 20 }, (_, number) => (number < 10 ? 1_000 : 10));
  const { used, placed } = fill(capacities, 6, 800);
  assert.equal(placed, 800);
  const share = (from: number, to: number): number => used.slice(from, to).reduce((sum, each) => sum + each, 0) / capacities.slice(from, to).reduce((sum, each) => sum + each, 0);
  const [large, small] = [share(0, 10), share(10, 20)];
  assert.ok(Math.abs(large - 0.475) < 0.02, `large hosts are filled to ${large}`);
  assert.ok(Math.abs(small - large) < 0.2, `small hosts are filled to ${small}, large ones to ${large}`);
  // Among equals no host has much more than another.
  const ofLarge = used.slice(0, 10);
  assert.ok(Math.max(...ofLarge) / Math.min(...ofLarge) < 1.15, ofLarge.join(" "));
});

test("no host is filled beyond what it has, and nearly everything is filled before a pack finds no place", () => {
  const capacity = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 5, maxLength: 12 });
  fc.assert(
    fc.property(capacity, fc.integer({ min: 2, max: 5 }), (capacities, pieces) => {
      const { used, placed } = fill(capacities, pieces, 10_000);
      assert.ok(used.every((each, number) => each <= capacities[number]!));
      // No placement whatever, that puts the pieces of a pack on hosts of their own, could take more packs than this.
      let most = Math.floor(capacities.reduce((sum, each) => sum + each, 0) / pieces);
      while (capacities.reduce((sum, each) => sum + Math.min(each, most), 0) < most * pieces) most -= 1;
      assert.ok(placed >= 0.7 * most - 1, `${placed} packs of ${most} found a place`);
    }),
    { numRuns: 40 },
  );
});
