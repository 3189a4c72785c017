import type { HeldPiece } from "../../store/index.ts";
import type { KeepParts } from "../hold/hold.ts";
import { isWanted } from "../hold/hold.ts";
import { unhurried } from "../patience.ts";
import type { PackFacts } from "../record/catalog.ts";
import { viewOf } from "./census.ts";
import { haveEnough } from "./let-go.ts";
import { weigh } from "./weigh.ts";

/** What nobody is short of stays for so long, in case that what came in its place is lost soon. A restart begins anew: it costs space, and nothing else. */
const KEPT_MS = 2 * 86_400_000;

/** Frees what damaged pieces take up in quarantine once their packs are whole without them. What is still missed is the business of "hold". */
export class Leftovers {
  readonly #keep: KeepParts;
  /** When what lies here was first seen to be missed by nobody, in monotonic milliseconds. */
  #spareSince = new Map<string, number>();

  constructor(keep: KeepParts) {
    this.#keep = keep;
  }

  /** @returns of how many pieces nothing remains any more */
  async turn(signal: AbortSignal): Promise<number> {
    const { env, parts } = this.#keep;
    const nowMs = env.clock.monotonicMs();
    const spareSince = new Map<string, number>();
    let freed = 0;
    for await (const piece of unhurried(env, parts.store.listRemains(), signal)) {
      const packs = this.#sparing(piece);
      if (packs.length === 0) continue;
      const name = `${piece.pack}/${piece.index}`;
      const sinceMs = this.#spareSince.get(name) ?? nowMs;
      if (nowMs - sinceMs >= KEPT_MS && (await this.#free(piece, packs, signal))) freed += 1;
      else spareSince.set(name, sinceMs);
    }
    this.#spareSince = spareSince;
    return freed;
  }

  /** The piece's pack in each namespace that has it, if it is whole in all of them without what remains here; none where a single one is not. */
  #sparing({ pack, index }: HeldPiece): PackFacts[] {
    const { parts, catalog } = this.#keep;
    const view = viewOf(parts);
    const packs = [...catalog.everywhere(pack)];
    const isSpare = (facts: PackFacts): boolean => {
      const holdings = catalog.holdings(facts.namespace, pack);
      const isClaimed = holdings.some((holding) => holding.host === parts.self && holding.index === index);
      return !isClaimed && !isWanted(this.#keep, facts) && weigh(facts, holdings, view).shortPieces === 0;
    };
    return packs.every(isSpare) ? packs : [];
  }

  /** Records may be mistaken: hosts that have the piece must say so. */
  async #free({ pack, index }: HeldPiece, packs: readonly PackFacts[], signal: AbortSignal): Promise<boolean> {
    const { env, parts } = this.#keep;
    for (const facts of packs) if (!(await haveEnough(this.#keep, facts, index, signal))) return false;
    await parts.store.removeRemains(pack, index);
    env.log.info("what remained of a damaged piece was deleted: its pack is whole without it", { pack, index });
    return true;
  }
}
