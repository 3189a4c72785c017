import type { HostId, NamespaceId, PackId } from "../../codec/index.ts";
import type { BulkStream } from "../../net/index.ts";
import type { Env } from "../../platform/index.ts";
import { codeOf, withDeadline } from "../../platform/index.ts";
import type { Claim } from "../record/claim.ts";
import { claimCodec, isByHolder, signClaim } from "../record/claim.ts";
import { PoolError } from "../errors.ts";
import { PUT, RELEASE, RESERVE, pieceNameCodec, reserveAnswerCodec, reserveCodec } from "../messages.ts";
import type { PoolParts } from "../parts.ts";
import { eachWithin } from "../patience.ts";
import type { Allowance } from "../upkeep/allowance.ts";
import type { Going } from "../upkeep/going.ts";
import { refusalOf } from "../upkeep/refusals.ts";

const RESERVE_MS = 5_000;
const RELEASE_MS = 2_000;
/** A host that is asked for too much at once is asked again for so long, with pauses of at most so much. */
const PATIENCE_MS = 10_000;
const PAUSE_MS_MAX = 1_000;
/** How long a holder may take no bytes. */
const STALL_MS = 15_000;
/**
 * What is sent at once: all holders share this host's line, and each must have a frame within STALL_MS, here and there. Eight have one each on a
 * line of 300 kbit/s.
 */
export const FRAME_BYTES = 64 * 1024;
/**
 * How long a label may take, here and there: it is one frame, and has some 200 KB with a list of many small blobs. Eight have one each on the same line.
 * Whoever opens streams and sends nothing gains nothing by it: each takes a promise, and may take RECEIVE_MS anyway.
 */
export const LABEL_MS = 60_000;
/** How long a claim may take: when the last byte is given to the transport, up to a MiB for each holder still waits there for the line. */
const CLAIM_MS = 60_000;
/** For a whole piece: 16 MiB at half a megabit per second. */
const PUT_MS = 270_000;

/** A piece that is to be put on a host. */
export interface Piece {
  readonly namespace: NamespaceId;
  readonly pack: PackId;
  readonly index: number;
  readonly sizeBytes: number;
  readonly root: Uint8Array;
  /** What lies beside it, encoded. */
  readonly label: Uint8Array;
  /** Its bytes from the start, in chunks of at most 1 MiB. Called once for each holder. */
  readonly bytes: (signal: AbortSignal) => AsyncIterable<Uint8Array>;
}

/** Space that a host has promised for a piece, if the piece does not lie there already. Either sent to or released. */
export interface Berth {
  /**
   * @param onSent called before the first byte leaves: from then on the host may have the piece, whatever it answers
   * @throws PoolError BAD_ANSWER; NetError; PlatformError DEADLINE
   */
  send(onSent: () => void, signal: AbortSignal): Promise<Claim>;
  /** The promise runs out by itself in two minutes; this only gives the space back sooner. */
  release(): void;
}

export interface OwnSide {
  /** This host takes no more for a person than others would. */
  readonly allowance: Pick<Allowance, "denial" | "promised" | "released">;
  readonly going: Pick<Going, "has">;
}

/** Puts pieces on hosts, this one or others, and comes back with their signed claims. */
export class Offers {
  readonly #env: Env;
  readonly #parts: PoolParts;
  readonly #allowance: OwnSide["allowance"];
  readonly #going: OwnSide["going"];

  constructor(env: Env, parts: PoolParts, { allowance, going }: OwnSide) {
    this.#env = env;
    this.#parts = parts;
    this.#allowance = allowance;
    this.#going = going;
  }

  /** @throws PoolError HOST_FULL, HOST_BUSY, OVER_QUOTA, BAD_ANSWER; NetError; PlatformError DEADLINE */
  reserve(host: HostId, piece: Piece, signal: AbortSignal): Promise<Berth> {
    return host === this.#parts.self ? this.#reserveHere(piece) : this.#reserveThere(host, piece, signal);
  }

  /** Reserves and sends. */
  async put(host: HostId, piece: Piece, onSent: () => void, signal: AbortSignal): Promise<Claim> {
    return await (await this.reserve(host, piece, signal)).send(onSent, signal);
  }

  async #reserveHere(piece: Piece): Promise<Berth> {
    const { store } = this.#parts;
    const held = (): Claim => this.ownClaim(piece);
    // It would be claimed and deleted a moment later.
    if (this.#going.has(piece.pack, piece.index)) throw new PoolError("HOST_BUSY", "it is letting this piece go just now");
    if (store.held(piece.pack, piece.index) !== undefined) return { send: async () => held(), release: () => {} };
    const denial = await this.#allowance.denial(this.#parts.self, piece);
    if (denial !== undefined) throw refusalOf(denial);
    const reservation = await store.reserve(piece.sizeBytes);
    this.#allowance.promised(this.#parts.self, piece);
    const send: Berth["send"] = async (onSent, signal) => {
      try {
        signal.throwIfAborted();
        onSent();
        await store.put({ pack: piece.pack, index: piece.index, sizeBytes: piece.sizeBytes, root: piece.root }, piece.label, piece.bytes(signal), reservation, signal);
      } catch (error) {
        this.#allowance.released(piece);
        throw error;
      } finally {
        reservation.release();
      }
      return held();
    };
    const release = (): void => {
      reservation.release();
      this.#allowance.released(piece);
    };
    return { send, release };
  }

