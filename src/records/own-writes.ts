import { ACCEPT, shardOf } from "../cluster/index.ts";
import type { Delegation, Genesis, Verdict } from "../cluster/index.ts";
import type { NamespaceId } from "../codec/index.ts";
import type { Proven, Sealer, StoredRecord } from "./batch.ts";
import { pastOf } from "./collecting.ts";
import { BatchIsFull, Composer, DotWasSeen } from "./composer.ts";
import { Delivery } from "./delivery.ts";
import type { DeliveryItem } from "./delivery.ts";
import type { Draft } from "./draft.ts";
import { RecordsError } from "./errors.ts";
import { setBack } from "./intake.ts";
import type { IntakeParts } from "./intake.ts";
import type { OwnJob, Written } from "./jobs.ts";
import { merge } from "./merge.ts";
import { encodeBatch } from "./outbox.ts";
import type { Entering } from "./rations.ts";
import { batchKey, u64 } from "./tables.ts";

export interface OwnWritesParts extends IntakeParts {
  readonly seal: Sealer;
  readonly delegation: () => Delegation | undefined;
  readonly wallMs: () => number;
}

/** An own write call that was taken into the turn. Its answer is given after the commit. */
interface Accepted {
  readonly job: OwnJob;
  readonly written: Written;
}

/** The writes of this host itself that one turn takes: composed, sealed as few batches, and put into the turn's draft. */
export class OwnWrites {
  readonly #parts: OwnWritesParts;
  readonly #draft: Draft;
  readonly #accepted: Accepted[] = [];
  readonly deliveries: Delivery[] = [];
  /** Batches that others may have before this host's disk has them. */
  readonly early: Delivery[] = [];

  constructor(parts: OwnWritesParts, draft: Draft) {
    this.#parts = parts;
    this.#draft = draft;
  }

  /** Own writes, as few batches as possible. Calls that are refused are answered at once; the others after the commit. */
  take(jobs: readonly OwnJob[]): void {
    for (const as of ["account", "host"] as const) {
      let waiting = jobs.filter((job) => job.as === as);
      while (waiting.length > 0) waiting = this.#batch(waiting, as);
    }
  }

  answer(): void {
    for (const { job, written } of this.#accepted) job.resolve(written);
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
        if (error instanceof BatchIsFull) break;
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
        judge: (record, genesis) => this.#counted(cluster.judge({ ...record, host: identity.actor.host, incarnation: identity.actor.incarnation, batch: identity.batch + 1 }, genesis)),
        ration: (record, genesis) => this.#counted(this.#ration({ ...record, host: identity.actor.host }, genesis)),
      },
      delegation,
    );
  }

  #counted(verdict: Verdict): Verdict {
    if (verdict.kind === "refuse") this.#parts.counters.count(`refused ${verdict.code}`);
    return verdict;
  }

  /** A host that keeps the namespace itself knows how much there is; others hear it from the replicas. */
  #ration(record: Entering, genesis: Genesis): Verdict {
    const { holdings, rations } = this.#parts;
    const group = shardOf(record.namespace, genesis, record.key);
    return holdings.holds(record.namespace, genesis, group) ? rations.judge(record, genesis, group, this.#draft) : ACCEPT;
  }

  /** Own records of earlier batches of this turn that no row here takes. */
  #unapplied(namespace: NamespaceId, key: string): readonly StoredRecord[] {
    const items = this.deliveries.flatMap(({ items }) => items.filter(({ isApplied, record }) => !isApplied && record.body.namespace === namespace && record.body.key === key));
    return items.map(({ record }) => record);
  }

  #seal(composer: Composer, delegation: Delegation | null, calls: readonly { readonly job: OwnJob; readonly first: number; readonly count: number }[]): void {
    const { identity, seal } = this.#parts;
    composer.finish();
    const records = seal(identity.actor, identity.takeBatch(this.#draft), composer.bodies, delegation);
    const delivery = new Delivery(records.map((record, at) => this.#place(record, at)));
    this.#draft.put(delivery.logKey, encodeBatch(records));
    this.#draft.put(batchKey(identity.actor), u64(identity.batch));
    this.deliveries.push(delivery);
    // What concerns the network itself others hear only of a host that has it.
    if (records.every(({ body }) => (body.namespace as string) !== this.#parts.network)) this.early.push(delivery);
    for (const { job, first, count } of calls) {
      const dots = records.slice(first, first + count).map(({ dot }) => dot);
      this.#accepted.push({ job, written: { delivery, dots, first } });
    }
  }

  #place(record: Proven, at: number): DeliveryItem {
    const { namespace, key } = record.body;
    const genesis = this.#parts.geneses.get(namespace)!;
    const group = shardOf(namespace, genesis, key);
    // The row has room: the composer has left out what would fill it.
    const isApplied = this.#parts.holdings.holds(namespace, genesis, group) && this.#draft.add(record, group) === "added";
    return { at, record, group, genesis, isApplied, sequence: 0 };
  }
}
