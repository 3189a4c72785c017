import type { PackId } from "../../codec/index.ts";
import type { Holding } from "../port.ts";

const PACKS_MAX = 4096;
const HOLDINGS_MAX = 64;

/**
 * Holders heard of and not confirmed by a committed claim: a put whose answer was lost, or a host that said it has the piece.
 * Tried after the confirmed ones; forgetting one costs a question.
 */
export class MaybeHolders {
  readonly #holdings = new Map<PackId, Map<string, Holding>>();

  note(pack: PackId, holding: Holding): void {
    const holdings = this.#holdings.get(pack) ?? new Map<string, Holding>();
    // Noted again, the pack becomes the youngest; the oldest goes first.
    this.#holdings.delete(pack);
    this.#holdings.set(pack, holdings);
    if (holdings.size < HOLDINGS_MAX) holdings.set(nameOf(holding), holding);
    if (this.#holdings.size > PACKS_MAX) this.#holdings.delete(this.#holdings.keys().next().value!);
  }

  forget(pack: PackId, holding: Holding): void {
    this.#holdings.get(pack)?.delete(nameOf(holding));
  }

  of(pack: PackId): readonly Holding[] {
    return [...(this.#holdings.get(pack)?.values() ?? [])];
  }
}

function nameOf({ index, host }: Holding): string {
  return `${index}/${host}`;
}