  /** This host's word for a piece that lies on its disk. */
  ownClaim({ namespace, pack, index, sizeBytes }: Pick<Piece, "namespace" | "pack" | "index" | "sizeBytes">): Claim {
    return signClaim(namespace, { pack, index, host: this.#parts.self, sizeBytes }, this.#parts.hostKey);
  }

  async #reserveThere(host: HostId, piece: Piece, signal: AbortSignal): Promise<Berth> {
    const claim = await this.#ask(host, piece, signal);
    if (claim !== undefined) return { send: async () => claim, release: () => {} };
    const release = (): void => void this.#parts.transport.request(host, RELEASE, pieceNameCodec.encode(piece), { timeoutMs: RELEASE_MS }).catch(() => {});
    const send: Berth["send"] = async (onSent, within) => {
      try {
        return await withDeadline(this.#env, PUT_MS, "Sending a piece", within, (inner) => this.#send(host, piece, onSent, inner));
      } catch (error) {
        release();
        throw error;
      }
    };
    return { send, release };
  }

  /** Asks for space, and again where too much was asked for at once. */
  async #ask(host: HostId, piece: Piece, signal: AbortSignal): Promise<Claim | undefined> {
    for (let waitedMs = 0; ; ) {
      try {
        return await this.#askOnce(host, piece, signal);
      } catch (error) {
        if (codeOf(error) !== "HOST_BUSY" || waitedMs >= PATIENCE_MS) throw error;
        // Not all at the same moment again.
        const pauseMs = PAUSE_MS_MAX * (0.25 + 0.75 * this.#env.random.fraction());
        waitedMs += pauseMs;
        await this.#env.timers.sleep(pauseMs, signal);
      }
    }
  }

  /** A host that has the piece already answers with its claim. */
  async #askOnce(host: HostId, piece: Piece, signal: AbortSignal): Promise<Claim | undefined> {
    const answer = reserveAnswerCodec.decode(await this.#parts.transport.request(host, RESERVE, reserveCodec.encode(piece), { timeoutMs: RESERVE_MS, signal }));
    switch (answer.kind) {
      case "reserved":
        return undefined;
      case "held":
        return this.#check(host, piece, answer.value.claim);
      case "full":
        throw new PoolError("HOST_FULL", `it has ${answer.value.availableBytes} bytes left`);
      case "overQuota":
      case "later":
        throw refusalOf(answer);
      case "busy":
        throw new PoolError("HOST_BUSY", "it is taking in too much at once");
    }
  }

  async #send(host: HostId, piece: Piece, onSent: () => void, signal: AbortSignal): Promise<Claim> {
    const stream = await this.#parts.transport.openBulk(host, PUT, pieceNameCodec.encode(piece), signal);
    const abort = (): void => stream.abort(signal.reason as Error);
    signal.addEventListener("abort", abort, { once: true });
    try {
      await this.#frame(stream, piece.label, signal, LABEL_MS);
      onSent();
      for await (const chunk of piece.bytes(signal)) {
        for (let at = 0; at < chunk.length; at += FRAME_BYTES) await this.#frame(stream, chunk.subarray(at, at + FRAME_BYTES), signal);
      }
      await stream.finish();
      for await (const frame of eachWithin(this.#env, { stallMs: CLAIM_MS }, "Waiting for a holder's claim", stream.frames(), signal)) return this.#check(host, piece, frame);
      throw new PoolError("BAD_ANSWER", "it ended without a claim");
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error("sending failed"));
      throw error;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  #frame(stream: BulkStream, frame: Uint8Array, signal: AbortSignal, withinMs = STALL_MS): Promise<void> {
    return withDeadline(this.#env, withinMs, "Sending to a holder", signal, () => stream.send(frame));
  }

  /** A claim from elsewhere must be what was asked for, and signed by the host that gave it. */
  #check(host: HostId, piece: Piece, bytes: Uint8Array): Claim {
    const claim = claimCodec.decode(bytes);
    const fits = claim.host === host && claim.pack === piece.pack && claim.index === piece.index && claim.sizeBytes === piece.sizeBytes;
    if (!fits || !isByHolder(piece.namespace, claim)) throw new PoolError("BAD_ANSWER", "its claim is not for this piece or not signed by it");
    return claim;
  }
}
