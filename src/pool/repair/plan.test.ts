import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import type { HostId, NamespaceId, PackId } from "../../codec/index.ts";
import { idFromBytes } from "../../codec/index.ts";
import { sha256 } from "../../crypto/index.ts";
import type { Copies, Holding } from "../port.ts";
import { refusalOf } from "./check.ts";
import type { Need, PlannedFacts } from "./plan.ts";
import { needOf, spareOf } from "./plan.ts";
import type { Standing } from "./standing.ts";
import { Targets } from "./targets.ts";
import { UrgentQueue } from "./urgent-queue.ts";

const id = <Id extends string>(text: string): Id => idFromBytes<Id & HostId>(sha256(new TextEncoder().encode(text)));
const host = (number: number): HostId => id<HostId>(`host ${number}`);

function factsOf(k: number, pieces: number, copies: Copies = 1): PlannedFacts {
  return { namespace: id<NamespaceId>("space"), pack: id<PackId>("pack"), k, copies, pieceBytes: 100, roots: Array.from({ length: pieces }, () => new Uint8Array(32)) };
}

/** Piece i on host i, each standing as said. */
function spread(standings: readonly Standing[], isCoded = true): { readonly holdings: Holding[]; readonly standing: (host: HostId) => Standing } {
  const known = new Map(standings.map((standing, number) => [host(number), standing]));
  return { holdings: standings.map((_, number) => ({ host: host(number), index: isCoded ? number : 0 })), standing: (each) => known.get(each) ?? "lost" };
}

function indexesOf(facts: PlannedFacts, standings: readonly Standing[], takers = 10): readonly number[] {
  const { holdings, standing } = spread(standings, facts.k > 1);
  return needOf(facts, holdings, standing, takers)?.indexes ?? [];
}

test("a coded pack's missing pieces are those of hosts that are lost or leaving, and of missed ones once one more loss would destroy it", () => {
  const coded = factsOf(4, 6);
  assert.deepEqual(indexesOf(coded, ["here", "here", "here", "here", "here", "here"]), []);
  assert.deepEqual(indexesOf(coded, ["here", "here", "here", "here", "here", "lost"]), [5]);
  assert.deepEqual(indexesOf(coded, ["leaving", "here", "here", "here", "here", "here"]), [0]);
  assert.deepEqual(indexesOf(coded, ["here", "here", "here", "here", "away", "away"]), [], "they have only just gone");
  assert.deepEqual(indexesOf(coded, ["here", "here", "here", "here", "here", "missed"]), [], "one more loss is survived");
  assert.deepEqual(indexesOf(coded, ["here", "here", "here", "here", "missed", "missed"]), [4, 5]);
  assert.deepEqual(indexesOf(coded, ["here", "here", "here", "here", "missed", "lost"]), [4, 5]);
});

test("a pack of which too few pieces are connected is short, and nothing can be made of it until their hosts are back", () => {
  const canBeMade = (...how: readonly Standing[]): boolean | undefined => {
    const { holdings, standing } = spread(how);
    return needOf(factsOf(2, 4), holdings, standing, 10)?.canBeMade;
  };
  assert.equal(canBeMade("here", "leaving", "lost", "lost"), true);
  assert.equal(canBeMade("here", "away", "lost", "lost"), false);
  assert.equal(canBeMade("here", "missed", "missed", "lost"), false);
});

test("copies are wanted on as many hosts as there are, and no more than were asked for", () => {
  assert.deepEqual(indexesOf(factsOf(1, 1, 3), ["here", "here", "here"]), []);
  assert.deepEqual(indexesOf(factsOf(1, 1, 3), ["here", "here", "lost"]), [0]);
  assert.deepEqual(indexesOf(factsOf(1, 1, 3), ["here", "lost", "lost"]), [0, 0]);
  assert.deepEqual(indexesOf(factsOf(1, 1, 3), ["here", "here", "lost"], 2), [], "there is nobody to take a third");
  assert.deepEqual(indexesOf(factsOf(1, 1, 3), ["here", "missed", "missed"]), [0, 0]);
  assert.deepEqual(indexesOf(factsOf(1, 1, 3), ["here", "here", "missed"]), []);
  assert.deepEqual(indexesOf(factsOf(1, 1, 2), ["here", "here", "here"]), [], "a surplus copy is nobody's concern");
  assert.deepEqual(indexesOf(factsOf(1, 1, "all"), ["here"]), [], "each host sees to those itself");
});

test("what can still be lost counts hosts, not pieces: two pieces on one host go together", () => {
  const here = (): Standing => "here";
  const holdings = [0, 1, 2, 3].map((index) => ({ host: host(index % 2), index }));
  assert.equal(spareOf(2, holdings, here), 1);
  assert.equal(spareOf(3, holdings, here), 0);
  assert.equal(spareOf(5, holdings, here), -1);
  assert.equal(spareOf(1, [0, 1, 2].map((number) => ({ host: host(number), index: 0 })), here), 2);
});

