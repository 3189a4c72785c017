import type { PackId } from "../../codec/index.ts";
import { codec, id, struct, uint, utf8 } from "../../codec/index.ts";
import type { Env, WorkerTurn } from "../../platform/index.ts";
import { codeOf } from "../../platform/index.ts";
import { ownEntry } from "../../store/index.ts";
import type { HeldPiece, RecordLog } from "../../store/index.ts";
import { MAX_PIECES } from "../record/pack-record.ts";
import type { PoolParts } from "../parts.ts";
import { SEGMENT_BYTES } from "../port.ts";

/** Each piece is read again so often. */
export const SCRUB_PERIOD_MS = 30 * 24 * 3_600_000;
const POSITION = utf8("escrub");
const PAGE = 100;

export const positionCodec = codec("A scrub's position", 1, 64, struct({ pack: id<PackId>(), index: uint(MAX_PIECES - 1) }));

export interface ScrubParts {
  readonly env: Env;
  readonly store: PoolParts["store"];
  /** Keeps the position over restarts. */
  readonly log: Pick<RecordLog, "get" | "commit">;
  readonly periodMs: number;
  /** Called when pieces turned out damaged: they are not held any more, and must come anew. */
  readonly onDamage: () => void;
}

/**
 * "scrub": reads this host's pieces again, one after another, so that bytes that have changed on the disk are found before they are needed.
 * The store checks what it reads and puts away what is damaged. It reads as much in each turn as is due, so the disk is hardly busier than
 * without; a host that was off goes on where it was.
 */
export class Scrub {
  readonly #with: ScrubParts;
  /** Bytes that should have been read by now. */
  #due = 0;
  #lastMs: number;
  #damaged = 0;

  constructor(parts: ScrubParts) {
    this.#with = parts;
    this.#lastMs = parts.env.clock.monotonicMs();
  }

  async turn({ signal, report }: WorkerTurn): Promise<void> {
    const { env, store, log, periodMs } = this.#with;
    const nowMs = env.clock.monotonicMs();
    // More than everything is never due: a machine that slept does not make up for it.
    this.#due = Math.min(store.usedBytes, this.#due + (store.usedBytes * (nowMs - this.#lastMs)) / periodMs);
    this.#lastMs = nowMs;
    const from = this.#position();
    let after = from;
    let damaged = 0;
    const failures: unknown[] = [];
    try {
      for (let page = store.list(after, PAGE), at = 0; this.#due > 0; at += 1) {
        if (at === page.length) [page, at] = [store.list(after, PAGE), 0];
        const piece = page[at];
        if (piece === undefined) {
          // The end: from the beginning again, in the next turn.
          after = undefined;
          break;
        }
        // A piece that cannot be read for another reason, such as its file's rights, must not keep those behind it from being read.
        if (!(await this.#isSound(piece, signal).catch((error: unknown) => this.#note(failures, piece, error, signal)))) damaged += 1;
        this.#due -= piece.sizeBytes;
        after = { pack: piece.pack, index: piece.index };
      }
    } finally {
      if (after !== from) await log.commit([after === undefined ? { kind: "delete", key: POSITION } : { kind: "put", key: POSITION, value: positionCodec.encode(after) }]);
      if (damaged > 0) this.#with.onDamage();
    }
    this.#damaged += damaged;
    report(`${this.#damaged} damaged pieces found since the start`);
    if (failures.length > 0) throw failures[0];
  }

  #note(failures: unknown[], { pack, index }: HeldPiece, error: unknown, signal: AbortSignal): boolean {
    signal.throwIfAborted();
    this.#with.env.log.warn("a piece could not be read again; the next one is", { pack, index, error });
    failures.push(error);
    return true;
  }

  #position(): Pick<HeldPiece, "pack" | "index"> | undefined {
    return ownEntry(this.#with.log, POSITION, positionCodec);
  }

  /** False when the piece is damaged or has vanished. One that was deleted meanwhile is as good as sound. */
  async #isSound({ pack, index, sizeBytes }: HeldPiece, signal: AbortSignal): Promise<boolean> {
    const { env, store } = this.#with;
    try {
      for (let offset = 0; offset < sizeBytes; offset += SEGMENT_BYTES) {
        signal.throwIfAborted();
        await store.read(pack, index, offset, Math.min(SEGMENT_BYTES, sizeBytes - offset));
        await env.timers.sleep(0, signal);
      }
      return true;
    } catch (error) {
      signal.throwIfAborted();
      if (codeOf(error) !== "PIECE_DAMAGED" && codeOf(error) !== "PIECE_MISSING") throw error;
      return false;
    }
  }
}
