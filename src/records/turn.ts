import { EVERYWHERE, shardOf } from "../cluster/index.ts";
import type { Genesis } from "../cluster/index.ts";
import type { NamespaceId, StoreId } from "../codec/index.ts";
import { messageOf } from "../platform/index.ts";
import type { LogOperation } from "../store/index.ts";
import type { Proven } from "./batch.ts";
import { Delivery } from "./delivery.ts";
import { Draft } from "./draft.ts";
import type { ChangedRow } from "./draft.ts";
import { RecordsError } from "./errors.ts";
import { Intake, setBack } from "./intake.ts";
import type { Hint } from "./intake.ts";
import type { DroppingJob, ForgettingJob, IncomingJob, ItemVerdict, KeepingJob, PositionUpdate, RenewingJob, RenumberingJob, RetainingJob } from "./jobs.ts";
import { ALL_GROUPS, PAGE_BYTES } from "./limits.ts";
import type { Numbering } from "./numbering.ts";
import { encodeBatch } from "./outbox.ts";
import { OwnWrites } from "./own-writes.ts";
import type { OwnWritesParts } from "./own-writes.ts";
import { ParcelSize } from "./parcel.ts";
import { encodePosition } from "./position.ts";
import type { Positions } from "./positions.ts";
import type { SoundLog } from "./sound-log.ts";
import type { Weighed } from "./sums.ts";
import { isOfRows, positionKey } from "./tables.ts";

export interface TurnParts extends OwnWritesParts {
  readonly log: SoundLog;
  readonly numbering: Numbering;
  readonly positions: Positions;
  /** Sends a batch to others while the commit that holds it is under way. @returns whether there is anybody to send it to */
  readonly sendAhead: (delivery: Delivery) => boolean;
}

/** What a turn's commit made true. */
export interface Committed {
  readonly changed: readonly ChangedRow[];
  readonly weighed: readonly Weighed[];
  readonly learned: ReadonlyMap<NamespaceId, Genesis>;
  readonly deliveries: readonly Delivery[];
  /** Whether rows or index were touched by hand, beside the changes. */
  readonly isMended: boolean;
}

/** One commit under way: everything that was waiting, merged against what is committed and against each other. */
export class Turn {
  readonly #parts: TurnParts;
  readonly #draft: Draft;
  readonly #intake: Intake;
  /** The writes of this host itself. */
  readonly own: OwnWrites;
  readonly #hints: Delivery[] = [];
  /** Groups in which catching up begins from the start. */
  readonly #anew = new Set<number>();
  /** Stores whose positions go. */
  readonly #forgotten = new Set<StoreId>();
  #isMended = false;

