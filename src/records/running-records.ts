import type { Delegation, Genesis, LastHonoured } from "../cluster/index.ts";
import { EVERYWHERE, groupsOf } from "../cluster/index.ts";
import type { HostId, NamespaceId, NetworkId } from "../codec/index.ts";
import type { KeyPair } from "../crypto/index.ts";
import type { Transport } from "../net/index.ts";
import type { Env } from "../platform/index.ts";
import { TokenBucket, Worker } from "../platform/index.ts";
import type { RecordLog } from "../store/index.ts";
import { Announcer } from "./announcing.ts";
import { Abreast } from "./abreast.ts";
import { AntiEntropy } from "./anti-entropy.ts";
import { hostSealer } from "./batch.ts";
import { CatchUp } from "./catch-up.ts";
import type { Compared } from "./comparing.ts";
import { Confirmer } from "./confirming.ts";
import { Cursors } from "./cursors.ts";
import type { ChangedRow } from "./draft.ts";
import { RecordsError } from "./errors.ts";
import { Deletions } from "./deletions.ts";
import { Feed } from "./feed.ts";
import { Following } from "./following.ts";
import { honouredOf } from "./honoured.ts";
import { Informer } from "./informing.ts";
import { Learner } from "./learning.ts";
import type { Findings } from "./inspection.ts";
import { Handover } from "./handing-over.ts";
import { Judging } from "./judging.ts";
import type { FloorRecord } from "./marks.ts";
import { FLOOR_PREFIX, floorCodec, floorKeyOf } from "./marks.ts";
import { News } from "./news.ts";
import { Peers } from "./peers.ts";
import type { Change, ClusterView, Context, GroupStock, KeyState, LayoutStanding, ReadOptions, Records, ScanOptions, ScanPage, Write, WriteOptions, WriteResult } from "./port.ts";
import { Reader } from "./reading.ts";
import { Replica } from "./replica.ts";
import { livePage, stateOf, wholeState } from "./rows.ts";
import type { RangeOptions } from "./rows.ts";
import { Scanner } from "./scanning.ts";
import { Sender } from "./sending.ts";
import { Stock, standingOf } from "./stock.ts";
import { Server } from "./serving.ts";
import { Verifier } from "./verify.ts";
import { Views } from "./views.ts";

/** What catching up and comparing fetch in the long run, and at once. */
const FETCH_BYTES_PER_SECOND = 32 * 1024 * 1024;
const FETCH_BURST_BYTES = 16 * 1024 * 1024;
const CATCH_UP_MS = 2000;
const OUTBOX_MS = 1000;
const HANDOVER_MS = 5000;
/** Removals nudge it; this is for what was cut short. */
const JUDGING_MS = 10_000;
const DELETIONS_MS = 2000;
/** How long a host waits at its start for the others to confirm its disk, before it writes. */
const CONFIRM_MS = 3000;

export interface RecordsParts {
  readonly log: RecordLog;
  readonly transport: Transport;
  readonly cluster: ClusterView;
  readonly signer: {
    readonly host: KeyPair;
    /** The person in whose name this host writes, if there is one. */
    readonly delegation?: () => Delegation | undefined;
  };
  readonly network: NetworkId;
  /** Nobody was there when this host came: what it has of the roster is all there is. Default: yes. */
  readonly isFounder?: boolean;
  /** How fast what was missed is fetched, beyond the first 16 MiB. Default: 32 MiB. */
  readonly fetchBytesPerSecond?: number;
}

/** The replicated store of one host, with its workers. */
export class RunningRecords implements Records {
  readonly #env: Env;
  readonly #parts: RecordsParts;
  readonly #replica: Replica;
  readonly #peers: Peers;
  readonly #sender: Sender;
  readonly #reader: Reader;
  readonly #scanner: Scanner;
  readonly #informer: Informer;
  readonly #learner: Learner;
  readonly #announcer: Announcer;
  readonly #following: Following;
  readonly #confirmer: Confirmer;
  readonly #catchUp: Worker;
  readonly #outbox: Worker;
  readonly #handover: Worker;
  readonly #judging: Worker;
  readonly #antiEntropy: AntiEntropy;
  readonly #stock: Stock;
  readonly #deletions: Worker;
  readonly #views: Views;
  readonly #stopping = new AbortController();
  readonly #endings: (() => void)[] = [];
  #rosterChanges = 0;

