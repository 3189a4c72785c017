import type { HeldPiece } from "../../store/index.ts";
import type { KeepParts } from "../hold/hold.ts";
import { ownPieces } from "../hold/own-pieces.ts";
import { unhurried } from "../patience.ts";
import { hostsInReach, hostsOf } from "../record/holders.ts";
import { handOn, letGo } from "./let-go.ts";

/** Pieces handed on in one turn: nothing is in danger, so it may take days. */
const MOVED_MAX = 16;
/** When nobody took any of them for now, so long before they are offered again. */
const AGAIN_MS = 3_600_000;

/** "settled": nothing to do for as long as the same hosts are there. "refused": others could have taken it, or could not be told to have it, just now. */
type Moved = "moved" | "settled" | "refused";

/**
 * Spreads what lies together for want of hosts. Repair puts a second piece of a coded pack on a host where no more than k are in reach; when others have come,
 * the host hands it on to one that has none, so that it can put no blob together any more and its loss costs the pack one piece.
 */
export class Spreading {
  readonly #keep: KeepParts;
  /** Who was there when nothing more was found to do, and until when that holds. */
  #rest: { readonly there: string; readonly untilMs: number } | undefined;

  constructor(keep: KeepParts) {
    this.#keep = keep;
  }

  /** @returns how many pieces were handed on */
  async turn(signal: AbortSignal): Promise<number> {
    const { env, parts } = this.#keep;
    const there = hostsInReach(parts).map(({ host }) => host).sort().join();
    const nowMs = env.clock.monotonicMs();
    if (there === this.#rest?.there && nowMs < this.#rest.untilMs) return 0;
    let [moved, refused] = [0, 0];
    let before: HeldPiece | undefined;
    for await (const piece of unhurried(env, ownPieces(parts.store), signal)) {
      // They come in the order of their packs.
      const isSecond = piece.pack === before?.pack;
      before = piece;
      if (!isSecond) continue;
      if (moved >= MOVED_MAX) return moved;
      const outcome = await this.#move(piece, signal);
      if (outcome === "moved") moved += 1;
      else if (outcome === "refused") refused += 1;
    }
    this.#rest = refused > 0 && moved > 0 ? undefined : { there, untilMs: refused === 0 ? Infinity : nowMs + AGAIN_MS };
    return moved;
  }

  async #move({ pack, index }: HeldPiece, signal: AbortSignal): Promise<Moved> {
    const { catalog, parts } = this.#keep;
    const facts = catalog.find(pack);
    // Its record may be on its way.
    if (facts === undefined) return "refused";
    const inReach = hostsInReach(parts);
    // A receiver would refuse it as long as too few are in reach to keep pieces apart.
    if (facts.k === 1 || inReach.length <= facts.k) return "settled";
    if (await letGo(this.#keep, facts, index, signal)) return "moved";
    const holdings = catalog.holdings(facts.namespace, pack);
    const isElsewhere = holdings.some((holding) => holding.index === index && holding.host !== parts.self);
    const holders = new Set([parts.self, ...hostsOf(holdings)]);
    if (!isElsewhere && inReach.every(({ host }) => holders.has(host))) return "settled";
    const isGone = (await handOn(this.#keep, facts, index, signal)) && (await letGo(this.#keep, facts, index, signal));
    return isGone ? "moved" : "refused";
  }
}
