import type { PackFacts } from "../record/catalog.ts";
import { PoolError } from "../errors.ts";
import { packKey } from "../record/keys.ts";
import { labelCodec } from "../record/label.ts";
import type { Piece } from "../write/offer.ts";
import type { PoolParts } from "../parts.ts";
import type { FetchOptions } from "../port.ts";
import type { Reader } from "./reader.ts";

export interface RebuildParts {
  readonly parts: Pick<PoolParts, "records">;
  readonly reader: Reader;
}

/**
 * Any piece of a pack, for this host's disk or another's. Its bytes come when they are asked for: from whoever has the piece, this host included, else
 * computed from those of any k others. Each of these is proven as it comes; whoever stores the piece proves the whole against its root.
 * @throws PoolError UNKNOWN_PACK; its bytes throw UNAVAILABLE
 */
export function rebuild({ parts, reader }: RebuildParts, facts: PackFacts, index: number, options: Omit<FetchOptions, "signal"> = {}): Piece {
  const { namespace, pack, pieceBytes } = facts;
  const genesis = parts.records.genesis(namespace);
  const record = parts.records.local(namespace, packKey(pack))?.siblings.find(({ value }) => value !== null)?.value;
  const root = facts.roots[index];
  if (genesis === undefined || record === undefined || record === null || root === undefined) throw new PoolError("UNKNOWN_PACK", `The records have no piece ${index} of a pack ${pack}.`);
  const label = labelCodec.encode({ genesis, record });
  return { namespace, pack, index, sizeBytes: pieceBytes, root, label, bytes: (signal) => reader.piece(facts, index, { ...options, signal }) };
}
