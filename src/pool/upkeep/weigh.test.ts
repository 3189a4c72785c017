import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import type { HostId } from "../../codec/index.ts";
import type { Copies, Holding } from "../port.ts";
import type { Stay, WeighView } from "./weigh.ts";
import { weigh } from "./weigh.ts";

const host = (name: number): HostId => `host ${name}` as HostId;
const copied = (copies: Copies): { k: number; m: number; copies: Copies } => ({ k: 1, m: 0, copies });
const coded = (k: number, m: number): { k: number; m: number; copies: Copies } => ({ k, m, copies: 1 });

/** One character a host: s stays, l leaves, u suspect, g lost. */
function view(stays: string, away: readonly number[] = []): WeighView {
  const meaning: Readonly<Record<string, Stay>> = { s: "stays", l: "leaves", u: "suspect", g: "lost" };
  return { takers: stays.split("").filter((each) => each === "s").length, stay: (each) => meaning[stays[Number(each.slice(5))] ?? "g"]!, isHere: (each) => !away.includes(Number(each.slice(5))) };
}

const on = (...hosts: number[]): Holding[] => hosts.map((each) => ({ host: host(each), index: 0 }));
const pieces = (...hosts: number[]): Holding[] => hosts.map((each, index) => ({ host: host(each), index }));

test("copies on hosts that are emptied, suspect or lost are to be made anew, and those on hosts that are emptied still count", () => {
  assert.deepEqual(weigh(copied(3), on(0, 1, 2), view("sss")), { survives: 2, survivesNow: 2, shortPieces: 0, counted: 3, partings: [0, 1, 2].map((at) => ({ host: host(at), index: 0, isFatal: false, isRisky: false, isReplaced: false })) });
  const emptied = weigh(copied(3), on(0, 1, 2), view("slsss"));
  assert.deepEqual([emptied.survives, emptied.shortPieces], [2, 1]);
  assert.deepEqual(weigh(copied(3), on(0, 1, 2), view("susss")).survives, 1);
  assert.deepEqual(weigh(copied(3), on(0, 1, 2), view("sgsss")).shortPieces, 1);
});

test("what hosts that are away hold is not lost, and helps nobody while they are away", () => {
  const weighed = (facts: { k: number; m: number; copies: Copies }, holdings: readonly Holding[], away: readonly number[]): readonly number[] => {
    const { survives, survivesNow, shortPieces } = weigh(facts, holdings, view("sssss", away));
    return [survives, survivesNow, shortPieces];
  };
  assert.deepEqual(weighed(copied("all"), on(0, 1, 2, 3, 4), [3, 4]), [4, 2, 0]);
  assert.deepEqual(weighed(copied(2), on(0, 1), [3, 4]), [1, 1, 0], "they hold nothing of it");
  assert.deepEqual(weighed(copied(2), on(0, 1), [0, 1]), [1, -1, 0]);
  assert.deepEqual(weighed(coded(2, 2), pieces(0, 1, 2, 3), [0, 1]), [2, 0, 0]);
  assert.deepEqual(weighed(coded(2, 2), pieces(0, 1, 2, 3), [0, 1, 2]), [2, -1, 0]);
});

test("a host that is emptied is done when as many copies as are wanted, or possible, are on hosts that stay", () => {
  const isReplaced = (holdings: readonly Holding[], stays: string, of: number): boolean | undefined => weigh(copied(3), holdings, view(stays)).partings.find((each) => each.host === host(of))?.isReplaced;
  assert.equal(isReplaced(on(0, 1, 2), "lsss", 0), false);
  assert.equal(isReplaced(on(0, 1, 2, 3), "lsss", 0), true);
  assert.equal(isReplaced(on(0, 1, 2), "lss", 0), true, "there is no third host to take it");
  assert.equal(isReplaced(on(0), "lss", 0), false);
});

