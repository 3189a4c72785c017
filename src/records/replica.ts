import type { Delegation, Genesis } from "../cluster/index.ts";
import { genesisCodec, shardOf } from "../cluster/index.ts";
import type { NamespaceId, NetworkId, StoreId } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import type { LogOperation, RecordLog } from "../store/index.ts";
import type { Proven, Sealer } from "./batch.ts";
import { Counters } from "./counters.ts";
import type { Delivery, DeliveryItem } from "./delivery.ts";
import { RecordsError } from "./errors.ts";
import { Floor } from "./floor.ts";
import { Holdings } from "./holdings.ts";
import { Identity } from "./identity.ts";
import type { IncomingJob, InformedWrite, ItemVerdict, Job, PositionUpdate, RenumberingJob, RetainingJob, SeenRow, Source, Written } from "./jobs.ts";
import { Numbering } from "./numbering.ts";
import { Outbox } from "./outbox.ts";
import type { ClusterView, Write } from "./port.ts";
import { Positions } from "./positions.ts";
import { Readiness } from "./readiness.ts";
import { Quarantine } from "./quarantine.ts";
import { Rations } from "./rations.ts";
import { RecentChanges } from "./recent.ts";
import { NOTHING, Rows } from "./rows.ts";
import { SoundLog } from "./sound-log.ts";
import { genesisKey, metaKey, namespaceIn } from "./tables.ts";
import type { Committed, TurnParts } from "./turn.ts";
import { Turn } from "./turn.ts";

export interface ReplicaParts {
  readonly log: RecordLog;
  readonly cluster: ClusterView;
  readonly network: NetworkId;
  readonly seal: Sealer;
  readonly delegation: () => Delegation | undefined;
  /** As in RecordsParts. */
  readonly isFounder?: boolean;
}

/** What was changed by a commit, by namespace. */
export type CommitListener = (committed: Committed) => void;

/** Jobs that may wait for a turn; whoever comes later waits with its caller. */
const QUEUE_MAX = 10_000;

/** What stands beside a namespace that is followed. */
const FOLLOWED = 1;

/**
 * One host's own copy of the records, without any network. All changes go through one queue: a turn takes all that waits, merges it
 * against what is committed and against each other, and commits once. So reading, merging and writing are one step, and many writers
 * share one sync of the disk.
 */
export class Replica {
  readonly counters = new Counters();
  readonly numbering: Numbering;
  readonly identity: Identity;
  readonly holdings: Holdings;
  readonly readiness: Readiness;
  readonly outbox: Outbox;
  /** What is read here: rows, and over them the outbox. */
  readonly rows: Rows;
  /** The rows alone: what others are shown. */
  readonly stored: Rows;
  readonly positions: Positions;
  readonly floor: Floor;
  readonly geneses = new Map<NamespaceId, Genesis>();
  readonly log: SoundLog;
  readonly quarantine: Quarantine;
  readonly recent: RecentChanges;
  /** Whether the sums count all rows: not before a store from before there were any has been looked through. */
  isCounted: boolean;
  readonly #parts: TurnParts;
  readonly #networkNamespace: NamespaceId;
  readonly #listeners = new Set<CommitListener>();
  #sendAhead: (delivery: Delivery) => boolean = () => false;
  #queue: Job[] = [];
  #working: Promise<void> | undefined;
  #isClosed = false;

