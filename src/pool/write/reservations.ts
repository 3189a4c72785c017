import type { HostId, NamespaceId, PackId } from "../../codec/index.ts";
import type { Env, Timer } from "../../platform/index.ts";
import type { PieceStore, Reservation } from "../../store/index.ts";

/** A writer that has not sent the piece by then is gone, or has found somebody else. */
const KEPT_MS = 120_000;
const PER_PEER_MAX = 64;

export interface Promised {
  readonly namespace: NamespaceId;
  readonly sizeBytes: number;
  readonly reservation: Reservation;
}

interface Kept extends Promised {
  readonly timer: Timer;
}

/** The space that other hosts have been promised and have not used yet. */
export class Reservations {
  /** Told of promises that were given back unused. */
  readonly #onRelease: (pack: PackId, index: number) => void;
  readonly #env: Env;
  readonly #store: PieceStore;
  readonly #kept = new Map<HostId, Map<string, Kept>>();
  readonly #asking = new Map<HostId, number>();

  constructor(env: Env, store: PieceStore, onRelease: (pack: PackId, index: number) => void) {
    this.#onRelease = onRelease;
    this.#env = env;
    this.#store = store;
  }

  /**
   * Keeps space for a piece from this peer; asked again, the new promise replaces the old. False when the peer has too many open.
   * @throws StoreError STORE_FULL
   */
  async keep(from: HostId, namespace: NamespaceId, pack: PackId, index: number, sizeBytes: number): Promise<boolean> {
    this.take(from, pack, index)?.reservation.release();
    const asking = this.#asking.get(from) ?? 0;
    if (asking + (this.#kept.get(from)?.size ?? 0) >= PER_PEER_MAX) return false;
    this.#asking.set(from, asking + 1);
    try {
      const reservation = await this.#store.reserve(sizeBytes);
      this.take(from, pack, index)?.reservation.release();
      const timer = this.#env.timers.after(KEPT_MS, () => this.release(from, pack, index));
      const ofPeer = this.#kept.get(from) ?? new Map<string, Kept>();
      this.#kept.set(from, ofPeer.set(nameOf(pack, index), { namespace, sizeBytes, reservation, timer }));
      return true;
    } finally {
      const left = this.#asking.get(from)! - 1;
      if (left === 0) this.#asking.delete(from);
      else this.#asking.set(from, left);
    }
  }

  /** Hands the promise over to whoever uses it now. */
  take(from: HostId, pack: PackId, index: number): Promised | undefined {
    const ofPeer = this.#kept.get(from);
    const kept = ofPeer?.get(nameOf(pack, index));
    if (ofPeer === undefined || kept === undefined) return undefined;
    kept.timer.cancel();
    ofPeer.delete(nameOf(pack, index));
    if (ofPeer.size === 0) this.#kept.delete(from);
    return kept;
  }

  release(from: HostId, pack: PackId, index: number): void {
    const promised = this.take(from, pack, index);
    if (promised === undefined) return;
    promised.reservation.release();
    this.#onRelease(pack, index);
  }

  releaseAll(): void {
    for (const ofPeer of this.#kept.values()) {
      for (const { timer, reservation } of ofPeer.values()) {
        timer.cancel();
        reservation.release();
      }
    }
    this.#kept.clear();
  }
}

function nameOf(pack: PackId, index: number): string {
  return `${pack}/${index}`;
}