test("a piece of a code is replaced by the same piece elsewhere, or when there are no more hosts to keep pieces apart", () => {
  const replaced = (holdings: readonly Holding[], stays: string): boolean => weigh(coded(2, 1), holdings, view(stays)).partings[0]!.isReplaced;
  assert.equal(replaced(pieces(0, 1, 2), "lsss"), false);
  assert.equal(replaced([...pieces(0, 1, 2), { host: host(3), index: 0 }], "lsss"), true);
  assert.equal(replaced(pieces(0, 1, 2), "lss"), true);
  assert.equal(replaced(pieces(0, 1, 2), "ls"), false, "what is left could not be read");
});

test("what is fatal and what is risky about a host's parting", () => {
  const { partings } = weigh(coded(2, 1), pieces(0, 1), view("sss"));
  assert.deepEqual(partings.map(({ isFatal, isRisky }) => [isFatal, isRisky]), [[true, false], [true, false]]);
  assert.deepEqual(weigh(coded(2, 1), pieces(0, 1, 2), view("sss")).partings.map(({ isFatal, isRisky }) => [isFatal, isRisky]), [[false, true], [false, true], [false, true]]);
  assert.deepEqual(weigh(copied(1), on(0), view("ss")).partings.map(({ isFatal }) => isFatal), [true]);
  const lost = weigh(coded(3, 1), pieces(0, 1), view("ssss"));
  assert.deepEqual([lost.survives, ...lost.partings.map(({ isFatal, isRisky }) => [isFatal, isRisky])], [-1, [false, false], [false, false]], "it could not be read with them either");
});

test("what is claimed by a host whose claims do not count would go with it for good where the others have too little, and is not elsewhere yet", () => {
  const parting = (facts: Parameters<typeof weigh>[0], holdings: readonly Holding[], stays: string): unknown => {
    const { isFatal, isReplaced } = weigh(facts, holdings, view(stays)).partings[0]!;
    return { isFatal, isReplaced };
  };
  for (const stay of "ug") {
    assert.deepEqual(parting(copied(1), on(0), `${stay}ss`), { isFatal: true, isReplaced: false });
    assert.deepEqual(parting(copied(1), on(0, 1), `${stay}ss`), { isFatal: false, isReplaced: true });
    assert.deepEqual(parting(coded(2, 1), pieces(0, 1), `${stay}ss`), { isFatal: true, isReplaced: false });
    assert.deepEqual(parting(coded(2, 1), pieces(0, 1, 2), `${stay}sss`), { isFatal: false, isReplaced: false });
    assert.equal(weigh(coded(2, 1), pieces(0, 1, 2), view(`${stay}sss`)).counted, 2);
  }
  assert.deepEqual(weigh(coded(2, 1), pieces(0, 1, 2), view("ggs")).partings.map(({ isFatal }) => isFatal), [true, true, true], "it can be read again when either comes back");
});

test("a host whose pieces are all replaced takes nothing with it that the others need", () => {
  const arbitrary = fc.record({ k: fc.integer({ min: 1, max: 4 }), m: fc.integer({ min: 1, max: 3 }), at: fc.array(fc.tuple(fc.nat(6), fc.nat(6)), { maxLength: 12 }), stays: fc.stringMatching(/^[slug]{7}$/) });
  fc.assert(
    fc.property(arbitrary, ({ k, m, at, stays }) => {
      const facts = k === 1 ? copied(m + 1) : coded(k, m);
      const seen = new Map(at.map(([number, index]) => [`${number}/${k === 1 ? 0 : index % (k + m)}`, { host: host(number), index: k === 1 ? 0 : index % (k + m) }]));
      const holdings = [...seen.values()];
      const { survives, partings } = weigh(facts, holdings, view(stays));
      for (const each of partings.filter(({ isReplaced }) => isReplaced)) {
        const own = partings.filter((other) => other.host === each.host);
        if (!own.every(({ isReplaced }) => isReplaced)) continue;
        const after = weigh(facts, holdings.filter((other) => other.host !== each.host), view(stays));
        if (survives >= 0) assert.ok(after.survives >= 0, JSON.stringify({ facts, holdings, stays }));
      }
    }),
  );
});