  private constructor(env: Env, parts: ReplicaParts & { readonly log: SoundLog }, numbering: Numbering) {
    this.log = parts.log;
    this.numbering = numbering;
    this.recent = new RecentChanges(numbering.sequence);
    this.identity = new Identity(env, parts.cluster.self, parts.log);
    this.outbox = new Outbox(parts.log);
    this.rows = new Rows(parts.log, this.outbox);
    this.stored = new Rows(parts.log, NOTHING);
    this.positions = new Positions(this.stored);
    this.isCounted = this.stored.get(metaKey("sums")) !== undefined;
    this.floor = new Floor(parts.cluster.self, parts.network as string as NamespaceId, this.rows);
    this.#networkNamespace = parts.network as string as NamespaceId;
    this.readiness = new Readiness(parts, this.#networkNamespace, this.stored);
    this.holdings = new Holdings(parts.cluster, this.readiness);
    const { geneses, identity, holdings, readiness, outbox, positions, floor, counters } = this;
    this.#parts = { ...parts, numbering, identity, holdings, readiness, outbox, positions, floor, counters, rations: new Rations(env.clock), geneses, wallMs: () => env.clock.wallMs(), sendAhead: (delivery) => this.#sendAhead(delivery) };
    this.#load();
    this.quarantine = new Quarantine(env, this, parts.log);
  }

  static async open(env: Env, parts: ReplicaParts): Promise<Replica> {
    const log = new SoundLog(parts.log);
    return new Replica(env, { ...parts, log }, await Numbering.open(env, log));
  }

  /** Commits own writes. @throws RecordsError as `Records.write` does */
  write(writes: readonly InformedWrite[], as: "account" | "host"): Promise<Written> {
    return new Promise((resolve, reject) => this.#enqueue({ kind: "own", as, writes, resolve, reject }));
  }

  /** Takes in proven records from outside; resolves when those that belong here are durable. */
  apply(source: Source, records: readonly Proven[], geneses: ReadonlyMap<NamespaceId, Genesis>, positions: readonly PositionUpdate[] = []): Promise<readonly ItemVerdict[]> {
    return new Promise((resolve, reject) => this.#enqueue({ kind: "incoming", source, records, geneses, positions, resolve, reject }));
  }

  /**
   * Changes the store's book-keeping, in order with everything else.
   * @param operations or what works them out when no commit is under way, so that it sees what the next one builds on
   * @param anew groups in which catching up begins from the start
   */
  keep(operations: readonly LogOperation[] | (() => readonly LogOperation[]), anew: readonly number[] = []): Promise<void> {
    return new Promise((resolve, reject) => this.#enqueue({ kind: "keeping", operations, anew, resolve, reject }));
  }

  /** Keeps of these keys' siblings only some; where any go, catching up begins anew: what they had superseded may be elsewhere still. */
  retain(keys: RetainingJob["keys"], counter: string, isKept: RetainingJob["isKept"]): Promise<void> {
    return new Promise((resolve, reject) => this.#enqueue({ kind: "retaining", keys, counter, isKept, resolve, reject }));
  }

  /**
   * Deletes rows, except those that have changed since they were looked at.
   * @param anew groups in which catching up begins from the start, because the rows may come to belong here again
   */
  drop(rows: readonly SeenRow[], anew: readonly number[] = []): Promise<void> {
    return new Promise((resolve, reject) => this.#enqueue({ kind: "dropping", rows, anew, resolve, reject }));
  }

  /** Gives rows new numbers, as if they had changed. */
  renumber(keys: RenumberingJob["keys"]): Promise<void> {
    return new Promise((resolve, reject) => this.#enqueue({ kind: "renumbering", keys, resolve, reject }));
  }

  /** Lets the positions of a store go. */
  forget(store: StoreId): Promise<void> {
    return new Promise((resolve, reject) => this.#enqueue({ kind: "forgetting", store, resolve, reject }));
  }

  /** Takes a new incarnation, durably, in order with everything else. */
  renew(why: string): Promise<void> {
    return new Promise((resolve, reject) => this.#enqueue({ kind: "renewing", why, resolve, reject }));
  }

  /** Has the disk know that it has all that was sent. */
  async keepStep(): Promise<void> {
    if (this.identity.isAhead) await this.keep(() => this.identity.keepStep());
  }

  async know(namespace: NamespaceId, genesis: Genesis): Promise<void> {
    if (this.geneses.has(namespace)) return;
    await this.keep([{ kind: "put", key: genesisKey(namespace), value: genesisCodec.encode(genesis) }]);
    this.geneses.set(namespace, genesis);
  }

  /** Called with own batches while the commit that holds them is under way; `onCommit` follows, unless the disk refuses them. */
  onAhead(send: (delivery: Delivery) => boolean): void {
    this.#sendAhead = send;
  }

  /** Called after each commit. */
  onCommit(listener: CommitListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Waits for the turn under way; what has not begun is refused. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const closing = new RecordsError("CLOSED", "The record store is being closed. Try again when the host is up.");
    for (const job of this.#queue.splice(0)) job.reject(closing);
    await this.#working;
  }

  #enqueue(job: Job): void {
    if (this.#isClosed) return job.reject(new RecordsError("CLOSED", "The record store has been closed. Try again when the host is up."));
    if (this.#queue.length >= QUEUE_MAX) return job.reject(new RecordsError("OUTBOX_FULL", `${QUEUE_MAX} writes wait for the disk. Slow down.`));
    if (job.kind === "own" && this.outbox.isFull && job.writes.some((write) => !this.#isTarget(write))) {
      return job.reject(new RecordsError("OUTBOX_FULL", "Too many writes wait for hosts that are out of reach. Bring one of them back, or wait until they are."));
    }
    this.#queue.push(job);
    this.#working ??= this.#work();
  }

  #isTarget({ namespace, key }: Write): boolean {
    const genesis = this.geneses.get(namespace);
    return genesis !== undefined && this.holdings.isTarget(genesis, shardOf(namespace, genesis, key));
  }

  async #work(): Promise<void> {
    // One step aside, so that all who write at the same moment share the first commit too.
    await Promise.resolve();
    while (this.#queue.length > 0) await this.#turn(this.#queue.splice(0));
    // In the same step as the last look at the queue, or a job that comes in between would wait for ever.
    this.#working = undefined;
  }

  /** The network's own records come first and are judged again while that helps: all other judgements stand on them. */
  async #turn(jobs: readonly Job[]): Promise<void> {
    const incoming = jobs.filter((job) => job.kind === "incoming").map((job) => ({ job, verdicts: [] as ItemVerdict[] }));
    const own = jobs.filter((job) => job.kind === "own");
    let last: Turn | undefined;
    try {
      await this.#rosterRounds(incoming);
      last = new Turn(this.#parts);
      for (const { job, verdicts } of incoming) {
        job.records.forEach((record, at) => (verdicts[at] ??= last!.take(record, job)));
        last.advance(job, verdicts);
      }
      for (const job of jobs) {
        if (job.kind === "keeping") last.keep(job);
        if (job.kind === "dropping") last.drop(job);
        if (job.kind === "retaining") last.retain(job);
        if (job.kind === "renumbering") last.renumber(job);
        if (job.kind === "forgetting") last.forget(job);
        if (job.kind === "renewing") last.renew(job);
      }
      last.own.take(own);
      this.#publish(await last.commit());
      this.readiness.marked();
      last.own.answer();
      for (const { job, verdicts } of incoming) job.resolve(verdicts);
      for (const job of jobs) if (job.kind !== "incoming" && job.kind !== "own") job.resolve();
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error));
      this.readiness.unmark();
      for (const job of jobs) job.reject(failure);
    }
  }

  async #rosterRounds(incoming: readonly { readonly job: IncomingJob; readonly verdicts: ItemVerdict[] }[]): Promise<void> {
    let waiting = incoming.flatMap(({ job, verdicts }) => job.records.map((record, at) => ({ record, at, job, verdicts }))).filter(({ record }) => record.body.namespace === this.#networkNamespace);
    while (waiting.length > 0) {
      const turn = new Turn(this.#parts);
      for (const { record, at, job, verdicts } of waiting) verdicts[at] = turn.take(record, job);
      const committed = await turn.commit();
      this.#publish(committed);
      if (committed.changed.length === 0) return;
      waiting = waiting.filter(({ verdicts, at }) => verdicts[at]!.kind === "later");
    }
  }

  #publish(committed: Committed): void {
    for (const [namespace, genesis] of committed.learned) this.geneses.set(namespace, genesis);
    this.#remember(committed);
    this.outbox.uncovered(committed.weighed.filter(({ hasLost }) => hasLost));
    for (const delivery of committed.deliveries) this.outbox.add(delivery);
    const ofNetwork = (rows: readonly { readonly namespace: NamespaceId; readonly key: string }[]): string[] => rows.filter(({ namespace }) => namespace === this.#networkNamespace).map(({ key }) => key);
    this.readiness.applied(ofNetwork(committed.changed), this.stored);
    this.floor.applied(ofNetwork(committed.weighed));
    if (committed.isMended) this.floor.forget();
    for (const listener of this.#listeners) listener(committed);
  }

  #remember({ changed, weighed, isMended }: Committed): void {
    this.recent.committed(changed);
    const kept = weighed.length > changed.length ? new Set(changed.map(({ namespace, key }) => namespace + key)) : undefined;
    if (kept !== undefined) for (const { group, namespace, key } of weighed) if (!kept.has(namespace + key)) this.recent.gone(group, namespace, key);
    if (isMended) this.recent.clear(this.numbering.sequence);
  }

  #load(): void {
    for (const { key, value } of this.rows.all("n")) this.geneses.set(namespaceIn(key), genesisCodec.decode(value));
    for (const { key, value } of this.rows.all("f")) {
      if (value[0] !== FOLLOWED) continue;
      const genesis = this.geneses.get(namespaceIn(key));
      if (genesis !== undefined) this.holdings.follow(namespaceIn(key), genesis);
    }
    this.outbox.load((record, at) => this.#place(record, at));
  }

  #place(record: Proven, at: number): DeliveryItem | undefined {
    const { namespace, key } = record.body;
    const genesis = this.geneses.get(namespace);
    if (genesis === undefined) return undefined;
    const group = shardOf(namespace, genesis, key);
    return { at, record, group, genesis, isApplied: this.rows.has(record), sequence: 0 };
  }
}
