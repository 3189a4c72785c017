import type { NamespaceId, PackId } from "../../codec/index.ts";
import type { WorkerTurn } from "../../platform/index.ts";
import type { PieceStore } from "../../store/index.ts";
import type { PackFacts } from "../record/catalog.ts";
import type { KeepParts } from "../hold/hold.ts";
import { ownPieces } from "../hold/own-pieces.ts";
import { unhurried } from "../patience.ts";
import { handOn, letGo } from "./let-go.ts";
import type { Leftovers } from "./leftovers.ts";
import type { Spreading } from "./spreading.ts";

/** What a host keeps by its own choice beyond what it is asked to. */
export interface Mirrors {
  /** Whether all packs of a namespace are to be kept here. */
  isMirrored(namespace: NamespaceId): boolean;
  /** Namespaces that are no longer mirrored, and whose surplus is to go. */
  releasing(): readonly NamespaceId[];
  /** Nothing of the namespace is here in surplus any more. */
  released(namespace: NamespaceId): Promise<void>;
}

/** Pieces that nobody takes say something about all pieces: after so many in a row the rest waits for the next turn. */
const FRUITLESS_MAX = 8;

/** A piece by its name: where a turn stopped. */
interface Place {
  readonly pack: PackId;
  readonly index: number;
}

export class Surplus {
  readonly #keep: KeepParts;
  readonly #spreading: Spreading;
  readonly #leftovers: Leftovers;
  /** The next turn that makes room goes on behind this piece: what cannot go now stands where it stood, and others must have their turn. */
  #last: Place | undefined;

  constructor(keep: KeepParts, spreading: Spreading, leftovers: Leftovers) {
    this.#keep = keep;
    this.#spreading = spreading;
    this.#leftovers = leftovers;
  }

  /** "surplus": deletes what was kept as a mirror once it is there often enough without it; makes room when more is used than this host offers now; spreads what lies together; and frees what damaged pieces left. */
  async turn({ signal, report }: WorkerTurn): Promise<void> {
    const released = await this.#release(signal);
    const moved = await this.#makeRoom(signal);
    const spread = await this.#spreading.turn(signal);
    const freed = await this.#leftovers.turn(signal);
    report(`${released} pieces of former mirrors deleted, ${moved} moved to make room, ${spread} moved apart from others of their packs, the remains of ${freed} deleted`);
  }

  /** @returns how many pieces are gone */
  async #release(signal: AbortSignal): Promise<number> {
    const { env, parts, catalog } = this.#keep;
    let released = 0;
    for (const namespace of parts.mirrors.releasing()) {
      let left = 0;
      for await (const facts of unhurried(env, catalog.packs(namespace), signal)) {
        if (parts.store.held(facts.pack, 0) === undefined || facts.copies === "all") continue;
        if (await letGo(this.#keep, facts, 0, signal)) released += 1;
        else if (isSurplus(this.#keep, facts)) left += 1;
      }
      if (left === 0) await parts.mirrors.released(namespace);
    }
    return released;
  }

  /** Lets go of pieces, and hands them on before where that is needed, until no more is used than is offered. @returns how many are gone */
  async #makeRoom(signal: AbortSignal): Promise<number> {
    const { env, parts, catalog } = this.#keep;
    const { store } = parts;
    let [moved, fruitless] = [0, 0];
    for await (const { pack, index } of unhurried(env, piecesBehind(store, this.#last), signal)) {
      if (store.usedBytes <= store.capacityBytes || fruitless >= FRUITLESS_MAX) break;
      this.#last = { pack, index };
      const facts = catalog.find(pack);
      // What all hosts are to have can go from none of them, and says nothing of the rest.
      if (facts === undefined || (facts.k === 1 && facts.copies === "all")) continue;
      const isGone = await this.#move(facts, index, signal);
      moved += isGone ? 1 : 0;
      fruitless = isGone ? 0 : fruitless + 1;
    }
    return moved;
  }

  async #move(facts: PackFacts, index: number, signal: AbortSignal): Promise<boolean> {
    if (await letGo(this.#keep, facts, index, signal)) return true;
    return (await handOn(this.#keep, facts, index, signal)) && (await letGo(this.#keep, facts, index, signal));
  }
}

/** All pieces of the store once: those behind a place first, then those up to it. */
function* piecesBehind(store: Pick<PieceStore, "list">, last: Place | undefined): Generator<Place> {
  yield* ownPieces({ list: (after, limit) => store.list(after ?? last, limit) });
  if (last === undefined) return;
  for (const piece of ownPieces(store)) {
    const [behind] = store.list(last, 1);
    if (piece.pack === behind?.pack && piece.index === behind.index) return;
    yield piece;
  }
}

/** More hosts claim the pack than are wanted; some of them did not answer. */
function isSurplus({ catalog }: Pick<KeepParts, "catalog">, { namespace, pack, copies }: PackFacts): boolean {
  return copies !== "all" && catalog.holdings(namespace, pack).length > copies;
}
