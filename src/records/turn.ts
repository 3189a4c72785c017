import { ACCEPT, EVERYWHERE, shardOf } from "../cluster/index.ts";
import type { Delegation, Genesis, Verdict } from "../cluster/index.ts";
import type { NamespaceId } from "../codec/index.ts";
import { messageOf } from "../platform/index.ts";
import type { LogOperation } from "../store/index.ts";
import type { Proven, Sealer, StoredRecord } from "./batch.ts";
import { Composer, DotWasSeen } from "./composer.ts";
import { Delivery } from "./delivery.ts";
import type { DeliveryItem } from "./delivery.ts";
import { pastOf } from "./collecting.ts";
import { Draft, sizeOf } from "./draft.ts";
import type { ChangedRow } from "./draft.ts";
import { RecordsError } from "./errors.ts";
import { Intake, setBack } from "./intake.ts";
import type { Hint, IntakeParts } from "./intake.ts";
import type { DroppingJob, IncomingJob, ItemVerdict, KeepingJob, OwnJob, PositionUpdate, RenewingJob, RetainingJob, Written } from "./jobs.ts";
import { PAGE_BYTES } from "./limits.ts";
import type { Numbering } from "./numbering.ts";
import { encodeBatch } from "./outbox.ts";
import { encodePosition } from "./position.ts";
import type { Positions } from "./positions.ts";
import { merge } from "./merge.ts";
import type { SoundLog } from "./sound-log.ts";
import type { Weighed } from "./sums.ts";
import type { Entering } from "./rations.ts";
import { batchKey, isOfRows, positionKey, u64 } from "./tables.ts";

export interface TurnParts extends IntakeParts {
  readonly log: SoundLog;
  readonly numbering: Numbering;
  readonly positions: Positions;
  readonly seal: Sealer;
  readonly delegation: () => Delegation | undefined;
  readonly wallMs: () => number;
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

/** An own write call that was taken into the turn. Its answer is given after the commit. */
interface Accepted {
  readonly job: OwnJob;
  readonly written: Written;
}

/** One commit under way: everything that was waiting, merged against what is committed and against each other. */
export class Turn {
  readonly #parts: TurnParts;
  readonly #draft: Draft;
  readonly #intake: Intake;
  readonly #accepted: Accepted[] = [];
  readonly #deliveries: Delivery[] = [];
  /** Own batches that others may have before this host's disk has them. */
  readonly #early: Delivery[] = [];
  /** Groups in which catching up begins from the start. */
  readonly #anew = new Set<number>();
  #isMended = false;

