import type { Coder } from "../../erasure/index.ts";
import { createCoder } from "../../erasure/index.ts";
import type { Env } from "../../platform/index.ts";
import { rootOfPatiently } from "../layout/leaves.ts";
import type { PackContent } from "../port.ts";
import { codeStepwise } from "../layout/slices.ts";

export interface CodedPieces {
  readonly pieces: readonly Uint8Array[];
  readonly roots: readonly Uint8Array[];
}

/** What takes the processor for long when a pack is written. */
export interface Coding {
  /** @param take as for `codeStepwise` */
  encode(k: number, m: number, content: PackContent, take: (sizeBytes: number) => Uint8Array, signal: AbortSignal): Promise<CodedPieces>;
  /** The Merkle root over a piece. */
  root(piece: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
}

/** Coded at once: some milliseconds. */
const STEP_BYTES = 4 * 1024 * 1024;

/** Works on the event loop, letting others have their turn now and then. */
export class PatientCoding implements Coding {
  readonly #env: Env;
  readonly #coder: Coder = createCoder();

  constructor(env: Env) {
    this.#env = env;
  }

  async encode(k: number, m: number, content: PackContent, take: (sizeBytes: number) => Uint8Array, signal: AbortSignal): Promise<CodedPieces> {
    const pieces = await this.#code(k, m, content, take, signal);
    const roots: Uint8Array[] = [];
    for (const piece of pieces) {
      await this.#env.timers.sleep(0, signal);
      roots.push(await this.root(piece, signal));
    }
    return { pieces, roots };
  }

  async #code(k: number, m: number, content: PackContent, take: (sizeBytes: number) => Uint8Array, signal: AbortSignal): Promise<Uint8Array[]> {
    const steps = codeStepwise(this.#coder, k, m, content, take);
    for (let [step, coded] = [steps.next(), 0]; ; step = steps.next()) {
      if (step.done === true) return step.value;
      coded += step.value;
      if (coded < STEP_BYTES) continue;
      coded = 0;
      await this.#env.timers.sleep(0, signal);
    }
  }

  async root(piece: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted();
    return await rootOfPatiently(this.#env, piece);
  }
}
