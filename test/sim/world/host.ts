import { delegateToHost } from "../../../src/account/index.ts";
import type { Account } from "../../../src/account/index.ts";
import { readCertificate } from "../../../src/cluster/index.ts";
import type { RedeemAnswer } from "../../../src/cluster/index.ts";
import type { HostCard } from "../../../src/cluster/entries.ts";
import type { HostId } from "../../../src/codec/index.ts";
import { idFromBytes } from "../../../src/codec/index.ts";
import { keyPairFromSeed } from "../../../src/crypto/index.ts";
import type { Circle } from "../../../src/daemon/circle.ts";
import { createCircle } from "../../../src/daemon/circle.ts";
import type { HostIdentity } from "../../../src/daemon/directory.ts";
import type { MemoryNetwork } from "../../../src/net/index.ts";
import { codeOf, messageOf } from "../../../src/platform/index.ts";
import type { LogOperation } from "../../../src/store/index.ts";
import { MemoryDisk, MemoryLog } from "../../../src/store/index.ts";
import { HostEnv, WallClock } from "./host-env.ts";
import type { SeededRandom } from "./random.ts";
import type { VirtualTime } from "./time.ts";
import type { Trace } from "./trace.ts";
import type { CallPoint, Onlooker } from "./watched.ts";
import { WatchedLog, WatchedTransport } from "./watched.ts";

export interface HostPlan {
  readonly name: string;
  readonly seed: Uint8Array;
  readonly person: Account;
  readonly answer: RedeemAnswer;
}

/** What all hosts of a world share. */
export interface Ground {
  readonly time: VirtualTime;
  readonly trace: Trace;
  readonly wire: MemoryNetwork;
  /** What a step of a walk through rows reads at most. */
  readonly stepBytes: number;
  /** Draws whether a process ends at a call. */
  readonly mayEnd: (host: SimHost, point: CallPoint) => boolean;
  /** A host could not be started, though nothing was wrong with its disk. */
  readonly onBadStart: (host: SimHost, why: string) => void;
}

interface Life {
  readonly env: HostEnv;
  readonly started: AsyncDisposableStack;
  readonly ended: PromiseWithResolvers<void>;
  circle: Circle | undefined;
  /** Its log takes no more commits. */
  isBroken: boolean;
}

/** What few runs come to, and is to be seen in those that do. */
export const COUNTED = ["deletions collected", "floors raised", "times a newcomer"] as const;
type Counted = (typeof COUNTED)[number];

const CAPACITY_BYTES = 2 ** 30;
const VERSION = "1";

/** What a host says of itself that was never declared gone. */
export function cardOf(addresses: string[]): HostCard {
  return { addresses, capacityBytes: CAPACITY_BYTES, version: VERSION, returns: 0 };
}

/** How long whoever looks after the machine waits before starting a host that has ended by itself. */
const RESTART_MS = 1_000;

/** One machine: a disk, a clock, an identity; and one process after the other, each built as the daemon builds it. */
export class SimHost {
  readonly name: string;
  readonly id: HostId;
  identity: HostIdentity;
  readonly person: Account;
  readonly disk: MemoryDisk;
  readonly wall = new WallClock();
  readonly #ground: Ground;
  readonly #random: SeededRandom;
  #life: Life | undefined;
  #lives = 0;
  #isPaused = false;
  /** A fault of the disk that excuses a host which cannot start. */
  isDiskBad = false;
  /** Times that a sync failed under a process. */
  brokenLogs = 0;
  /** Whose addresses its last process had when it ended. */
  #acquaintances: ReadonlySet<HostId> = new Set();
  /** What its processes that have ended had counted. */
  readonly #counted = new Map<string, number>();
  /** Milliseconds that its processes were stopped, in all. */
  pausedMs = 0;
  #pausedAtMs = 0;
  /** No longer of the network: nobody starts it again. */
  isRemoved = false;

  constructor(ground: Ground, random: SeededRandom, { name, seed, person, answer }: HostPlan) {
    this.#ground = ground;
    this.#random = random;
    this.name = name;
    this.person = person;
    const key = keyPairFromSeed(seed);
    this.id = idFromBytes<HostId>(key.publicKey);
    this.identity = { ...answer, key, host: this.id, network: readCertificate(answer.certificate)! };
    this.disk = new MemoryDisk(random.fork());
  }

  /** The running host; undefined while it is down, or still starting. */
  get circle(): Circle | undefined {
    return this.#life?.circle;
  }

  /** Other hosts whose addresses it has, or had when it went down. */
  get acquaintances(): ReadonlySet<HostId> {
    if (this.circle === undefined) return this.#acquaintances;
    const others = [...this.circle.cluster.register.members.values()].filter(({ host, addresses }) => host !== this.id && addresses.length > 0);
    return new Set(others.map(({ host }) => host));
  }

