import type { PackId } from "../../codec/index.ts";
import type { HeldPiece, PieceStore } from "../../store/index.ts";

/** Pieces read from the index at once. */
const PAGE = 500;
/** And of one pack, of which a host rarely has more than one. */
const PAGE_OF_PACK = 4;

/** All pieces on this host's disk, in the order of its index. One that is there throughout comes once. */
export function* ownPieces(store: Pick<PieceStore, "list">): Generator<HeldPiece> {
  for (let page = store.list(undefined, PAGE); page.length > 0; page = store.list(page.at(-1), PAGE)) yield* page;
}

/** The pieces of one pack on this host's disk, in the order of their indexes. */
export function* ownPiecesOf(store: Pick<PieceStore, "held" | "list">, pack: PackId): Generator<HeldPiece> {
  const first = store.held(pack, 0);
  if (first !== undefined) yield first;
  let after = { pack, index: 0 };
  for (;;) {
    const page = store.list(after, PAGE_OF_PACK);
    for (const piece of page) {
      if (piece.pack !== pack) return;
      yield piece;
      after = piece;
    }
    if (page.length < PAGE_OF_PACK) return;
  }
}
