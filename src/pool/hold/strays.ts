// What becomes of pieces whose pack is not among the live ones in this host's records. The word of the namespace's owner lets a piece go, a
// tombstone or that the pack was given up, and nothing else does: no record, no namespace, a record that is still on its way, all of these look alike from here. A piece whose pack
// the records do not mention at all is published anew from the label beside it, so that neither the pack nor its space is lost to its owner.

import type { NamespaceId, PackId } from "../../codec/index.ts";
import { ON_ALL_HOSTS } from "../../cluster/index.ts";
import type { Env, WorkerTurn } from "../../platform/index.ts";
import { codeOf } from "../../platform/index.ts";
import { EMPTY_CONTEXT } from "../../records/index.ts";
import type { HeldPiece } from "../../store/index.ts";
import type { Catalog } from "../record/catalog.ts";
import { mayGo } from "../record/fate.ts";
import { claimKey, packKey } from "../record/keys.ts";
import type { CheckedLabel } from "../record/label.ts";
import { readLabel } from "../record/label.ts";
import type { Offers } from "../write/offer.ts";
import { ownPieces, ownPiecesOf } from "./own-pieces.ts";
import type { PoolParts } from "../parts.ts";
import { unhurried } from "../patience.ts";
import type { Rounds } from "./rounds.ts";
import { claimWrite } from "../write/writer.ts";

/** Packs noted as missing between two turns; more are seen to at a later one. */
const MISSING_MAX = 10_000;

export interface StrayParts {
  readonly env: Env;
  readonly parts: PoolParts;
  readonly catalog: Catalog;
  readonly offers: Offers;
}

interface Stray {
  readonly piece: HeldPiece;
  readonly label: CheckedLabel;
}

/** All that lies here, damaged or not. */
function* everything({ parts: { store } }: StrayParts): Generator<HeldPiece> {
  yield* ownPieces(store);
  yield* store.listRemains();
}

/** The same of some packs. */
async function* piecesOf({ env, parts: { store } }: StrayParts, packs: Iterable<PackId>, signal: AbortSignal): AsyncGenerator<HeldPiece> {
  const remains = Map.groupBy(store.listRemains(), ({ pack }) => pack);
  for await (const pack of unhurried(env, packs, signal)) {
    yield* ownPiecesOf(store, pack);
    yield* remains.get(pack) ?? [];
  }
}

/** The pieces whose pack is live in no namespace that this host knows. Only their labels are read from the disk. */
async function* strays({ env, parts, catalog }: StrayParts, pieces: AsyncIterable<HeldPiece>, signal: AbortSignal): AsyncGenerator<Stray> {
  for await (const piece of pieces) {
    signal.throwIfAborted();
    if (catalog.find(piece.pack) !== undefined) continue;
    try {
      yield { piece, label: readLabel(await parts.store.packRecord(piece.pack, piece.index), parts.roster().network) };
    } catch (error) {
      env.log.warn("a piece's label cannot be read; the piece is left alone", { pack: piece.pack, index: piece.index, error });
    }
  }
}

/** "reclaim": deletes the pieces whose pack its owner has deleted, and withdraws this host's claims for them. */
export async function reclaimTurn(stray: StrayParts, rounds: Rounds, { signal, report }: WorkerTurn): Promise<void> {
  const { env, parts } = stray;
  const { records, store } = parts;
  let freedBytes = 0;
  const reclaim = async (pieces: AsyncIterable<HeldPiece>): Promise<void> => {
    for await (const { piece, label } of strays(stray, pieces, signal)) {
      if (!mayGo(records, label.namespace, piece.pack)) continue;
      await store.remove(piece.pack, piece.index);
      freedBytes += piece.sizeBytes;
      await withdraw(stray, label.namespace, piece);
    }
  };
  await rounds.run(() => reclaim(unhurried(env, everything(stray), signal)), (changed) => reclaim(piecesOf(stray, changed.keys(), signal)));
  report(`${freedBytes} bytes freed`);
}

async function withdraw({ parts, catalog }: StrayParts, namespace: NamespaceId, { pack, index }: HeldPiece): Promise<void> {
  const isClaimed = catalog.holdings(namespace, pack).some((holding) => holding.host === parts.self && holding.index === index);
  if (isClaimed) await parts.records.write([{ namespace, key: claimKey(pack, index, parts.self), value: null }], { as: "host" });
}

/**
 * "republish": brings back the record of a pack that this host holds and that the records lack, from the label beside the piece, with
 * this host's claim. Only when it was missing at the turn before too: a write that is under way commits in between.
 */
export class Republisher {
  readonly #with: StrayParts;
  #missing = new Set<string>();

  constructor(parts: StrayParts) {
    this.#with = parts;
  }

  async turn({ signal, report }: WorkerTurn): Promise<void> {
    const { env, parts } = this.#with;
    const missing = new Set<string>();
    let published = 0;
    for await (const { piece, label } of strays(this.#with, unhurried(env, ownPieces(parts.store), signal), signal)) {
      if (!this.#isMissing(label)) continue;
      const name = `${piece.pack}/${piece.index}`;
      if (this.#missing.has(name)) {
        published += (await this.#publish(piece, label)) ? 1 : 0;
      } else if (missing.size < MISSING_MAX) missing.add(name);
    }
    this.#missing = missing;
    report(published === 0 ? "every piece's pack is in the records" : `${published} packs published anew`);
  }

  #isMissing({ namespace, genesis, pack }: CheckedLabel): boolean {
    // Where this host keeps no copy of the records, their silence says nothing.
    return genesis.replicas === ON_ALL_HOSTS && !mayGo(this.#with.parts.records, namespace, pack);
  }

  /** @returns false where the rules do not let it back in, as when its owner is nobody: that keeps no other pack from being published */
  async #publish(piece: HeldPiece, { namespace, genesis, record }: CheckedLabel): Promise<boolean> {
    const { env, parts, offers } = this.#with;
    if (parts.records.genesis(namespace) === undefined) await parts.records.create(genesis);
    try {
      // A blind put: should a tombstone stand somewhere, this does not supersede it, and a pack with a tombstone is deleted.
      await parts.records.write([{ namespace, key: packKey(piece.pack), value: record, context: EMPTY_CONTEXT }, claimWrite(namespace, offers.ownClaim({ ...piece, namespace }))], { as: "host" });
    } catch (error) {
      if (codeOf(error) !== "REFUSED") throw error;
      env.log.info("a pack that the records lack is not let back in", { namespace, pack: piece.pack, error });
      return false;
    }
    env.log.info("a pack that the records lacked was published anew by its holder", { namespace, pack: piece.pack });
    return true;
  }
}
