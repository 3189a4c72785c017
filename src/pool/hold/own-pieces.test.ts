import assert from "node:assert/strict";
import test from "node:test";
import type { PackId } from "../../codec/index.ts";
import type { HeldPiece } from "../../store/index.ts";
import { ownPieces, ownPiecesOf } from "./own-pieces.ts";

/** An index of pieces that counts how many times it is asked. */
class CountedIndex {
  asked = 0;
  readonly #pieces: readonly HeldPiece[];

  constructor(names: readonly (readonly [pack: string, index: number])[]) {
    this.#pieces = names.map(([pack, index]) => ({ pack: pack as PackId, index, sizeBytes: 1, root: new Uint8Array(32) }));
  }

  held(pack: PackId, index: number): HeldPiece | undefined {
    this.asked += 1;
    return this.#pieces.find((piece) => piece.pack === pack && piece.index === index);
  }

  list(after: Pick<HeldPiece, "pack" | "index"> | undefined, limit: number): HeldPiece[] {
    this.asked += 1;
    const isBehind = ({ pack, index }: HeldPiece): boolean => after === undefined || pack > after.pack || (pack === after.pack && index > after.index);
    return this.#pieces.filter(isBehind).slice(0, limit);
  }
}

const index = (): CountedIndex => new CountedIndex([["a", 0], ["a", 1], ["b", 3], ["c", 0], ...Array.from({ length: 9 }, (_, at) => ["d", at + 2] as const)]);

test("the pieces of one pack are found among those of others, few or many, with two questions where one lies here", () => {
  const store = index();
  const indexes = (pack: string): number[] => [...ownPiecesOf(store, pack as PackId)].map((piece) => piece.index);
  assert.deepEqual(indexes("a"), [0, 1]);
  assert.deepEqual(indexes("c"), [0]);
  assert.deepEqual(indexes("d"), [2, 3, 4, 5, 6, 7, 8, 9, 10]);
  assert.deepEqual(indexes("aa"), []);
  assert.deepEqual(indexes("e"), []);
  store.asked = 0;
  assert.deepEqual(indexes("b"), [3]);
  assert.equal(store.asked, 2);
});

test("all pieces are listed once, in their order", () => {
  const names = Array.from({ length: 1_201 }, (_, at) => [`p${String(at).padStart(5, "0")}`, at % 3] as const);
  assert.deepEqual([...ownPieces(new CountedIndex(names))].map(({ pack }) => pack as string), names.map(([pack]) => pack));
});
