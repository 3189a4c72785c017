import type { HostId, NamespaceId, PackId } from "../../codec/index.ts";
import type { Env } from "../../platform/index.ts";
import { codeOf } from "../../platform/index.ts";
import { areProven } from "../layout/leaves.ts";
import type { PoolParts } from "../parts.ts";
import { LEAF_BYTES } from "../../store/index.ts";
import { PROVE, proofsCodec, proveCodec } from "./messages.ts";

/** A leaf that a host is asked for, and all that it takes to verify it. */
export interface Challenged {
  readonly namespace: NamespaceId;
  readonly pack: PackId;
  readonly index: number;
  readonly leaf: number;
  readonly pieceBytes: number;
  readonly root: Uint8Array;
}

/**
 * - `right`: the leaf came and leads to the root.
 * - `absent`: the host says that it does not have what it claims, or cannot read it.
 * - `wrong`: bytes that are not the piece's.
 * - `late`: nothing came by the deadline, although the host is connected.
 * - `fetched`: right, but the host asked others for it meanwhile.
 * - `unheard`: it was too busy to look. Says nothing.
 */
export type Outcome = "right" | "absent" | "wrong" | "late" | "fetched" | "unheard";

/** Half a MiB at 50 kB/s. Who is slower serves nobody. */
export const ANSWER_MS = 10_000;

export function isSound(outcome: Outcome): boolean {
  return outcome === "right" || outcome === "unheard";
}

/** Asks hosts for leaves of what they claim. */
export class Challenger {
  readonly #env: Env;
  readonly #parts: Pick<PoolParts, "transport">;

  constructor(env: Env, parts: Pick<PoolParts, "transport">) {
    this.#env = env;
    this.#parts = parts;
  }

  /** One outcome for each leaf, or undefined when the host cannot be reached: whoever is away is not suspected. */
  async ask(host: HostId, leaves: readonly Challenged[], signal: AbortSignal): Promise<readonly Outcome[] | undefined> {
    try {
      const answer = proofsCodec.decode(await this.#parts.transport.request(host, PROVE, proveCodec.encode(leaves.map(({ pack, index, leaf }) => ({ pack, index, leaf }))), { timeoutMs: ANSWER_MS, signal }));
      return leaves.map((leaf, at) => judged(leaf, answer[at]));
    } catch (error) {
      signal.throwIfAborted();
      this.#env.log.debug("a host did not answer a challenge", { host, error });
      if (codeOf(error) === "DEADLINE") return leaves.map(() => "late");
      return codeOf(error) === "MALFORMED" ? leaves.map(() => "wrong") : undefined;
    }
  }
}

function judged({ root, pieceBytes, leaf }: Challenged, answer: ReturnType<typeof proofsCodec.decode>[number] | undefined): Outcome {
  switch (answer?.kind) {
    case "leaf": {
      const { bytes, proof } = answer.value;
      const sizeBytes = Math.min(LEAF_BYTES, pieceBytes - leaf * LEAF_BYTES);
      return areProven({ firstLeaf: leaf, bytes, proof }, root, pieceBytes, leaf, sizeBytes) ? "right" : "wrong";
    }
    case "absent":
    case "damaged":
      return "absent";
    case "busy":
      return "unheard";
    case undefined:
      return "wrong";
  }
}
