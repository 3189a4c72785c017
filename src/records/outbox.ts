import type { HostId, NamespaceId } from "../codec/index.ts";
import { codec } from "../codec/index.ts";
import { MAX_MESSAGE } from "../net/index.ts";
import type { RecordLog } from "../store/index.ts";
import type { Proven, StoredRecord } from "./batch.ts";
import { merge } from "./merge.ts";
import { pack, parcelShape } from "./parcel.ts";
import { sealCodec } from "./record.ts";
import { after, outboxKey, table } from "./tables.ts";
import { reassemble } from "./verify.ts";
import { Delivery } from "./delivery.ts";
import type { DeliveryItem } from "./delivery.ts";
import { sizeOf } from "./draft.ts";

// Own batches until their replicas have them. What this host keeps itself lies in its rows already and reaches others by catch-up in any
// case; its batches wait here only so that they are pushed again soon. What belongs to other hosts alone exists nowhere else until they
// have acknowledged it, and overlays what is read here until then. All of it is in memory too, so it is bounded.

/** Beyond this, batches go that others would get by catch-up as well, or that two others have. */
const PRESSED_BYTES = 16 * 1024 * 1024;
/** Beyond this, writes that only others keep are refused. */
const FULL_BYTES = 64 * 1024 * 1024;
const PRESSED_BATCHES = 10_000;

const batchCodec = codec("A batch in the outbox", 1, MAX_MESSAGE, parcelShape);

export function encodeBatch(records: readonly Proven[]): Uint8Array {
  return batchCodec.encode(pack(records, () => undefined));
}

export class Outbox {
  readonly #log: RecordLog;
  readonly #deliveries = new Map<string, Delivery>();
  readonly #overlay = new Map<string, readonly StoredRecord[]>();
  #bytes = 0;
  readonly #done: Uint8Array[] = [];

  constructor(log: RecordLog) {
    this.#log = log;
  }

  /** Takes in what waited when the host stopped. @param itemOf where a record belongs, or undefined when its namespace is unknown */
  load(itemOf: (record: Proven, at: number) => DeliveryItem | undefined): void {
    const { from: begin, to } = table("o");
    let from = begin;
    for (let page = this.#page(from, to); page.length > 0; page = this.#page(from, to)) {
      for (const { value } of page) {
        const parcel = batchCodec.decode(value);
        const records = reassemble(parcel, parcel.seals.map((seal) => sealCodec.decode(seal)));
        const items = records.map((record, at) => itemOf(record, at)).filter((item) => item !== undefined);
        if (items.length > 0) this.add(new Delivery(items));
      }
      from = after(page.at(-1)!.key);
    }
  }

  add(delivery: Delivery): void {
    this.#deliveries.set(delivery.name, delivery);
    this.#bytes += delivery.sizeBytes;
    for (const { record, isApplied } of delivery.items) {
      if (isApplied) continue;
      const name = record.body.namespace + record.body.key;
      this.#overlay.set(name, merge(this.#overlay.get(name) ?? [], [record]));
    }
  }

  /** A row of this host has the item now. */
  applied(delivery: Delivery, item: DeliveryItem): void {
    if (this.#deliveries.get(delivery.name) !== delivery || item.isApplied) return;
    this.#uncover(item);
    item.isApplied = true;
  }

  get isFull(): boolean {
    return this.#bytes > FULL_BYTES;
  }

  get size(): number {
    return this.#deliveries.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Own records of a key that no row here has. */
  overlay(namespace: NamespaceId, key: string): readonly StoredRecord[] {
    return this.#overlay.get(namespace + key) ?? [];
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
    return this.#deliveries.values();
  }

  /** Lets batches go that all who should have them have, and under pressure those that are safe without being pushed. */
  settle(deliveries: Iterable<Delivery>, targetsOf: (item: DeliveryItem) => readonly HostId[]): void {
    for (const delivery of deliveries) {
      if (this.#deliveries.get(delivery.name) !== delivery) continue;
      const isPressed = this.#bytes > PRESSED_BYTES || this.#deliveries.size > PRESSED_BATCHES;
      if (delivery.items.every((item) => delivery.isSettled(item, targetsOf(item), isPressed))) this.#remove(delivery);
    }
  }

  /** Drops batches that count no more. All records of a batch have one author. @returns how many went */
  drop(isExcluded: (first: Proven) => boolean): number {
    const dropped = [...this.#deliveries.values()].filter(({ items }) => isExcluded(items[0]!.record));
    for (const delivery of dropped) this.#remove(delivery);
    return dropped.length;
  }

  /** Rows of settled batches, to be deleted with the next commit. */
  takeDone(): Uint8Array[] {
    return this.#done.splice(0);
  }

  get hasDone(): boolean {
    return this.#done.length > 0;
  }

  #remove(delivery: Delivery): void {
    this.#deliveries.delete(delivery.name);
    this.#bytes -= delivery.sizeBytes;
    this.#done.push(outboxKey(delivery.incarnation, delivery.batch));
    for (const item of delivery.items) if (!item.isApplied) this.#uncover(item);
  }

  #uncover({ record }: DeliveryItem): void {
    const name = record.body.namespace + record.body.key;
    const left = (this.#overlay.get(name) ?? []).filter(({ sealed }) => sealed !== record.sealed);
    if (left.length > 0) this.#overlay.set(name, left);
    else this.#overlay.delete(name);
  }

  #page(from: Uint8Array, to: Uint8Array): { readonly key: Uint8Array; readonly value: Uint8Array }[] {
    return this.#log.scan({ from, to, limit: 64 });
  }
}

/** Roughly what a record takes in a message and in memory. */
export function weigh(records: readonly StoredRecord[]): number {
  return records.reduce((sum, { sealed }) => sum + sizeOf(sealed), 0);
}
