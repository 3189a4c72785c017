import { groupsOf } from "../../src/cluster/index.ts";
import { settingCodec } from "../../src/cluster/entries.ts";
import { SETTINGS } from "../../src/cluster/roster.ts";
import { checkBounds } from "./checks/bounds.ts";
import { Collections } from "./checks/collections.ts";
import { Coordination } from "./checks/coordination.ts";
import { checkDeletions } from "./checks/deletions.ts";
import { checkDots } from "./checks/dots.ts";
import type { Judgement } from "./checks/judgement.ts";
import { checkLosses } from "./checks/losses.ts";
import { ReadinessCheck } from "./checks/readiness.ts";
import { Sessions } from "./checks/sessions.ts";
import type { Stage } from "./faults/fault.ts";
import { Swarm } from "./faults/swarm.ts";
import type { Report } from "./report.ts";
import { FeedReader } from "./world/feeds.ts";
import { COUNTED } from "./world/host.ts";
import { History } from "./world/history.ts";
import type { SeededRandom } from "./world/random.ts";
import type { KeyView } from "./world/shown.ts";
import { describe, differing, look } from "./world/shown.ts";
import type { Namespace } from "./world/workload.ts";
import { Workload, namespacesOf } from "./world/workload.ts";
import { World } from "./world/world.ts";

export interface SimulationOptions {
  readonly seed: number;
  /** Default: 5 to 9, as the seed says. */
  readonly hosts?: number;
  readonly operations?: number;
  /** The only kinds of faults, each of them often; an empty list: nothing goes wrong. */
  readonly faults?: readonly string[];
  /** Whether deletions become old, and hosts gone, in seconds, and the run is long enough for floors to rise. Default: no. */
  readonly isLong?: boolean;
  readonly readAlong?: (line: string) => void;
}

const OPERATIONS = 1_000;
const USUAL_HOSTS = 7;
/** So many begin as hosts that have known each other for a while: having them all come together takes longer than all the rest. */
const SETTLED_HOSTS = 50;
/** However few operations there are, they take so long that faults have their time. */
const SHORTEST_RUN_MS = 20_000;
/** A run ends after this even if clients could not do all they wanted. */
const LONGEST_MS = 120_000;
/** Replicas are to be equal so long after everything has healed. */
const HEALED_MS = 150_000;
const LOOK_EVERY_MS = 1_000;
const QUIET_MS = 3_000;
/** Settings that take days in a real network. */
const SHORT_MS = [2_000, 20_000] as const;
/** In a long run all of them are so short that several floors rise; clients go slower and delete more, on more keys, so that many deletions are collected. */
const SHORTEST_MS = [1_000, 3_000] as const;
const SLOWER = 4;
const MORE_KEYS = 3;
const MORE_DELETIONS = 0.3;

/** One run: a network is founded, clients and faults have their time, everything is healed, and then it is judged what there is. */
export async function simulate(options: SimulationOptions): Promise<Report> {
  const run = new Run(options);
  await run.play();
  return run.report();
}

class Run {
  readonly #options: SimulationOptions;
  readonly #world: World;
  readonly #history = new History();
  readonly #sessions = new Sessions(this.#history);
  readonly #readiness: ReadinessCheck;
  readonly #coordination: Coordination;
  readonly #collections: Collections;
  readonly #fired = new Map<string, number>();
  #namespaces: readonly Namespace[] = [];
  #feeds: readonly FeedReader[] = [];
  #views: readonly KeyView[] | undefined;
  #healedMs = 0;
  readonly #isLong: boolean;

  constructor(options: SimulationOptions) {
    this.#options = options;
    const { seed, readAlong, isLong = false } = options;
    this.#isLong = isLong;
    this.#world = new World({ seed, quality: { delayMs: 1, jitterMs: 5, lossFraction: 0, duplicateFraction: 0 }, ...(readAlong === undefined ? {} : { readAlong }) });
    this.#coordination = new Coordination(this.#world, this.#history);
    this.#collections = new Collections(this.#world, this.#history);
    this.#readiness = new ReadinessCheck(this.#world, this.#history, () => this.#namespaces);
  }

