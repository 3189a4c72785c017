import type { HeldPiece, PieceStore } from "../../store/index.ts";

/** Pieces read from the index at once. */
const PAGE = 500;

/** All pieces on this host's disk, in the order of its index. One that is there throughout comes once. */
export function* ownPieces(store: Pick<PieceStore, "list">): Generator<HeldPiece> {
  for (let page = store.list(undefined, PAGE); page.length > 0; page = store.list(page.at(-1), PAGE)) yield* page;
}
