import type { KnownWrite, Outcome } from "./checker.ts";
import type { SeededRandom } from "./random.ts";

/** One version as a host shows it. */
export interface Shown<V> {
  /** The write that it is, by what its value says. */
  readonly id: number;
  readonly version: V;
}

/** A host under test, seen from outside. */
export interface Subject<V, C> {
  /** Siblings of a key, deletions among them, and the context that a reader is handed. */
  read(key: string): { readonly siblings: readonly Shown<V>[]; readonly context: C };
  /** Writes, and returns the dot it took and the version to be sent to others. @param context null for a blind put */
  write(key: string, id: number, isDeletion: boolean, context: C | null): Promise<{ readonly dot: string; readonly version: V }>;
  /** Takes in versions from others, in any order, any number of times. */
  receive(versions: readonly V[]): Promise<void>;
  backUp(): void;
  /** Sets the disk back to the last backup, if there is one, and starts anew. */
  restore(): Promise<boolean>;
  /** Starts anew on the disk as it is. */
  restart(): Promise<void>;
  /** After a start with everybody in reach: catches up with all of them, and asks each what it knows of this host's present incarnation. */
  settleIdentity(others: readonly Subject<V, C>[]): Promise<void>;
}

interface Message<V> {
  readonly from: number;
  readonly to: number;
  readonly version: V;
}

export const KEYS = ["x", "y", "z"];

/** Plays a script that the seed decides: blind puts, reads of partial copies, late and repeated messages, backups set back, restarts. */
export class Scenario<V, C> {
  readonly #random: SeededRandom;
  readonly #hosts: readonly Subject<V, C>[];
  readonly #writes: KnownWrite[] = [];
  readonly #ids = new Map<number, ReadonlySet<number>>();
  readonly #setBack = new Set<number>();
  /** Only one disk is ever set back: a write on two disks survives that. */
  readonly #unlucky: number;
  readonly #keys: readonly string[];
  /** Writes that went with a disk before anybody had received them or read them. */
  readonly #traceless = new Set<number>();
  #messages: Message<V>[] = [];

  constructor(random: SeededRandom, hosts: readonly Subject<V, C>[]) {
    this.#random = random;
    this.#hosts = hosts;
    this.#unlucky = random.below(hosts.length);
    this.#keys = KEYS.slice(0, 1 + random.below(KEYS.length));
  }

  async play(steps: number): Promise<Outcome> {
    for (let step = 0; step < steps; step += 1) await this.#step();
    await this.#heal();
    const states = this.#hosts.map((host) => new Map(this.#keys.map((key) => [key, host.read(key).siblings.map(({ id }) => id)])));
    return { writes: this.#writes, states, setBack: this.#setBack, traceless: this.#traceless };
  }

  async #step(): Promise<void> {
    const roll = this.#random.fraction();
    if (roll < 0.45) return this.#write();
    if (roll < 0.75) return this.#deliver();
    if (roll < 0.88) return this.#exchange(this.#random.below(this.#hosts.length), this.#random.below(this.#hosts.length), this.#random.pick(this.#keys));
    if (roll < 0.93) return this.#hosts[this.#unlucky]!.backUp();
    return roll < 0.96 ? this.#restore() : this.#restart();
  }

  async #write(): Promise<void> {
    const at = this.#random.below(this.#hosts.length);
    const key = this.#random.pick(this.#keys);
    const isBlind = this.#random.chance(0.3);
    // The reader's host need not be the writer's: contexts travel with people and programs.
    const shown = this.#hosts[this.#random.chance(0.7) ? at : this.#random.below(this.#hosts.length)]!.read(key);
    const id = this.#writes.length + 1;
    const { dot, version } = await this.#hosts[at]!.write(key, id, this.#random.chance(0.15), isBlind ? null : shown.context);
    const read = new Set(isBlind ? [] : shown.siblings.flatMap((sibling) => [sibling.id, ...(this.#ids.get(sibling.id) ?? [])]));
    this.#ids.set(id, read);
    const hosts = [at];
    for (const [to, host] of this.#hosts.entries()) {
      if (to === at) continue;
      if (hosts.length < 2 && this.#random.chance(0.5)) {
        await host.receive([version]);
        hosts.push(to);
      } else if (this.#random.chance(0.7)) this.#messages.push({ from: at, to, version });
    }
    this.#writes.push({ id, key, dot, read, hosts });
  }

  /** Messages come late, overtake each other, and come again. */
  async #deliver(): Promise<void> {
    if (this.#messages.length === 0) return;
    const place = this.#random.below(this.#messages.length);
    const { to, version } = this.#messages[place]!;
    if (this.#random.chance(0.8)) this.#messages.splice(place, 1);
    await this.#hosts[to]!.receive([version]);
  }

  async #exchange(from: number, to: number, key: string): Promise<void> {
    await this.#hosts[to]!.receive(this.#hosts[from]!.read(key).siblings.map(({ version }) => version));
  }

  /** What a lost life had on the wire is lost with its connections. */
  async #restore(): Promise<void> {
    const host = this.#hosts[this.#unlucky]!;
    if (!(await host.restore())) return;
    this.#setBack.add(this.#unlucky);
    this.#noteTraceless();
    this.#messages = this.#messages.filter(({ from, to }) => from !== this.#unlucky && to !== this.#unlucky);
    await this.#begin(this.#unlucky);
  }

  #noteTraceless(): void {
    const shown = this.#hosts.flatMap((host) => this.#keys.flatMap((key) => host.read(key).siblings.map(({ id }) => id)));
    const traced = new Set(shown.flatMap((id) => [id, ...this.#ids.get(id)!]));
    for (const { id } of this.#writes) if (!traced.has(id)) this.#traceless.add(id);
  }

  async #restart(): Promise<void> {
    const at = this.#random.below(this.#hosts.length);
    await this.#hosts[at]!.restart();
    this.#messages = this.#messages.filter(({ from, to }) => from !== at && to !== at);
    await this.#begin(at);
  }

  /** After a start the others may be in reach or not. */
  async #begin(at: number): Promise<void> {
    const others = this.#hosts.filter((_, other) => other !== at);
    if (this.#random.chance(0.5)) await this.#hosts[at]!.settleIdentity(others);
  }

  async #heal(): Promise<void> {
    for (const { to, version } of this.#messages) await this.#hosts[to]!.receive([version]);
    // Each round takes what one host knows one host further.
    for (let round = 0; round < 2; round += 1) {
      for (let from = 0; from < this.#hosts.length; from += 1) {
        for (let to = 0; to < this.#hosts.length; to += 1) {
          for (const key of this.#keys) if (from !== to) await this.#exchange(from, to, key);
        }
      }
    }
  }
}
