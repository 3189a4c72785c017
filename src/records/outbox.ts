import type { NamespaceId } from "../codec/index.ts";
import { CodecError, codec } from "../codec/index.ts";
import type { LogEntry, LogOperation } from "../store/index.ts";
import type { Proven, StoredRecord } from "./batch.ts";
import { RecordsError } from "./errors.ts";
import { MAX_ROW_BYTES } from "./limits.ts";
import { merge } from "./merge.ts";
import { pack, parcelShape } from "./parcel.ts";
import { sealCodec } from "./record.ts";
import type { SoundLog } from "./sound-log.ts";
import { hintIn, table } from "./tables.ts";
import { walk } from "./walk.ts";
import { reassemble } from "./verify.ts";
import { Delivery } from "./delivery.ts";
import type { DeliveryItem } from "./delivery.ts";
import { sizeOf } from "./draft.ts";
import type { Route } from "./routing.ts";

// Own batches until their replicas have them, and hints: what others wrote and brought here because its replicas were out of their reach.
// What this host keeps itself lies in its rows already and reaches others by catch-up in any case; its batches wait here only so that they
// are pushed again soon. What belongs to other hosts alone exists nowhere else until they have acknowledged it, and overlays what is read
// here until then. All of it is in memory too, so it is bounded.

/** Beyond this, batches go that others would get by catch-up as well, or that two others have. */
const PRESSED_BYTES = 16 * 1024 * 1024;
/** Beyond this, writes that only others keep are refused. */
const FULL_BYTES = 64 * 1024 * 1024;
const PRESSED_BATCHES = 10_000;
/** Beyond this, no hints are taken; their writers keep them, and ask again. */
const HINTS_BYTES = 32 * 1024 * 1024;
/** Beyond this, hints go that two of their replicas have. */
const HINTS_PRESSED_BYTES = 8 * 1024 * 1024;
const HINTS_MAX = 20_000;

/** What is left of a batch after some of it was given up has paths, and with them may be more than a message takes. */
const batchCodec = codec("A batch in the outbox", 1, MAX_ROW_BYTES, parcelShape);

export function encodeBatch(records: readonly Proven[]): Uint8Array {
  return batchCodec.encode(pack(records, () => undefined));
}

export class Outbox {
  readonly #log: SoundLog;
  readonly #deliveries = new Set<Delivery>();
  readonly #hints = new Set<string>();
  #hintCount = 0;
  #hintBytes = 0;
  #lastHint = 0;
  readonly #overlay = new Map<string, readonly StoredRecord[]>();
  #bytes = 0;
  /** What is to become of the rows of batches that are settled or given up, in part or as a whole. */
  #due: LogOperation[] = [];
  /** Those that waited when the host started. */
  readonly #fromDisk = new Set<Delivery>();

  constructor(log: SoundLog) {
    this.#log = log;
  }

  /** Takes in what waited when the host stopped. @param itemOf where a record belongs, or undefined when its namespace is unknown */
  load(itemOf: (record: Proven, at: number) => DeliveryItem | undefined): void {
    for (const entry of this.#stored("o")) this.#load(this.#read(entry), itemOf, undefined);
    for (const entry of this.#stored("h")) {
      this.#lastHint = hintIn(entry.key);
      this.#load(this.#read(entry), itemOf, this.#lastHint);
    }
  }

  /** What cannot be read must not keep the host from starting. */
  #read({ key, value }: LogEntry): readonly Proven[] {
    try {
      const parcel = batchCodec.decode(value);
      return reassemble(parcel, parcel.seals.map((seal) => sealCodec.decode(seal)));
    } catch (error) {
      if (!(error instanceof CodecError) && !(error instanceof RecordsError)) throw error;
      this.#log.met({ key, stored: value });
      return [];
    }
  }