  constructor(parts: TurnParts) {
    this.#parts = parts;
    this.#draft = new Draft(parts.log);
    this.#intake = new Intake(parts, this.#draft);
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

  /** Own writes, as few batches as possible. Calls that are refused are answered at once; the others after the commit. */
  write(jobs: readonly OwnJob[]): void {
    for (const as of ["account", "host"] as const) {
      let waiting = jobs.filter((job) => job.as === as);
      while (waiting.length > 0) waiting = this.#batch(waiting, as);
    }
  }

  /** The commit. @throws whatever the log does; nothing has happened then */
  async commit(): Promise<Committed> {
    for (const operation of this.#parts.outbox.takeRewritten()) this.#keep(operation);
    for (const key of this.#parts.outbox.takeDone()) this.#draft.delete(key);
    this.#keepHints();
    const { numbering, identity } = this.#parts;
    const isAhead = identity.isAhead;
    if (this.#early.length > 0 && !isAhead) identity.goAhead(this.#draft);
    const { operations, changed, weighed } = this.#draft.finish(numbering);
    const widened = this.#widened(changed);
    if (operations.length > 0) {
      const all = [...numbering.owed, ...operations, ...widened.flatMap(({ group, rank }) => this.#parts.readiness.widen(group, rank))];
      await this.#save(all, isAhead ? this.#early : []);
      numbering.paid();
    }
    if (this.#early.length > 0) identity.wentAhead();
    this.#number(changed);
    for (const { group, rank } of widened) this.#parts.readiness.widened(group, rank);
    for (const group of this.#anew) this.#parts.positions.begunAnew(group);
    return { changed, weighed, learned: this.#intake.learned, deliveries: this.#deliveries, isMended: this.#isMended };
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

  answer(): void {
    for (const { job, written } of this.#accepted) job.resolve(written);
  }

  fail(error: Error): void {
    for (const { job } of this.#accepted) job.reject(error);
  }

  /** Composes, seals and stores one batch out of the first calls. Returns those that did not fit. */
  #batch(jobs: readonly OwnJob[], as: "account" | "host"): OwnJob[] {
    const delegation = as === "host" ? null : this.#parts.delegation();
    if (delegation === undefined) {
      const error = new RecordsError("NOT_DELEGATED", "No person has delegated to this host, so it cannot write in anybody's name. Import the person's key, or write as the host.");
      for (const job of jobs) job.reject(error);
      return [];
    }
    const { identity } = this.#parts;
    if (!identity.isConfirmed) identity.renew("nobody has confirmed yet that this host's disk is up to date", this.#draft);
    try {
      return this.#compose(jobs, delegation);
    } catch (error) {
      if (!(error instanceof DotWasSeen)) throw error;
      setBack(this.#parts, this.#draft, "a dot that was about to be taken may be taken");
      return this.#compose(jobs, delegation);
    }
  }

  #compose(jobs: readonly OwnJob[], delegation: Delegation | null): OwnJob[] {
    const composer = this.#composer(delegation);
    const calls: { readonly job: OwnJob; readonly first: number; readonly count: number }[] = [];
    const refused: { readonly job: OwnJob; readonly error: Error }[] = [];
    let next = 0;
    for (; next < jobs.length; next += 1) {
      const job = jobs[next]!;
      if (calls.length > 0 && !composer.hasRoomFor(job.writes)) break;
      try {
        const first = composer.bodies.length;
        calls.push({ job, first, count: composer.add(job.writes).length });
      } catch (error) {
        if (!(error instanceof RecordsError)) throw error;
        refused.push({ job, error });
      }
    }
    // A damaged counter was met.
    if (!this.#parts.identity.isConfirmed) throw new DotWasSeen();
    for (const { job, error } of refused) job.reject(error);
    if (calls.length > 0) this.#seal(composer, delegation, calls);
    return jobs.slice(next);
  }

  #composer(delegation: Delegation | null): Composer {
    const { identity, outbox, cluster, floor, geneses } = this.#parts;
    return new Composer(
      {
        draft: this.#draft,
        identity,
        isPast: pastOf(floor, cluster),
        wallMs: this.#parts.wallMs(),
        overlay: (namespace, key) => merge(outbox.overlay(namespace, key), this.#unapplied(namespace, key)),
        genesis: (namespace) => geneses.get(namespace),
        judge: (record, genesis) => {
          const signed = { ...record, host: identity.actor.host, incarnation: identity.actor.incarnation, batch: identity.batch + 1 };
          const verdict = cluster.judge(signed, genesis);
          const outcome = verdict.kind === "accept" ? this.#ration(signed, genesis) : verdict;
          if (outcome.kind === "refuse") this.#parts.counters.count(`refused ${outcome.code}`);
          return outcome;
        },
      },
      delegation,
    );
  }

  /** A host that keeps the namespace itself knows how much there is; others hear it from the replicas. */
  #ration(record: Entering, genesis: Genesis): Verdict {
    const { holdings, rations } = this.#parts;
    const group = shardOf(record.namespace, genesis, record.key);
    return holdings.holds(record.namespace, genesis, group) ? rations.judge(record, genesis, group, this.#draft) : ACCEPT;
  }

  /** Own records of earlier batches of this turn that no row here takes. */
  #unapplied(namespace: NamespaceId, key: string): readonly StoredRecord[] {
    const items = this.#deliveries.flatMap(({ items }) => items.filter(({ isApplied, record }) => !isApplied && record.body.namespace === namespace && record.body.key === key));
    return items.map(({ record }) => record);
  }

  #seal(composer: Composer, delegation: Delegation | null, calls: readonly { readonly job: OwnJob; readonly first: number; readonly count: number }[]): void {
    const { identity, seal } = this.#parts;
    composer.finish();
    const records = seal(identity.actor, identity.takeBatch(this.#draft), composer.bodies, delegation);
    const delivery = new Delivery(records.map((record, at) => this.#place(record, at)));
    this.#draft.put(delivery.logKey, encodeBatch(records));
    this.#draft.put(batchKey(identity.actor), u64(identity.batch));
    this.#deliveries.push(delivery);
    // What concerns the network itself others hear only of a host that has it.
    if (records.every(({ body }) => (body.namespace as string) !== this.#parts.network)) this.#early.push(delivery);
    for (const { job, first, count } of calls) {
      const dots = records.slice(first, first + count).map(({ dot }) => dot);
      this.#accepted.push({ job, written: { delivery, dots, first } });
    }
  }

  #place(record: Proven, at: number): DeliveryItem {
    const { namespace, key } = record.body;
    const genesis = this.#parts.geneses.get(namespace)!;
    const group = shardOf(namespace, genesis, key);
    const isApplied = this.#parts.holdings.holds(namespace, genesis, group) && this.#draft.add(record, group) === "added";
    return { at, record, group, genesis, isApplied, sequence: 0 };
  }

  /** Hints wait batch by batch, a large one in parts: with paths it may have outgrown the message that it came in. */
  #keepHints(): void {
    for (const hints of Map.groupBy(this.#intake.hints.values(), ({ record }) => `${record.dot.actor.host}/${record.dot.actor.incarnation}/${record.batch}`).values()) {
      for (const part of parts(hints)) {
        const items = part.map(({ record, genesis, group }, at) => ({ at, record, genesis, group, isApplied: false, sequence: 0 }));
        const delivery = new Delivery(items, this.#parts.outbox.nextHint());
        this.#draft.put(delivery.logKey, encodeBatch(part.map(({ record }) => record)));
        this.#deliveries.push(delivery);
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
    if (this.#deliveries.length === 0) return;
    const numbers = new Map(changed.map(({ namespace, key, sequence }) => [namespace + key, sequence]));
    for (const item of this.#deliveries.flatMap(({ items }) => items)) {
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
    if (epoch !== this.#parts.positions.epoch(group)) return;
    this.#draft.put(positionKey(store, group), encodePosition({ place, mark }));
  }
}

function parts(hints: readonly Hint[]): Hint[][] {
  const all: Hint[][] = [];
  let bytes = Infinity;
  for (const hint of hints) {
    const weight = sizeOf(hint.record.sealed);
    if (bytes + weight > PAGE_BYTES) [bytes] = [0, all.push([])];
    bytes += weight;
    all.at(-1)!.push(hint);
  }
  return all;
}