const standings = fc.array(fc.constantFrom<Standing>("here", "away", "missed", "leaving", "lost"), { minLength: 6, maxLength: 6 });

test("a receiver takes every order that its own records would make it give, and none for a piece whose holder is there", () => {
  const coded = factsOf(4, 6);
  fc.assert(
    fc.property(standings, (how) => {
      const { holdings, standing } = spread(how);
      const self = host(9);
      const view = { self, standing: (each: HostId): Standing => (each === self ? "here" : standing(each)), reachable: 8, takers: 10 };
      const need = needOf(coded, holdings, view.standing, 10);
      for (const [index, standing_] of how.entries()) {
        const refusal = refusalOf({ facts: coded, index }, holdings, view);
        if (need?.indexes.includes(index) === true) assert.equal(refusal, undefined);
        if (standing_ === "here" || standing_ === "away") assert.equal(refusal, "not-short");
      }
    }),
  );
});

test("an order is refused by a host that has another piece, is leaving, or knows no such piece; it is repeated without harm", () => {
  const coded = factsOf(4, 6);
  const { holdings, standing } = spread(["here", "here", "here", "here", "here", "lost"]);
  const view = { self: host(0), standing, reachable: 6, takers: 6 };
  assert.equal(refusalOf({ facts: coded, index: 5 }, holdings, view), "holds-another");
  assert.equal(refusalOf({ facts: coded, index: 0 }, holdings, view), undefined, "it has it");
  assert.equal(refusalOf({ facts: coded, index: 6 }, holdings, view), "unknown");
  assert.equal(refusalOf({ facts: coded, index: 5 }, holdings, { ...view, self: host(5) }), "not-taking");
  assert.equal(refusalOf({ facts: coded, index: 5 }, holdings, { ...view, reachable: 4 }), undefined, "too few hosts to keep pieces apart");
  assert.equal(refusalOf({ facts: factsOf(1, 1, "all"), index: 0 }, [], view), "unknown");
});

test("a target holds no piece of the pack, is in another zone where there is one, and is not asked again when it refused", () => {
  const ranked = [0, 1, 2, 3, 4].map((number) => ({ host: host(number), zone: number < 2 ? "a" : `zone ${number}`, freeBytes: 100 }));
  const zoneOf = (each: HostId): string => ranked.find((candidate) => candidate.host === each)?.zone ?? "";
  const targets = new Targets(factsOf(2, 4), [{ host: host(0), index: 0 }], ranked, zoneOf);
  assert.equal(targets.next(), host(2), "1 stands first, and in the zone of the piece that is there");
  assert.equal(targets.next(), host(3));
  targets.refused(host(3));
  assert.equal(targets.next(), host(4));
  assert.equal(targets.next(), host(1));
  assert.equal(targets.next(), undefined, "five hosts are enough for k + 1, so nobody gets a second piece");
});

test("a second piece goes to a host only where fewer than k + 1 are there that have a piece or room for one", () => {
  const holdings = [0, 1].map((number) => ({ host: host(number), index: number }));
  const next = (facts: PlannedFacts, freeBytes: readonly number[]): HostId | undefined => {
    const ranked = freeBytes.map((each, number) => ({ host: host(number), zone: `${number}`, freeBytes: each })).reverse();
    return new Targets(facts, holdings, ranked, () => "").next();
  };
  assert.equal(next(factsOf(2, 3), [100, 100]), host(1));
  assert.equal(next(factsOf(2, 3), [100, 99, 99, 99]), host(0), "what is full helps nobody");
  assert.equal(next(factsOf(2, 3), [100, 99, 100]), host(2));
  assert.equal(next(factsOf(1, 3), [100, 99]), undefined, "a full host has its piece");
  assert.equal(next(factsOf(1, 1, 3), [100, 100]), undefined);
});

test("the queue keeps the most urgent, the same whatever order they come in, and says when it left some out", () => {
  const need = (number: number, spare: number): Need => ({ namespace: id<NamespaceId>("space"), pack: id<PackId>(`pack ${number}`), pieceBytes: 1, spare, canBeMade: true, indexes: [0] });
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1, max: 5 }), { minLength: 1, maxLength: 60 }), (spares) => {
      const needs = spares.map((spare, number) => need(number, spare));
      const forwards = new UrgentQueue(10);
      const backwards = new UrgentQueue(10);
      for (const each of needs) forwards.set(each);
      for (const each of [...needs].reverse()) backwards.set(each);
      assert.deepEqual(forwards.inOrder(), backwards.inOrder());
      assert.deepEqual(forwards.inOrder().map(({ spare }) => spare), [...spares].sort((a, b) => a - b).slice(0, 10));
      assert.equal(forwards.isOverfull, spares.length > 10);
    }),
  );
});