  #load(records: readonly Proven[], itemOf: (record: Proven, at: number) => DeliveryItem | undefined, hint: number | undefined): void {
    const items = records.map((record, at) => itemOf(record, at)).filter((item) => item !== undefined);
    if (items.length === 0) return;
    const delivery = new Delivery(items, hint);
    this.#fromDisk.add(delivery);
    this.add(delivery);
  }

  add(delivery: Delivery): void {
    this.#deliveries.add(delivery);
    this.#weigh(delivery, 1);
    if (delivery.isHint) for (const { record } of delivery.items) this.#hints.add(nameOf(record));
    for (const item of delivery.items) if (!item.isApplied) this.#overlie(item);
  }

  /** A row of this host has the item now. */
  applied(delivery: Delivery, item: DeliveryItem): void {
    if (!this.#deliveries.has(delivery) || item.isApplied) return;
    this.#reveal(item);
    item.isApplied = true;
  }

  /**
   * Versions of these keys are in their rows no more, and were not superseded. What waits of them may be all that is left: it is read here again, and nobody
   * has it who has asked for the rows since.
   */
  uncovered(keys: readonly { readonly namespace: NamespaceId; readonly key: string }[]): void {
    if (keys.length === 0) return;
    const names = new Set(keys.map(({ namespace, key }) => namespace + key));
    for (const { items } of this.#deliveries) {
      for (const item of items) {
        if (!item.isApplied || item.givenUp !== undefined || !names.has(nameOfKey(item))) continue;
        item.isApplied = false;
        item.sequence = 0;
        this.#overlie(item);
      }
    }
  }

  get isFull(): boolean {
    return this.#bytes > FULL_BYTES;
  }

  has(delivery: Delivery): boolean {
    return this.#deliveries.has(delivery);
  }

  get isEmpty(): boolean {
    return this.#deliveries.size === 0;
  }

  /** Own batches. */
  get size(): number {
    return this.#deliveries.size - this.#hintCount;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get hintCount(): number {
    return this.#hintCount;
  }

  get hintBytes(): number {
    return this.#hintBytes;
  }

  hasRoomForHints(bytes: number): boolean {
    return this.#hintBytes + bytes <= HINTS_BYTES && this.#hintCount < HINTS_MAX;
  }

  /** Whether a record waits here on behalf of others. @param name see `nameOf` */
  hasHint(name: string): boolean {
    return this.#hints.has(name);
  }

  nextHint(): number {
    return (this.#lastHint += 1);
  }

  /** Own records of a key that no row here has. */
  overlay(namespace: NamespaceId, key: string): readonly StoredRecord[] {
    return this.#overlay.size === 0 ? [] : (this.#overlay.get(namespace + key) ?? []);
  }

  /** The keys of a namespace with own records that no row has, in no particular order. */
  overlaidKeys(namespace: NamespaceId): string[] {
    const keys: string[] = [];
    for (const name of this.#overlay.keys()) {
      if (name.startsWith(namespace)) keys.push(name.slice(namespace.length));
    }
    return keys;
  }

  waiting(): Iterable<Delivery> {
    return this.#deliveries;
  }

  /** Lets batches go that all who should have them have, and under pressure those that are safe without being pushed. */
  settle(deliveries: Iterable<Delivery>, routeOf: (item: DeliveryItem) => Route): void {
    for (const delivery of deliveries) {
      if (!this.#deliveries.has(delivery)) continue;
      const isPressed = delivery.isHint ? this.#hintBytes > HINTS_PRESSED_BYTES || this.#hintCount > HINTS_MAX / 2 : this.#bytes > PRESSED_BYTES || this.size > PRESSED_BATCHES;
      if (delivery.items.every((item) => delivery.isSettled(item, routeOf(item), isPressed))) this.#remove(delivery);
    }
  }

  /** Drops batches that count no more; all records of a batch have one author. They leave the disk with the next commit. @returns how many went */
  drop(isDue: (first: Proven, isFromDisk: boolean) => boolean): number {
    const dropped = [...this.#deliveries].filter((delivery) => isDue(delivery.items[0]!.record, this.#fromDisk.has(delivery)));
    for (const delivery of dropped) this.#remove(delivery);
    return dropped.length;
  }

  /** Gives records of a batch up that wait in vain. They leave the disk with the next commit. */
  giveUp(delivery: Delivery, items: readonly DeliveryItem[], why: NonNullable<DeliveryItem["givenUp"]>): void {
    if (!this.#deliveries.has(delivery)) return;
    for (const item of items) {
      item.givenUp = why;
      if (!item.isApplied) this.#reveal(item);
      if (delivery.isHint) this.#hints.delete(nameOf(item.record));
    }
    const left = delivery.items.filter(({ givenUp }) => givenUp === undefined);
    if (left.length === 0) this.#remove(delivery);
    else this.#due.push({ kind: "put", key: delivery.logKey, value: encodeBatch(left.map(({ record }) => record)) });
  }

  /** What the next commit is to do with rows of the outbox. */
  takeDue(): readonly LogOperation[] {
    return this.#due.splice(0);
  }

  /** The commit has failed. A row that stayed on the disk would be sent again after the next start, when its deletion may be forgotten. */
  putBack(due: readonly LogOperation[]): void {
    this.#due = [...due, ...this.#due];
  }

  get hasDue(): boolean {
    return this.#due.length > 0;
  }

  #remove(delivery: Delivery): void {
    this.#deliveries.delete(delivery);
    this.#fromDisk.delete(delivery);
    this.#weigh(delivery, -1);
    this.#due.push({ kind: "delete", key: delivery.logKey });
    if (delivery.isHint) for (const { record } of delivery.items) this.#hints.delete(nameOf(record));
    for (const item of delivery.items) if (!item.isApplied) this.#reveal(item);
  }

  #overlie(item: DeliveryItem): void {
    const name = nameOfKey(item);
    this.#overlay.set(name, merge(this.#overlay.get(name) ?? [], [item.record]));
  }

  #reveal(item: DeliveryItem): void {
    const { record } = item;
    const name = nameOfKey(item);
    const left = (this.#overlay.get(name) ?? []).filter(({ sealed }) => sealed !== record.sealed);
    if (left.length > 0) this.#overlay.set(name, left);
    else this.#overlay.delete(name);
  }

  #weigh({ isHint, sizeBytes }: Delivery, sign: 1 | -1): void {
    if (isHint) {
      this.#hintCount += sign;
      this.#hintBytes += sign * sizeBytes;
    } else this.#bytes += sign * sizeBytes;
  }

  *#stored(name: "o" | "h"): Generator<LogEntry> {
    for (const entries of walk(this.#log, table(name), 64)) yield* entries;
  }
}

/** Names one record of one batch. */
export function nameOf({ dot: { actor }, batch, sealed }: Proven): string {
  return `${actor.host}/${actor.incarnation}/${batch}/${sealed.index}`;
}

function nameOfKey({ record: { body } }: DeliveryItem): string {
  return body.namespace + body.key;
}

/** Roughly what a record takes in a message and in memory. */
export function weigh(records: readonly StoredRecord[]): number {
  return records.reduce((sum, { sealed }) => sum + sizeOf(sealed), 0);
}
