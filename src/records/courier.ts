import type { HostId } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import { messageOf } from "../platform/index.ts";
import type { Delivery, DeliveryItem } from "./delivery.ts";
import { MAX_BATCH_BYTES, MAX_BATCH_RECORDS, PAGE_BYTES } from "./limits.ts";
import type { PushAnswer } from "./messages.ts";
import { ParcelSize } from "./parcel.ts";
import { sealCodec } from "./record.ts";
import type { Route } from "./routing.ts";

/** Pushes under way to one peer at once. More batches wait and are then sent together. */
const IN_FLIGHT = 4;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

export interface CourierParts {
  readonly peer: HostId;
  readonly push: (items: readonly DeliveryItem[]) => Promise<PushAnswer>;
  /** Finds where records go as things are now. */
  readonly routes: () => (item: DeliveryItem) => Route;
  /** Called when the peer could not be reached, while this is still outstanding there. */
  readonly failed: (delivery: Delivery) => void;
  /** Called after each attempt. */
  readonly settle: (delivery: Delivery) => void;
}

/**
 * Brings what waits to one peer: those that come while others are under way go together in one message. A peer that fails is left alone
 * for a while that doubles, so a slow or broken one costs nobody but itself. One that answers is never left alone: what it cannot take yet waits by
 * itself (Delivery.postponed), or one namespace that is written too fast would keep all others from getting their copies.
 */
export class Courier {
  readonly #env: Env;
  readonly #parts: CourierParts;
  readonly #waiting = new Set<Delivery>();
  #inFlight = 0;
  #pauseMs = 0;
  #notBeforeMs = 0;

  constructor(env: Env, parts: CourierParts) {
    this.#env = env;
    this.#parts = parts;
  }

  get isResting(): boolean {
    return this.#env.clock.monotonicMs() < this.#notBeforeMs;
  }

  /** Nothing waits and nothing is under way. */
  get isIdle(): boolean {
    return this.#waiting.size === 0 && this.#inFlight === 0;
  }

  /** The peer has come back: what failed before says nothing now. */
  refresh(): void {
    this.#pauseMs = 0;
    this.#notBeforeMs = 0;
  }

  /** Takes a delivery along with the next push. One that waits already is not taken twice. */
  send(delivery: Delivery): void {
    this.#waiting.add(delivery);
    this.#pump();
  }

  #pump(): void {
    while (this.#inFlight < IN_FLIGHT && this.#waiting.size > 0) {
      if (this.isResting) return this.#giveUp();
      const load = this.#load();
      this.#inFlight += 1;
      void this.#carry(load).finally(() => {
        this.#inFlight -= 1;
        this.#pump();
      });
    }
  }

  /** As many waiting deliveries as fit into a message; one that is large goes alone. */
  #load(): { readonly delivery: Delivery; readonly items: readonly DeliveryItem[] }[] {
    const load: { delivery: Delivery; items: readonly DeliveryItem[] }[] = [];
    const size = new ParcelSize();
    let count = 0;
    const routeOf = this.#parts.routes();
    for (const delivery of this.#waiting) {
      const due = delivery.dueFor(this.#parts.peer, this.#env.clock.monotonicMs(), routeOf);
      const items = sendable(due);
      for (const { record, genesis } of items) size.add(record, genesis);
      if (load.length > 0 && (size.bytes > PAGE_BYTES || count + items.length > MAX_BATCH_RECORDS)) break;
      this.#waiting.delete(delivery);
      load.push({ delivery, items });
      count += items.length;
    }
    return load;
  }

  async #carry(load: readonly { readonly delivery: Delivery; readonly items: readonly DeliveryItem[] }[]): Promise<void> {
    const askedMs = this.#env.clock.monotonicMs();
    for (const { delivery } of load) delivery.underWay(this.#parts.peer, 1);
    const sent = load.flatMap(({ delivery, items }) => items.map((item) => ({ delivery, item })));
    try {
      const answer = sent.length > 0 ? await this.#parts.push(sent.map(({ item }) => item)) : undefined;
      this.refresh();
      if (answer !== undefined) this.#answered(load, answer, askedMs);
    } catch (error) {
      this.#pauseMs = Math.min(Math.max(FIRST_PAUSE_MS, this.#pauseMs * 2), LONGEST_PAUSE_MS);
      this.#notBeforeMs = this.#env.clock.monotonicMs() + this.#pauseMs * (0.75 + this.#env.random.fraction() / 2);
      this.#env.log.debug("a push failed", { peer: this.#parts.peer, why: messageOf(error) });
      for (const { delivery } of load) this.#parts.failed(delivery);
    }
    for (const { delivery } of load) {
      delivery.underWay(this.#parts.peer, -1);
      delivery.tried(this.#parts.peer);
      this.#parts.settle(delivery);
    }
  }

  #answered(load: readonly { readonly delivery: Delivery; readonly items: readonly DeliveryItem[] }[], { exceptions }: PushAnswer, askedMs: number): void {
    const verdicts = new Map(exceptions.map(({ at, verdict }) => [at, verdict.kind]));
    const full = new Set(exceptions.filter(({ verdict }) => verdict.value === "NAMESPACE_FULL").map(({ at }) => at));
    for (const { at, verdict } of exceptions) {
      if (verdict.kind === "refused") this.#env.log.warn("another host refused a record of ours", { peer: this.#parts.peer, at, code: verdict.value });
    }
    let from = 0;
    for (const { delivery, items } of load) {
      const first = from;
      const taken = items.filter((_, at) => !verdicts.has(first + at));
      delivery.acknowledged(this.#parts.peer, taken);
      delivery.hinted(this.#parts.peer, items.filter((_, at) => verdicts.get(first + at) === "hinted"));
      const behind = items.filter((_, at) => verdicts.get(first + at) === "behind");
      delivery.acknowledgedBehind(this.#parts.peer, behind, this.#env.clock.monotonicMs());
      delivery.turnedAway(this.#parts.peer, items.filter((_, at) => full.has(first + at)));
      delivery.declined(this.#parts.peer, items.filter((_, at) => verdicts.get(first + at) === "refused"), askedMs);
      if (taken.length + behind.length < items.length) delivery.postponed(this.#parts.peer, this.#env.clock.monotonicMs());
      from += items.length;
    }
  }

  /** The outbox will offer what is left again. */
  #giveUp(): void {
    for (const delivery of this.#waiting) {
      this.#parts.failed(delivery);
      delivery.tried(this.#parts.peer);
    }
    this.#waiting.clear();
  }
}

/** As much as a message takes. A part of a batch travels with paths, which a whole one does not need, so not all of a large part fits into one. */
function sendable(due: readonly DeliveryItem[]): readonly DeliveryItem[] {
  const size = new ParcelSize();
  const end = due.findIndex(({ record, genesis }) => size.add(record, genesis) > MAX_BATCH_BYTES);
  return end < 0 || isWholeBatch(due) ? due : due.slice(0, Math.max(1, end));
}

/** Whether it is all of one batch. Former versions of the program sealed some that no message takes. */
function isWholeBatch(due: readonly DeliveryItem[]): boolean {
  const bytes = due.reduce((sum, { record }) => sum + record.sealed.leaf.length, 0);
  return bytes <= MAX_BATCH_BYTES && sealCodec.decode(due[0]!.record.sealed.seal).count === due.length;
}
