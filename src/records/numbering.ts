import { codec, list, struct, uint } from "../codec/index.ts";
import type { StoreId } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import { codeOf } from "../platform/index.ts";
import type { LogOperation, RecordLog } from "../store/index.ts";
import { GROUPS } from "./limits.ts";
import { metaKey, readU64, sequenceOf, sequencePrefix, endOf, u64 } from "./tables.ts";

// Every change that is applied here gets the next number of this store. One count serves all groups; the index is kept per group.
// Peers remember up to which number they have what this store has. A store that is restored from an old backup takes numbers a second
// time, so each opening begins a new life of the numbering with a random name, and a position names the life in which it was given.
// Numbers of an ended life count only up to the number at which the next one began. (Kafka does the same with its leader epochs.)

export interface Life {
  readonly life: number;
  /** The last number given before this life began. */
  readonly from: number;
}

/** How far another store's numbering has been applied. */
export interface Place {
  readonly life: number;
  readonly sequence: number;
}

export const START: Place = { life: 0, sequence: 0 };

/** Positions given in lives older than these begin anew. */
const MAX_LIVES = 512;

export const livesCodec = codec<Life[]>("The lives of the numbering", 1, 64 * 1024, list(struct({ life: uint(), from: uint() }), MAX_LIVES));

/** A name that is not given twice: 53 random bits, never 0. */
export function randomName(env: Env): number {
  const bytes = env.random.bytes(8);
  return Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0) >> 11n) || 1;
}

export class Numbering {
  readonly store: StoreId;
  #lives: Life[];
  #sequence: number;
  readonly #newest: number[];
  #owed: readonly LogOperation[] = [];

  private constructor(store: StoreId, lives: Life[], sequence: number, newest: number[]) {
    this.store = store;
    this.#lives = lives;
    this.#sequence = sequence;
    this.#newest = newest;
  }

  /** Begins a new life; it is durable at the latest together with the first number that is given in it. */
  static async open(env: Env, log: RecordLog): Promise<Numbering> {
    const stored = log.get(metaKey("lives"));
    const sequence = log.get(metaKey("sequence"));
    const newest = Array.from({ length: GROUPS }, (_, group) => lastOf(log, group));
    // The number itself may have been lost by the disk; none that stands in the index is given again.
    const last = Math.max(sequence === undefined ? 0 : readU64(sequence, 0), ...newest);
    const lives = [...(stored === undefined ? [] : livesCodec.decode(stored)), { life: randomName(env), from: last }].slice(-MAX_LIVES);
    const numbering = new Numbering(log.storeId, lives, last, newest);
    numbering.#owed = [{ kind: "put", key: metaKey("lives"), value: livesCodec.encode(lives) }];
    try {
      await log.commit(numbering.#owed);
      numbering.paid();
    } catch (error) {
      // A full disk keeps nobody from reading. Peers that hear of this life and not of its first number ask from the beginning one day.
      if (codeOf(error) !== "LOG_FULL") throw error;
    }
    return numbering;
  }

  get life(): number {
    return this.#lives.at(-1)!.life;
  }

  /** What must be committed together with the next change, because there was no room for it before. */
  get owed(): readonly LogOperation[] {
    return this.#owed;
  }

  paid(): void {
    this.#owed = [];
  }

  /** The last number that was given. */
  get sequence(): number {
    return this.#sequence;
  }

  /** The next number, and the operation that makes it durable together with the change. */
  take(): number {
    this.#sequence += 1;
    return this.#sequence;
  }

  /** The number of the newest committed change of a group; 0 when there is none. */
  newest(group: number): number {
    return this.#newest[group] ?? 0;
  }

  committed(group: number, sequence: number): void {
    this.#newest[group] = Math.max(this.newest(group), sequence);
  }

  /** Whether a place may be one of this store's; one that is not was given by what this store was before it was set back. */
  gave(place: Place): boolean {
    return place.sequence === 0 || (this.#lives.some(({ life }) => life === place.life) && this.resolve(place) === place.sequence);
  }

  /** From which number on a peer with this position has to be told. */
  resolve(place: Place): number {
    const at = this.#lives.findIndex(({ life }) => life === place.life);
    if (at < 0) return 0;
    return Math.min(place.sequence, this.#lives[at + 1]?.from ?? this.#sequence);
  }
}

export function encodeSequence(sequence: number): Uint8Array {
  return u64(sequence);
}

function lastOf(log: RecordLog, group: number): number {
  const prefix = sequencePrefix(group);
  const [last] = log.scan({ from: prefix, to: endOf(prefix), limit: 1, reverse: true });
  return last === undefined ? 0 : sequenceOf(last.key);
}
