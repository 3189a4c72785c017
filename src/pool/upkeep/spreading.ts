import type { HeldPiece } from "../../store/index.ts";
import type { KeepParts } from "../hold/hold.ts";
import { ownPieces } from "../hold/own-pieces.ts";
import { unhurried } from "../patience.ts";
import { hostsInReach } from "../record/holders.ts";
import { handOn, letGo } from "./let-go.ts";

/** Pieces handed on in one turn: nothing is in danger, so it may take days. */
const MOVED_MAX = 16;

/**
 * Spreads what lies together for want of hosts. Repair puts a second piece of a coded pack on a host where no more than k are in reach; when others have come,
 * the host hands it on to one that has none, so that it can put no blob together any more and its loss costs the pack one piece.
 */
export class Spreading {
  readonly #keep: KeepParts;
  /** Who was there when nothing more was found to do. */
  #settledWith: string | undefined;

  constructor(keep: KeepParts) {
    this.#keep = keep;
  }

  /** @returns how many pieces were handed on */
  async turn(signal: AbortSignal): Promise<number> {
    const { env, parts } = this.#keep;
    const there = hostsInReach(parts).map(({ host }) => host).sort().join();
    if (there === this.#settledWith) return 0;
    let [moved, left] = [0, 0];
    let before: HeldPiece | undefined;
    for await (const piece of unhurried(env, ownPieces(parts.store), signal)) {
      // They come in the order of their packs.
      const isSecond = piece.pack === before?.pack;
      before = piece;
      if (!isSecond) continue;
      if (moved >= MOVED_MAX) return moved;
      const isMoved = await this.#move(piece, signal);
      if (isMoved) moved += 1;
      else left += 1;
    }
    if (left === 0 || moved === 0) this.#settledWith = there;
    return moved;
  }

  async #move({ pack, index }: HeldPiece, signal: AbortSignal): Promise<boolean> {
    const { catalog, parts } = this.#keep;
    const facts = catalog.find(pack);
    // A receiver would refuse it as long as too few are in reach to keep pieces apart.
    if (facts === undefined || facts.k === 1 || hostsInReach(parts).length <= facts.k) return false;
    if (await letGo(this.#keep, facts, index, signal)) return true;
    return (await handOn(this.#keep, facts, index, signal)) && (await letGo(this.#keep, facts, index, signal));
  }
}
