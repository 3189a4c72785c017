import assert from "node:assert/strict";
import test from "node:test";
import type { WherePack } from "../src/door/index.ts";
import { gridOf } from "./pieces.ts";

type Place = WherePack["places"][number];

function place(host: string, presence: Place["presence"] = "online", standing: Place["standing"] = "stays"): Place {
  return { host, name: host, piece: 0, presence, standing };
}

function pack(survives: number, places: Place[]): WherePack {
  return { pack: "p", sizeBytes: 1, pieceBytes: 1, redundancy: "3 copies", survives, isCondemned: false, places };
}

test("packs that survive least come first, and each host's row says how each of its pieces lies", () => {
  const grid = gridOf([pack(2, [place("attic"), place("barn"), place("cellar")]), pack(0, [place("attic", "away"), place("barn", "online", "suspect")])], [{ id: "attic", name: "attic" }, { id: "den", name: "den" }]);
  assert.equal(grid.columns, 2);
  assert.deepEqual(grid.rows.map(({ name, pieces, cells }) => [name, pieces, cells]), [
    ["attic", 2, ["away", "here"]],
    ["barn", 2, ["doubtful", "here"]],
    ["cellar", 1, [undefined, "here"]],
    ["den", 0, [undefined, undefined]],
  ]);
});

test("of very many packs sixty are drawn, and all are counted", () => {
  const grid = gridOf(Array.from({ length: 200 }, () => pack(1, [place("attic")])), []);
  assert.deepEqual([grid.columns, grid.undrawn, grid.rows[0]?.pieces, grid.rows[0]?.cells.length], [60, 140, 200, 60]);
  assert.deepEqual(gridOf([], []), { columns: 0, undrawn: 0, rows: [] });
});
