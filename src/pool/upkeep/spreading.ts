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
 * Spreads what lies together for want of hosts. Repair puts a second piece of a coded pack on a host where no more than k in reach have one or room for one; when others have come,
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
    for await (const together of piecesTogether(unhurried(env, ownPieces(parts.store), signal))) {
      if (moved >= MOVED_MAX) return moved;
      const outcome = await this.#spread(together, signal);
      if (outcome === "moved") moved += 1;
      else if (outcome === "refused") refused += 1;
    }
    this.#rest = moved > 0 ? undefined : { there, untilMs: refused === 0 ? Infinity : nowMs + AGAIN_MS };
    return moved;
  }

  /** Of several pieces of one pack, one goes: rather one that lies elsewhere too. */
  async #spread(together: readonly HeldPiece[], signal: AbortSignal): Promise<Moved> {
    const { catalog, parts } = this.#keep;
    const facts = catalog.find(together[0]!.pack);
    // Its record may be on its way.
    if (facts === undefined) return "refused";
    const inReach = hostsInReach(parts);
    // A receiver would refuse it as long as too few are in reach to keep pieces apart.
    if (facts.k === 1 || inReach.length <= facts.k) return "settled";
    for (const { index } of together) if (await letGo(this.#keep, facts, index, signal)) return "moved";
    const holdings = catalog.holdings(facts.namespace, facts.pack);
    const isElsewhere = together.some(({ index }) => holdings.some((holding) => holding.index === index && holding.host !== parts.self));
    const holders = new Set([parts.self, ...hostsOf(holdings)]);
    if (!isElsewhere && inReach.every(({ host }) => holders.has(host))) return "settled";
    const { index } = together.at(-1)!;
    const isGone = (await handOn(this.#keep, facts, index, signal)) && (await letGo(this.#keep, facts, index, signal));
    return isGone ? "moved" : "refused";
  }
}

/** The pieces of each pack that has more than one among them. They come in the order of their packs. */
async function* piecesTogether(pieces: AsyncIterable<HeldPiece>): AsyncGenerator<readonly HeldPiece[]> {
  let together: HeldPiece[] = [];
  for await (const piece of pieces) {
    if (piece.pack === together[0]?.pack) {
      together.push(piece);
      continue;
    }
    if (together.length > 1) yield together;
    together = [piece];
  }
  if (together.length > 1) yield together;
}