  constructor(parts: TurnParts) {
    this.#parts = parts;
    this.#draft = new Draft(parts.log);
    this.#intake = new Intake(parts, this.#draft);
    this.own = new OwnWrites(parts, this.#draft);
  }

  take(record: Proven, { source, geneses }: IncomingJob): ItemVerdict {
    return this.#intake.take(record, source, geneses);
  }

  keep({ operations, anew }: KeepingJob): void {
    for (const operation of typeof operations === "function" ? operations() : operations) this.#keep(operation);
    for (const group of anew) this.#begin(group);
  }

  drop({ rows, anew }: DroppingJob): void {
    for (const row of rows) this.#draft.drop(row);
    for (const group of anew) this.#begin(group);
  }

  retain({ keys, counter, isKept }: RetainingJob): void {
    const { counters, geneses } = this.#parts;
    for (const { namespace, key } of keys) {
      const genesis = geneses.get(namespace);
      if (genesis === undefined) continue;
      const group = shardOf(namespace, genesis, key);
      const dropped = this.#draft.retain(namespace, key, group, isKept);
      if (dropped === 0) continue;
      counters.count(counter, dropped);
      this.#begin(group);
    }
  }

  renumber({ keys }: RenumberingJob): void {
    for (const { namespace, key } of keys) {
      const genesis = this.#parts.geneses.get(namespace);
      if (genesis !== undefined) this.#draft.renumber(namespace, key, shardOf(namespace, genesis, key));
    }
  }

  forget({ store }: ForgettingJob): void {
    this.#forgotten.add(store);
    for (const group of ALL_GROUPS) this.#draft.delete(positionKey(store, group));
  }

  renew({ why }: RenewingJob): void {
    setBack(this.#parts, this.#draft, why);
  }

  /** Makes the positions of a page durable, but for groups of which a record was left for later. */
  advance({ records, positions, geneses }: IncomingJob, verdicts: readonly ItemVerdict[]): void {
    const held = new Set<number>();
    records.forEach(({ body }, at) => {
      const genesis = this.#parts.geneses.get(body.namespace) ?? geneses.get(body.namespace);
      if (verdicts[at]!.kind === "later" && genesis !== undefined) held.add(shardOf(body.namespace, genesis, body.key));
    });
    for (const position of positions) if (!held.has(position.group)) this.#advance(position);
  }

  /** The commit. @throws whatever the log does; nothing has happened then */
  async commit(): Promise<Committed> {
    const { outbox } = this.#parts;
    const due = outbox.takeDue();
    try {
      return await this.#commit(due);
    } catch (error) {
      outbox.putBack(due);
      throw error;
    }
  }

  async #commit(due: readonly LogOperation[]): Promise<Committed> {
    for (const operation of due) this.#keep(operation);
    this.#keepHints();
    const { numbering, identity } = this.#parts;
    const { early } = this.own;
    const isAhead = identity.isAhead;
    if (early.length > 0 && !isAhead) identity.goAhead(this.#draft);
    const { operations, changed, weighed } = this.#draft.finish(numbering);
    const widened = this.#widened(changed);
    if (operations.length > 0) {
      const all = [...numbering.owed, ...operations, ...widened.flatMap(({ group, rank }) => this.#parts.readiness.widen(group, rank))];
      await this.#save(all, isAhead ? early : []);
      numbering.paid();
    }
    if (early.length > 0) identity.wentAhead();
    this.#number(changed);
    for (const { group, rank } of widened) this.#parts.readiness.widened(group, rank);
    for (const group of this.#anew) this.#parts.positions.begunAnew(group);
    for (const store of this.#forgotten) this.#parts.positions.forgotten(store);
    return { changed, weighed, learned: this.#intake.learned, deliveries: this.#deliveries(), isMended: this.#isMended };
  }

  /** Others get the batches at the same time as the disk. When it refuses them, nobody knows who has them by then: this host goes on as another actor. */
  async #save(operations: readonly LogOperation[], ahead: readonly Delivery[]): Promise<void> {
    const saved = this.#parts.log.commit(operations);
    const sent = ahead.filter((delivery) => this.#parts.sendAhead(delivery));
    try {
      await saved;
    } catch (error) {
      if (sent.length === 0) throw error;
      for (const delivery of sent) delivery.void();
      this.#parts.identity.distrust();
      throw new RecordsError("UNSURE", `This host's disk did not take the write, but other hosts may have it: ${messageOf(error)} Read before you write it again.`, { cause: error });
    }
  }

  /** What the commit brings into the outbox. */
  #deliveries(): readonly Delivery[] {
    return [...this.own.deliveries, ...this.#hints];
  }

  /** Hints wait batch by batch, a large one in parts: with paths it may have outgrown the message that it came in. */
  #keepHints(): void {
    for (const hints of Map.groupBy(this.#intake.hints.values(), ({ record }) => `${record.dot.actor.host}/${record.dot.actor.incarnation}/${record.batch}`).values()) {
      for (const part of parts(hints)) {
        const items = part.map(({ record, genesis, group }, at) => ({ at, record, genesis, group, isApplied: false, sequence: 0 }));
        const delivery = new Delivery(items, this.#parts.outbox.nextHint());
        this.#draft.put(delivery.logKey, encodeBatch(part.map(({ record }) => record)));
        this.#hints.push(delivery);
      }
    }
  }

  /** Of which ranks rows come to be here that were not before: what is here must be known when it is to be given up. */
  #widened(changed: readonly ChangedRow[]): { readonly group: number; readonly rank: number }[] {
    const { holdings, readiness } = this.#parts;
    const groups = [...new Set(changed.map(({ group }) => group))].filter((group) => group !== EVERYWHERE);
    return groups.map((group) => ({ group, rank: holdings.scope(group).rank })).filter(({ group, rank }) => readiness.widen(group, rank).length > 0);
  }

  #number(changed: readonly ChangedRow[]): void {
    for (const { group, sequence } of changed) this.#parts.numbering.committed(group, sequence);
    const deliveries = this.#deliveries();
    if (deliveries.length === 0) return;
    const numbers = new Map(changed.map(({ namespace, key, sequence }) => [namespace + key, sequence]));
    for (const item of deliveries.flatMap(({ items }) => items)) {
      if (item.isApplied) item.sequence = numbers.get(item.record.body.namespace + item.record.body.key) ?? 0;
    }
  }

  #keep(operation: LogOperation): void {
    this.#isMended ||= isOfRows(operation.key);
    if (operation.kind === "put") this.#draft.put(operation.key, operation.value);
    else this.#draft.delete(operation.key);
  }

  #begin(group: number): void {
    this.#anew.add(group);
    for (const store of this.#parts.positions.stores) this.#draft.delete(positionKey(store, group));
  }

  #advance({ store, group, place, mark, epoch }: PositionUpdate): void {
    if (epoch !== this.#parts.positions.epoch(group) || !this.#parts.positions.has(store)) return;
    this.#draft.put(positionKey(store, group), encodePosition({ place, mark }));
  }
}

function parts(hints: readonly Hint[]): Hint[][] {
  const all: Hint[][] = [];
  let part: Hint[] = [];
  let size = new ParcelSize();
  for (const hint of hints) {
    if (part.length === 0 || size.add(hint.record, hint.genesis) > PAGE_BYTES) {
      all.push((part = []));
      size = new ParcelSize();
      size.add(hint.record, hint.genesis);
    }
    part.push(hint);
  }
  return all;
}