  get isUp(): boolean {
    return this.#life !== undefined;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Counts the processes: what was asked of an earlier one will not be answered. */
  get life(): number {
    return this.#lives;
  }

  /** Resolves when the present process has ended. */
  get ended(): Promise<void> {
    return this.#life?.ended.promise ?? Promise.resolve();
  }

  /** Whether the process that was asked something is still there to answer. */
  isStill(life: number): boolean {
    return this.#life !== undefined && this.#lives === life;
  }

  /** How often something that its processes count has happened in all of them. */
  count(name: Counted): number {
    return (this.#counted.get(name) ?? 0) + (this.circle?.records.counters()[name] ?? 0);
  }

  start(): void {
    if (this.#life !== undefined || this.isRemoved) return;
    this.#lives += 1;
    const { time, trace } = this.#ground;
    trace.add(`${this.name} starts`);
    const env = new HostEnv({ time, wall: this.wall, random: this.#random.fork(), say: (level, event, fields) => trace.add(`${this.name} ${level} ${event}${"error" in fields ? ` ${messageOf(fields["error"])}` : ""}`) });
    const life: Life = { env, started: new AsyncDisposableStack(), ended: Promise.withResolvers(), circle: undefined, isBroken: false };
    this.#life = life;
    this.#ground.wire.revive(this.id);
    this.#begin(life).catch((error: unknown) => this.#failed(life, error));
  }

  /** The process ends at once. @param keptCommits of what was not synced, so many commits are on the disk all the same */
  crash(keptCommits: number): void {
    if (this.#life === undefined) return;
    this.#ground.trace.add(`${this.name} ends`);
    this.#life.env.end();
    this.#life.ended.resolve();
    for (const name of COUNTED) this.#counted.set(name, this.count(name));
    this.#acquaintances = this.acquaintances;
    this.#life = undefined;
    this.#isPaused = false;
    this.disk.crash(keptCommits);
    this.#ground.wire.crash(this.id);
  }

  /** Ends the process in order, as the daemon does at SIGTERM. */
  async stop(): Promise<void> {
    const life = this.#life;
    if (life === undefined || this.#isPaused) return;
    await life.started.disposeAsync().catch(() => {});
    if (this.#life === life) this.crash(Infinity);
  }

  /** As SIGSTOP does: nothing moves, and nobody is told. */
  pause(): void {
    if (this.#life === undefined || this.#isPaused) return;
    this.#isPaused = true;
    this.#pausedAtMs = this.#ground.time.nowMs;
    this.#life.env.pause();
    this.#ground.wire.paths.darken(this.id);
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.pausedMs += this.#ground.time.nowMs - this.#pausedAtMs;
    this.#ground.wire.paths.brighten(this.id);
    this.#life?.env.resume();
  }

  async #begin(life: Life): Promise<void> {
    const { wire, stepBytes } = this.#ground;
    const { env } = life;
    const onlooker = this.#onlooker(life);
    const delegation = delegateToHost(this.person, this.identity.network.id, this.id, 1);
    const circle = await createCircle(
      env,
      {
        identity: this.identity,
        settings: { hostName: this.name, zone: this.name, capacityBytes: CAPACITY_BYTES },
        delegation,
        version: VERSION,
        log: new WatchedLog(new MemoryLog(env, this.disk), onlooker, stepBytes),
        connect: (admission) => Promise.resolve(new WatchedTransport(wire.transport({ self: this.id, admission }), onlooker)),
        beat: (transport) => Promise.resolve({ freeBytes: 0, usedBytes: 0, addresses: transport.addresses(), httpPort: 0, processId: 1 }),
        whereabouts: () => [],
      },
      life.started,
    );
    if (this.#life !== life) return;
    life.circle = circle;
    await circle.start();
  }

  #onlooker(life: Life): Onlooker {
    const { trace, mayEnd } = this.#ground;
    return {
      endsAt: (point) => this.#life !== life || mayEnd(this, point),
      failed: (error) => this.#broken(life, error),
      committing: (operations) => trace.add(`${this.name} commits ${operations.length} ${sizeOf(operations)}`),
      delivered: (from, kind, bytes) => trace.add(`${this.name} hears ${from.slice(0, 6)} ${kind} ${bytes}`),
    };
  }

  /** A log that could not sync takes nothing more until the process is started anew. */
  #broken(life: Life, error: unknown): void {
    if (this.#life !== life || life.isBroken || codeOf(error) !== "LOG_BROKEN") return;
    life.isBroken = true;
    this.brokenLogs += 1;
    this.#ground.time.after(RESTART_MS, () => {
      if (this.#life !== life) return;
      this.crash(0);
      this.start();
    });
  }

  #failed(life: Life, error: unknown): void {
    if (this.#life !== life) return;
    this.#ground.trace.add(`${this.name} cannot start: ${messageOf(error)}`);
    const isExcused = this.isDiskBad || codeOf(error) === "LOG_BROKEN" || codeOf(error) === "LOG_FULL";
    if (!isExcused) this.#ground.onBadStart(this, error instanceof Error ? (error.stack ?? error.message) : String(error));
    this.crash(Infinity);
    this.#ground.time.after(RESTART_MS, () => this.start());
  }
}

function sizeOf(operations: readonly LogOperation[]): number {
  return operations.reduce((sum, operation) => sum + operation.key.length + (operation.kind === "put" ? operation.value.length : 0), 0);
}
