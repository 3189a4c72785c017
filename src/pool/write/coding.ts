import type { Coder } from "../../erasure/index.ts";
import { createCoder } from "../../erasure/index.ts";
import type { Env } from "../../platform/index.ts";
import { rootOfPatiently } from "../layout/leaves.ts";
import type { PackContent } from "../port.ts";
import { codePieces } from "../layout/slices.ts";

export interface CodedPieces {
  readonly pieces: readonly Uint8Array[];
  readonly roots: readonly Uint8Array[];
}

/** What takes the processor for long when a pack is written. */
export interface Coding {
  /** @param take as for `codePieces` */
  encode(k: number, m: number, content: PackContent, take: (sizeBytes: number) => Uint8Array, signal: AbortSignal): Promise<CodedPieces>;
  /** The Merkle root over a piece. */
  root(piece: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
}

/** Works on the event loop, letting others have their turn now and then. */
export class PatientCoding implements Coding {
  readonly #env: Env;
  readonly #coder: Coder = createCoder();

  constructor(env: Env) {
    this.#env = env;
  }

  async encode(k: number, m: number, content: PackContent, take: (sizeBytes: number) => Uint8Array, signal: AbortSignal): Promise<CodedPieces> {
    const pieces = codePieces(this.#coder, k, m, content, take);
    const roots: Uint8Array[] = [];
    for (const piece of pieces) {
      await this.#env.timers.sleep(0, signal);
      roots.push(await this.root(piece, signal));
    }
    return { pieces, roots };
  }

  async root(piece: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted();
    return await rootOfPatiently(this.#env, piece);
  }
}