  constructor(env: Env, parts: RecordsParts, replica: Replica) {
    const { cluster, network, transport } = parts;
    this.#env = env;
    this.#parts = parts;
    this.#replica = replica;
    this.#views = new Views(env.log);
    const verifier = new Verifier(network);
    this.#peers = new Peers(env, transport, verifier, replica.counters);
    const peers = this.#peers;
    const pace = new TokenBucket(env.clock, { perSecond: parts.fetchBytesPerSecond ?? FETCH_BYTES_PER_SECOND, burst: FETCH_BURST_BYTES });
    const cursors = new Cursors(replica.positions);
    this.#sender = new Sender(env, { replica, cluster, peers, hasLearntSince: (peer, sinceMs) => catchUp.hasLearntSince(peer, sinceMs) });
    this.#reader = new Reader(env, { replica, cluster, peers });
    this.#scanner = new Scanner(env, { replica, cluster, peers }, this.#reader);
    this.#informer = new Informer(env, replica, this.#reader);
    this.#learner = new Learner(env, { replica, peers, network, inReach: () => this.#inReach() });
    this.#announcer = new Announcer(env, { replica, cluster, network });
    this.#following = new Following({ replica });
    const abreast = new Abreast(replica, cluster);
    const catchUp = new CatchUp({ env, replica, peers, abreast, pace, cursors, network, cluster, roster: () => this.#rosterChanges, inReach: () => this.#inReach() });
    this.#confirmer = new Confirmer(env, replica, cluster, peers, (peer) => catchUp.hasAllOf(peer));
    const news = new News(replica, transport);
    new Server({ replica, cluster, peers, news, abreast, pull: (peer, groups) => catchUp.news(peer, groups, this.#stopping.signal) }).register(transport);
    this.#endings.push(replica.onCommit((committed) => news.committed(committed)));
    this.#endings.push(transport.onPeer(({ kind, peer }) => (kind === "down" ? news.left(peer) : undefined)));
    this.#antiEntropy = new AntiEntropy(env, { replica, peers, verifier, pace, inReach: () => this.#inReach(), hasAllOf: (peer) => catchUp.hasAllOf(peer) });
    this.#antiEntropy.register(transport);
    this.#stock = new Stock(env, { replica, cluster, peers });
    this.#stock.register(transport);
    replica.quarantine.onDamage(() => this.#catchUp.nudge());
    // A random part keeps the hosts of a network from asking in step.
    const everyMs = CATCH_UP_MS * (0.8 + 0.4 * env.random.fraction());
    this.#catchUp = new Worker(env, {
      name: "catch-up",
      everyMs,
      work: async (turn) => {
        await catchUp.turn(turn);
        await this.#confirmer.turn(turn.signal);
        await this.#announcer.tellReadiness();
      },
    });
    const handover = new Handover({ replica, cluster, peers });
    this.#handover = new Worker(env, { name: "handover", everyMs: HANDOVER_MS, work: (turn) => handover.turn(turn) });
    this.#outbox = new Worker(env, { name: "outbox", everyMs: OUTBOX_MS, work: (turn) => this.#sender.turn(turn) });
    // Once for each batch, however many calls share it.
    this.#endings.push(replica.onCommit(({ deliveries }) => deliveries.forEach((delivery) => this.#sender.committed(delivery))));
    replica.onAhead((delivery) => this.#sender.send(delivery));
    const judging = new Judging(env, { replica, cluster, network });
    const publish = (record: FloorRecord, context: Context): Promise<void> => this.#announcer.tell(floorKeyOf(cluster.self), floorCodec.encode(record), context);
    const deletions = new Deletions(env, { replica, cluster, peers, pace, following: this.#following, hasCaughtUpSince: (peer, sinceMs) => catchUp.hasCaughtUpSince(peer, sinceMs), declined: (sinceMs) => this.#sender.declined(sinceMs), publish });
    this.#deletions = new Worker(env, { name: "deletions", everyMs: DELETIONS_MS, work: (turn) => deletions.turn(turn) });
    this.#judging = new Worker(env, { name: "judging", everyMs: JUDGING_MS, work: (turn) => judging.turn(turn) });
    this.#endings.push(replica.onCommit(({ changed }) => this.#applied(changed)));
    this.#endings.push(transport.onPeer(({ kind, peer }) => (kind === "up" ? this.#greet(peer, catchUp) : undefined)));
  }

  start(): void {
    this.#announcer.start(CONFIRM_MS);
    for (const worker of this.workers()) worker.start();
  }

  /** Ends the workers and all feeds, and waits for the commit under way. What the outbox holds goes on at the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort(new RecordsError("CLOSED", "The record store is being closed."));
    for (const end of this.#endings.splice(0)) end();
    await Promise.all(this.workers().map((worker) => worker.stop()));
    await this.#replica.keepStep().catch((error: unknown) => this.#env.log.info("the disk could not be told that nothing was sent ahead of it; the next start takes a new incarnation", { error }));
    await this.#replica.close();
  }

  workers(): readonly Worker[] {
    return [this.#catchUp, this.#outbox, this.#handover, this.#judging, this.#deletions, ...this.#antiEntropy.workers];
  }

  /** Whether this host's copy of who takes part has caught up with another's to its end, or there is no other. */
  get isRosterWhole(): boolean {
    return this.#replica.readiness.own(EVERYWHERE) !== undefined;
  }

  /** What was refused, met or repeated so far, by name; and what waits. */
  counters(): Readonly<Record<string, number>> {
    const { counters, outbox } = this.#replica;
    return { ...counters.snapshot(), "outbox batches": outbox.size, "outbox bytes": outbox.bytes, "hint batches": outbox.hintCount, "hint bytes": outbox.hintBytes };
  }

  /** Which hosts should keep each shard, and whose copies of it are complete, for namespaces of as many replicas as most have, or as any has. */
  standing(): LayoutStanding {
    return standingOf(this.#replica, this.#parts.cluster);
  }

  /** What every host that is there has of each group; hosts that do not answer are missing. */
  stock(): Promise<ReadonlyMap<HostId, readonly GroupStock[]>> {
    return this.#stock.all(this.#stopping.signal);
  }

  /**
   * Resolves once all other members have confirmed that this host's disk is up to date, or after three seconds. Writing earlier is safe, but
   * costs a new incarnation, which lengthens the history of every key written from then on.
   * @returns whether it is settled who this host writes as
   */
  confirmAtStart(): Promise<boolean> {
    return this.#confirmer.settled(CONFIRM_MS, this.#stopping.signal);
  }

  /** Compares this host's rows with a peer's now, and fetches what is missing here. The worker "compare" does so now and then. @throws NetError, PlatformError, RecordsError */
  compareWith(peer: HostId): Promise<Compared> {
    return this.#antiEntropy.compareWith(peer, this.#stopping.signal);
  }

  /** Looks through all rows now. The worker "check records" does so a little at a time. */
  check(): Promise<Findings> {
    return this.#antiEntropy.checkAll(this.#stopping.signal);
  }

  create(genesis: Genesis): Promise<NamespaceId> {
    return this.#learner.create(genesis);
  }

  genesis(namespace: NamespaceId): Genesis | undefined {
    return this.#replica.geneses.get(namespace);
  }

  namespaces(): readonly NamespaceId[] {
    return [...this.#replica.geneses.keys()];
  }

  async write(writes: readonly Write[], options: WriteOptions = {}): Promise<WriteResult> {
    options.signal?.throwIfAborted();
    if (writes.length === 0) return { dots: [], copies: 1, safe: true };
    for (const { namespace } of writes) if (!this.#replica.geneses.has(namespace)) await this.#learner.learn(namespace, options.signal);
    const written = await this.#replica.write(await this.#informer.inform(writes), options.as ?? "account");
    return this.#sender.outcome(written, options);
  }

  local(namespace: NamespaceId, key: string, { deleted = false }: Pick<ReadOptions, "deleted"> = {}): KeyState | undefined {
    const siblings = this.#replica.rows.unsealed(namespace, key);
    return deleted ? wholeState(key, siblings) : stateOf(key, siblings);
  }

  deleted(namespace: NamespaceId, key: string): boolean {
    return this.#replica.rows.unsealed(namespace, key).some(({ body }) => body.value === null);
  }

  localScan(namespace: NamespaceId, options: RangeOptions): ScanPage {
    return livePage(this.#replica.rows, namespace, options);
  }

  honouredOf(host: HostId): Promise<readonly LastHonoured[]> {
    return honouredOf(this.#replica, this.#peers, this.#inReach(), host, this.#stopping.signal);
  }

  async read(namespace: NamespaceId, key: string, options: ReadOptions = {}): Promise<KeyState | undefined> {
    return this.#reader.read(namespace, await this.#learner.learn(namespace, options.signal), key, options);
  }

  async scan(namespace: NamespaceId, options: ScanOptions): Promise<ScanPage> {
    return this.#scanner.scan(namespace, await this.#learner.learn(namespace, options.signal), options);
  }

  async follow(namespace: NamespaceId): Promise<void> {
    await this.#learner.learn(namespace, undefined);
    await this.#following.follow(namespace);
    this.#catchUp.nudge();
  }

  unfollow(namespace: NamespaceId): Promise<void> {
    return this.#following.unfollow(namespace);
  }

  /** Whether this host keeps a copy of the namespace by its own choice, or is about to begin one. */
  follows(namespace: NamespaceId): boolean {
    return this.#following.isChosen(namespace);
  }

  /** Whether all of the namespace belongs on this host, by the layout or because it follows. The copy may still be on its way. */
  keeps(namespace: NamespaceId, genesis = this.genesis(namespace)): boolean {
    return genesis !== undefined && groupsOf(namespace, genesis).every((group) => this.#replica.holdings.holds(namespace, genesis, group));
  }

  async *changes(namespace: NamespaceId, position: string | undefined, signal: AbortSignal, genesis?: Genesis): AsyncGenerator<Change> {
    yield* new Feed(this.#env, this.#replica, namespace, genesis ?? (await this.#learner.learn(namespace, signal)), position).run(AbortSignal.any([signal, this.#stopping.signal]));
  }

  onApplied(listener: (namespace: NamespaceId, keys: readonly string[]) => void): () => void {
    return this.#views.add(listener);
  }

  /** A host that has just joined knows no members yet, or not all; whom its transport let in may be asked all the same, since every record is proven. */
  #inReach(): readonly HostId[] {
    const { cluster, transport } = this.#parts;
    return this.isRosterWhole && cluster.members().includes(cluster.self) ? cluster.online() : transport.connected();
  }

  #greet(peer: HostId, catchUp: CatchUp): void {
    this.#sender.refresh(peer);
    catchUp.greet(peer);
    this.#catchUp.nudge();
    this.#outbox.nudge();
  }

  #applied(changed: readonly ChangedRow[]): void {
    const roster = this.#parts.network as string as NamespaceId;
    if (changed.some(({ namespace }) => namespace === roster)) this.#rosterChanges += 1;
    const keys = this.#views.tell(changed).get(roster);
    // The roster is a view of the records too, and has been brought up to date by now.
    if (keys === undefined) return;
    this.#judging.nudge();
    if (keys.some((key) => key.startsWith(FLOOR_PREFIX))) this.#deletions.nudge();
  }
}

/** Opens the records of this host's log and answers other hosts from now on; `start` sets the workers going. */
export async function createRecords(env: Env, parts: RecordsParts): Promise<RunningRecords> {
  const { log, cluster, network, signer, isFounder } = parts;
  const replica = await Replica.open(env, { log, cluster, network, seal: hostSealer(signer.host, network), delegation: () => signer.delegation?.(), ...(isFounder === undefined ? {} : { isFounder }) });
  return new RunningRecords(env, parts, replica);
}