  async play(): Promise<void> {
    const world = this.#world;
    const { random } = world;
    const hosts = this.#options.hosts ?? 5 + random.below(5);
    await world.found(hosts, hosts >= SETTLED_HOSTS);
    await this.#choose(random.fork());
    this.#namespaces = namespacesOf(world, random.fork(), (2 + random.below(12)) * (this.#isLong ? MORE_KEYS : 1));
    this.#tellGeneses();
    const workload = this.#workload();
    const swarm = new Swarm(this.#stage(workload), this.#options.faults);
    this.#feeds = this.#namespaces.filter(({ id, genesis }) => groupsOf(id, genesis).length === 1).map((namespace) => new FeedReader(world, namespace));
    for (const host of world.hosts) workload.attend(host);
    for (const feed of this.#feeds) feed.begin();
    swarm.begin();
    this.#coordination.begin();
    this.#collections.begin();
    await world.time.run(world.time.nowMs + LONGEST_MS, () => workload.isDone);
    workload.end();
    swarm.heal();
    await this.#healed(swarm);
    await this.#finishFeeds();
  }

  report(): Report {
    const { counts } = this.#world.wire.paths;
    for (const [name, count] of Object.entries(counts)) if (count > 0) this.#fired.set(`messages ${name}`, count as number);
    const broken = this.#world.hosts.reduce((sum, { brokenLogs }) => sum + brokenLogs, 0);
    if (broken > 0) this.#fired.set("syncs failed", broken);
    for (const name of COUNTED) {
      const count = this.#world.hosts.reduce((sum, host) => sum + host.count(name), 0);
      if (count > 0) this.#fired.set(name, count);
    }
    const judgements = this.#judge();
    for (const { invariant, findings } of judgements) for (const finding of findings) this.#world.trace.add(`${invariant} ${finding}`);
    return {
      seed: this.#options.seed,
      hosts: this.#world.hosts.length,
      operations: this.#history.operations,
      virtualMs: this.#world.time.nowMs,
      healedMs: this.#healedMs,
      steps: this.#world.time.taken,
      fired: this.#fired,
      judgements,
      trace: this.#world.trace.digest(),
    };
  }

  /** In some runs hosts are gone, and deletions old, after seconds. */
  async #choose(random: SeededRandom): Promise<void> {
    const founder = this.#world.hosts[0]!;
    const namespace = this.#world.network.namespace;
    const between = ([from, to]: readonly [number, number]): number => random.between(from, to);
    for (const { name } of Object.values(SETTINGS)) {
      const isLeft = random.chance(0.4);
      if (isLeft && !this.#isLong) continue;
      const value = settingCodec.encode({ ms: Math.round(between(this.#isLong ? SHORTEST_MS : SHORT_MS)) });
      await this.#world.time.settle("a setting", founder.circle!.records.write([{ namespace, key: `setting/${name}`, value }]));
    }
  }

  /** Each host may be asked for any namespace; as the command line does before the first write. */
  #tellGeneses(): void {
    for (const host of this.#world.hosts) {
      const tell = (): void => {
        const records = host.circle?.records;
        if (records === undefined) return void this.#world.time.after(100, tell);
        for (const { genesis } of this.#namespaces) records.create(genesis).catch(() => {});
      };
      tell();
    }
  }

  #workload(): Workload {
    const random = this.#world.random.fork();
    const hosts = this.#world.hosts.length;
    const operations = this.#options.operations ?? OPERATIONS;
    // However many hosts there are, so many operations take about as long, and faults have their time.
    const pauseMs = (random.between(50, 600) * hosts * (this.#isLong ? SLOWER : 1)) / USUAL_HOSTS;
    const clientsPerHost = 1 + random.below(4);
    const load = {
      pauseMs: operations < OPERATIONS ? Math.max(pauseMs, (SHORTEST_RUN_MS * hosts * clientsPerHost) / operations) : pauseMs,
      clientsPerHost,
      operations,
      shares: { blind: random.between(0, 0.2), delete: random.between(0, 0.3) + (this.#isLong ? MORE_DELETIONS : 0), batch: random.between(0, 0.1), read: random.between(0.1, 0.4), fresh: random.between(0, 0.1), scan: random.between(0, 0.05), carry: random.between(0, 0.2), named: random.between(0, 0.1) },
    };
    return new Workload(this.#world, this.#history, this.#namespaces, load, {
      wrote: (operation, ids) => {
        this.#sessions.wrote(operation, ids);
        this.#readiness.wrote(ids);
      },
      read: (operation, shown, named) => {
        this.#sessions.read(operation, shown, named);
        this.#readiness.read(operation, shown);
        this.#collections.read(operation, shown);
      },
    });
  }

  #stage(workload: Workload): Stage {
    return {
      world: this.#world,
      random: this.#world.random.fork(),
      history: this.#history,
      onDiskLost: (host) => this.#sessions.lostDisk(host),
      onJoined: (host) => workload.attend(host),
      fired: (name, by = 1) => this.#fired.set(name, (this.#fired.get(name) ?? 0) + by),
    };
  }

  /** Lets time pass until all replicas show the same, or until they should. */
  async #healed(swarm: Swarm): Promise<void> {
    const { time } = this.#world;
    const beganMs = time.nowMs;
    while (time.nowMs < beganMs + HEALED_MS) {
      await time.run(time.nowMs + LOOK_EVERY_MS);
      this.#views = look(this.#world, this.#namespaces);
      if (this.#views !== undefined && this.#isQuiet() && differing(this.#views).length === 0) break;
      swarm.heal();
    }
    this.#healedMs = time.nowMs - beganMs;
  }

  /** Whether nothing is under way: a write may wait where none of its replicas shows it yet. */
  #isQuiet(): boolean {
    const isOpen = this.#history.operations.some(({ endedMs, host, life }) => endedMs === undefined && host.isStill(life));
    return !isOpen && this.#world.running().every(({ circle }) => circle!.records.counters()["outbox batches"] === 0);
  }

  async #finishFeeds(): Promise<void> {
    const { time } = this.#world;
    for (const feed of this.#feeds) feed.end();
    await time.run(time.nowMs + LOOK_EVERY_MS);
    for (const feed of this.#feeds) {
      const view = this.#views?.find(({ namespace }) => namespace.id === feed.namespace);
      if (view !== undefined) feed.finish(view.views[0]!.host);
    }
    await time.run(time.nowMs + QUIET_MS);
    this.#views = look(this.#world, this.#namespaces);
    // A feed that nobody ends would keep its whole world in memory, one for each seed.
    for (const feed of this.#feeds) feed.end();
  }

  #judge(): Judgement[] {
    const views = this.#views;
    const different = views === undefined ? [`the hosts do not agree on who takes part: ${this.#world.members().map(({ name, circle }) => `${name} knows ${circle?.cluster.members().length ?? "nothing"}`).join(", ")}`] : differing(views).map(describe);
    if (this.#healedMs >= HEALED_MS && different.length === 0) different.push("some writes have not reached all their replicas");
    const starts = this.#world.badStarts.map(({ host, why }) => `${host.name} could not be started: ${why}`);
    return [
      { invariant: "I2", judged: views?.length ?? 1, exempt: 0, findings: different },
      ...(views === undefined ? [] : [checkLosses(this.#history, views), checkDeletions(this.#history, views), ...this.#feeds.map((feed) => feed.judgement(views))]),
      checkBounds(this.#world, this.#history),
      checkDots(this.#history),
      this.#collections.judgement(),
      this.#sessions.judgement(),
      this.#readiness.judgement(),
      this.#coordination.judgement(),
      { invariant: "I9", judged: this.#world.hosts.reduce((sum, { life }) => sum + life, 0), exempt: 0, findings: starts },
    ];
  }
}
