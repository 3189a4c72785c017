import { highest } from "../../src/records/context.ts";
import { addVersion, contextOf } from "../../src/records/merge.ts";
import type { Version } from "../../src/records/merge.ts";
import type { Context, ContextEntry, Dot } from "../../src/records/port.ts";
import { EMPTY_CONTEXT } from "../../src/records/port.ts";
import type { HostId } from "../../src/codec/index.ts";
import type { SeededRandom } from "./random.ts";
import type { Shown, Subject } from "./scenario.ts";

/** Mistakes that others have made, built in on purpose: the checker has to find each. */
export type Bug = "maximum instead of an exact context" | "no new incarnation after a restored backup" | "the last writer by the wall clock wins";

export interface PureVersion extends Version {
  readonly id: number;
  readonly key: string;
  readonly wallMs: number;
}

interface Disk {
  readonly states: ReadonlyMap<string, readonly PureVersion[]>;
  readonly counters: ReadonlyMap<string, number>;
  readonly incarnation: number;
}

/** The merge and nothing around it: fast enough for thousands of seeds. */
export class PureSubject implements Subject<PureVersion, Context> {
  readonly #random: SeededRandom;
  readonly #host: HostId;
  readonly #bug: Bug | undefined;
  readonly #skewMs: number;
  #states = new Map<string, readonly PureVersion[]>();
  #counters = new Map<string, number>();
  #incarnation: number;
  #backup: Disk | undefined;
  #isConfirmed = true;
  #clockMs = 0;

  constructor(random: SeededRandom, host: number, bug: Bug | undefined) {
    this.#random = random;
    this.#host = `h${host}` as HostId;
    this.#bug = bug;
    this.#skewMs = random.below(100);
    this.#incarnation = random.uint32();
  }

  read(key: string): { readonly siblings: readonly Shown<PureVersion>[]; readonly context: Context } {
    const siblings = this.#states.get(key) ?? [];
    const context = contextOf(siblings);
    return { siblings: siblings.map((version) => ({ id: version.id, version })), context: this.#bug === "maximum instead of an exact context" ? rounded(context) : context };
  }

  async write(key: string, id: number, _isDeletion: boolean, context: Context | null): Promise<{ readonly dot: string; readonly version: PureVersion }> {
    const known = contextOf(this.#states.get(key) ?? []);
    if (this.#bug !== "no new incarnation after a restored backup" && (!this.#isConfirmed || this.#wasSeen(key, context ?? EMPTY_CONTEXT) || this.#wasSeen(key, known))) this.#renew();
    const counter = (this.#counters.get(key) ?? 0) + 1;
    this.#counters.set(key, counter);
    this.#clockMs += this.#random.below(20);
    const dot = { actor: { host: this.#host, incarnation: this.#incarnation }, counter };
    const version = { dot, context: context ?? EMPTY_CONTEXT, id, key, wallMs: this.#clockMs + this.#skewMs };
    await this.receive([version]);
    return { dot: nameOf(dot), version };
  }

  async receive(versions: readonly PureVersion[]): Promise<void> {
    for (const version of versions) {
      const siblings = this.#states.get(version.key) ?? [];
      this.#states.set(version.key, this.#bug === "the last writer by the wall clock wins" ? newest([...siblings, version]) : addVersion(siblings, version).siblings);
    }
  }

  backUp(): void {
    this.#backup = { states: new Map(this.#states), counters: new Map(this.#counters), incarnation: this.#incarnation };
  }

  async restore(): Promise<boolean> {
    if (this.#backup === undefined) return false;
    this.#states = new Map(this.#backup.states);
    this.#counters = new Map(this.#backup.counters);
    this.#incarnation = this.#backup.incarnation;
    this.#isConfirmed = false;
    return true;
  }

  async restart(): Promise<void> {
    this.#isConfirmed = false;
  }

  async settleIdentity(others: readonly PureSubject[]): Promise<void> {
    for (const other of others) await this.receive([...other.#states.values()].flat());
    const isBehind = [...this.#keysOf(others)].some((key) => others.some((other) => this.#wasSeen(key, contextOf(other.#states.get(key) ?? []))));
    if (isBehind && this.#bug !== "no new incarnation after a restored backup") this.#renew();
    this.#isConfirmed = true;
  }

  *#keysOf(others: readonly PureSubject[]): Generator<string> {
    for (const other of others) yield* other.#states.keys();
  }

  #wasSeen(key: string, context: Context): boolean {
    return highest(context, { host: this.#host, incarnation: this.#incarnation }) > (this.#counters.get(key) ?? 0);
  }

  #renew(): void {
    this.#incarnation = this.#random.uint32();
    this.#counters.clear();
    this.#isConfirmed = true;
  }
}

function nameOf({ actor, counter }: Dot): string {
  return `${actor.host}.${actor.incarnation}:${counter}`;
}

function rounded(context: Context): Context {
  return context.map((entry): ContextEntry => ({ actor: entry.actor, upTo: entry.extra.at(-1) ?? entry.upTo, extra: [] }));
}

function newest(versions: readonly PureVersion[]): readonly PureVersion[] {
  const best = versions.reduce((a, b) => (b.wallMs > a.wallMs || (b.wallMs === a.wallMs && b.id > a.id) ? b : a));
  return [best];
}

