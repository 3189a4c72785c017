import type { NamespaceId, PackId } from "../../codec/index.ts";
import type { Env } from "../../platform/index.ts";
import { Worker } from "../../platform/index.ts";
import type { KeepParts } from "../hold/hold.ts";
import type { Census, CensusTaker } from "./census.ts";
import type { Whereabouts } from "./whereabouts.ts";
import type { Pool } from "../port.ts";
import { Leftovers } from "./leftovers.ts";
import { Spreading } from "./spreading.ts";
import { Surplus } from "./surplus.ts";
import type { UsedPacks } from "./sweep.ts";
import { majorityOf } from "../record/holders.ts";
import { reliable, staysSince } from "./reliable.ts";
import { SWEEP_EVERY_MS, Sweeper } from "./sweep.ts";
import { whereaboutsOf } from "./whereabouts.ts";

const SURPLUS_EVERY_MS = 60_000;
/** Whoever asks what is known waits no longer than this for a census. */
const KNOWN_MS = 2_000;

/** What people ask about the pool as a whole, and what they have done with a host's part of it. */
export class PoolUpkeep {
  readonly workers: readonly Worker[];
  readonly #surplus: Worker;
  readonly #used = new Map<string, UsedPacks>();
  readonly #keep: KeepParts;
  readonly #taker: CensusTaker;
  readonly #closing = new AbortController();

  constructor(env: Env, keep: KeepParts, { taker, remove }: { readonly taker: CensusTaker; readonly remove: Pool["remove"] }) {
    this.#keep = keep;
    this.#taker = taker;
    const surplus = new Surplus(keep, new Spreading(keep), new Leftovers(keep));
    this.#surplus = new Worker(env, { name: "surplus", everyMs: SURPLUS_EVERY_MS, work: (turn) => surplus.turn(turn) });
    const { parts } = keep;
    const sweeper = new Sweeper({ ...keep, used: this.#used, condemnedForMs: () => parts.condemnedForMs(), remove: (namespace, packs) => remove(namespace, packs) });
    const sweep = new Worker(env, { name: "sweep", everyMs: SWEEP_EVERY_MS, work: (turn) => sweeper.turn(turn) });
    this.workers = [this.#surplus, sweep];
  }

  close(): void {
    this.#closing.abort(new Error("this host is stopping"));
  }

  /** All packs that this host's records know, taken together; a little old where there are very many. */
  census(): Promise<Census> {
    return this.#taker.census(this.#closing.signal);
  }

  /** The census, as far as it is known within a moment: on a host with very many packs an older one, or one of those packs that it has come to since it started. */
  knownCensus(): Promise<Census> {
    return this.#taker.knownWithin(KNOWN_MS, this.#closing.signal);
  }

  /** As they are now, whatever was found a moment ago. */
  freshCensus(): Promise<Census> {
    return this.#taker.census(this.#closing.signal, true);
  }

  /** Has unused packs of namespaces of one type looked for, where this host acts for their owner. Without, nothing is deleted there. */
  sweeps(type: string, used: UsedPacks): void {
    this.#used.set(type, used);
  }

  /** Whether content of earlier may be relied on by something new: a majority of the hosts is in reach, and knows what is condemned. */
  get canRely(): boolean {
    return majorityOf(this.#keep.parts).isInReach;
  }

  /** Those of the packs that may be relied on by something new. To be asked before it is recorded; what is not among them is stored again. */
  reliable(namespace: NamespaceId, packs: Iterable<PackId>): Promise<ReadonlySet<PackId>> {
    return reliable(this.#keep, namespace, packs);
  }

  /** Whether what this host has stored since then, by the clock on the wall, may be relied on without being asked about. */
  staysSince(wallMs: number): boolean {
    return staysSince(this.#keep, wallMs);
  }

  /** What the host is to keep, or how much, has changed. */
  reconsider(): void {
    this.#surplus.nudge();
  }

  /** Undefined for a pack that no namespace has, or has any more. */
  whereabouts(pack: PackId): Whereabouts | undefined {
    const facts = this.#keep.catalog.find(pack);
    return facts === undefined ? undefined : whereaboutsOf(this.#keep, facts);
  }

  *whereaboutsIn(namespace: NamespaceId): Generator<Whereabouts> {
    for (const facts of this.#keep.catalog.packs(namespace)) yield whereaboutsOf(this.#keep, facts);
  }
}
