import type { PackId } from "../../codec/index.ts";

/**
 * The pieces that this host is letting go. From before it withdraws its claim until the piece is deleted or claimed again it says to nobody
 * that it has them: of two hosts that let go of the same piece at once, each asking the other, at least one is told no.
 */
export class Going {
  readonly #pieces = new Set<string>();

  has(pack: PackId, index: number): boolean {
    return this.#pieces.has(`${pack}/${index}`);
  }

  /** False when the piece is being let go already. */
  begin(pack: PackId, index: number): boolean {
    if (this.has(pack, index)) return false;
    this.#pieces.add(`${pack}/${index}`);
    return true;
  }

  end(pack: PackId, index: number): void {
    this.#pieces.delete(`${pack}/${index}`);
  }
}
