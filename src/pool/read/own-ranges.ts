import type { PackId } from "../../codec/index.ts";
import type { Env } from "../../platform/index.ts";
import type { PoolParts } from "../parts.ts";
import type { FetchOptions } from "../port.ts";

/** Ranges of the pieces on this host's own disk. */
export class OwnRanges {
  readonly #env: Env;
  readonly #parts: Pick<PoolParts, "self" | "store">;
  readonly #onDamage: () => void;

  /** @param onDamage called when a piece of this host's own turned out to be damaged or gone */
  constructor(env: Env, parts: Pick<PoolParts, "self" | "store">, onDamage: () => void) {
    this.#env = env;
    this.#parts = parts;
    this.#onDamage = onDamage;
  }

  /** Those of a pack's pieces that lie here, whole or damaged. */
  lying(pack: PackId, pieces: number): number[] {
    const { store } = this.#parts;
    return [...Array(pieces).keys()].filter((index) => (store.held(pack, index) ?? store.remains(pack, index)) !== undefined);
  }

  /** Undefined where the piece is not here, or cannot be read: then it comes from elsewhere. */
  async read(pack: PackId, index: number, offset: number, length: number, { onSource }: FetchOptions): Promise<Uint8Array | undefined> {
    const { self, store } = this.#parts;
    const isHeld = store.held(pack, index) !== undefined;
    if (!isHeld && store.remains(pack, index) === undefined) return undefined;
    const startedMs = this.#env.clock.monotonicMs();
    try {
      const bytes = await store.read(pack, index, offset, length);
      onSource?.({ host: self, index, bytes: length, elapsedMs: this.#env.clock.monotonicMs() - startedMs, via: "disk" });
      return bytes;
    } catch (error) {
      // What remains of a piece is known to be less than all.
      if (!isHeld) return undefined;
      this.#env.log.warn("this host's own piece cannot be read; others take its place", { pack, index, error });
      this.#onDamage();
      return undefined;
    }
  }
}
