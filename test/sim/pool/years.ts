import type { Roster } from "../../../src/cluster/index.ts";
import type { HostId } from "../../../src/codec/index.ts";
import type { Machine, Weather } from "./machines.ts";
import { DAY_MS, HOMES, HOUR_MS, absenceMs } from "./machines.ts";
import type { Moved, SimulatedPack } from "./network.ts";
import { GONE_AFTER_MS, REPAIR_AFTER_MS, SimulatedNetwork } from "./network.ts";
import { Planner } from "./planner.ts";
import { Redundancies } from "./redundancies.ts";

/** Mistakes that the checks must find. */
export type Mistake = "counts-who-is-away" | "deletes-what-was-replaced";

export interface YearsOptions {
  readonly seed: number;
  readonly hosts: number;
  readonly packs: number;
  readonly years: number;
  /** No more than m hosts of a pack are made to fail at once: then nothing may be lost. */
  readonly isGentle: boolean;
  readonly weather?: Weather;
  readonly mistake?: Mistake;
  /** A second host that takes itself for the coordinator all the time, whose records are up to a day old. */
  readonly hasRival?: boolean;
  /** Four of ten hosts are cut off for three days in the middle of the run. */
  readonly isParted?: boolean;
}

export interface YearsReport extends Moved {
  readonly lostPacks: number;
  readonly disksLost: number;
  readonly absences: number;
  /** Share of the packs' time by how many hosts could still have been lost: index 0 is "unreadable". */
  readonly timeBySpare: readonly number[];
  /** Pieces that vanished though their disk was sound. */
  readonly vanishedPieces: number;
  /** Hosts that got a second piece of a coded pack. */
  readonly doubled: number;
  readonly ordersOfTheMinority: number;
}

/** Plays years of a network: hosts that are switched off and on, and disks that die. */
export class Years {
  readonly #options: YearsOptions;
  readonly #network: SimulatedNetwork;
  readonly #weather: Weather;
  readonly #redundancies: Redundancies;
  #planner: Planner | undefined;
  #minority: Planner | undefined;
  #rival: Planner | undefined;
  #seenByRival = new Map<SimulatedPack, SimulatedPack["holdings"]>();
  readonly #destroyedMs = new Map<HostId, number>();
  #disksLost = 0;
  #absences = 0;

  constructor(options: YearsOptions) {
    this.#options = options;
    this.#weather = options.weather ?? HOMES;
    this.#network = new SimulatedNetwork(options.seed);
    this.#redundancies = new Redundancies(this.#network);
    for (let host = 0; host < options.hosts; host += 1) this.#live(this.#network.join());
    for (let pack = 0; pack < options.packs; pack += 1) {
      const [k, m] = ([[4, 2], [5, 3], [1, 2]] as const)[pack % 3]!;
      this.#network.store(pack, k, m);
    }
    this.#network.onTouch = (pack) => {
      this.#redundancies.touch(pack);
      for (const planner of [this.#planner, this.#minority, this.#rival]) planner?.note(pack);
    };
    for (const pack of this.#network.packs.values()) this.#redundancies.touch(pack);
    if (options.isParted === true) this.#network.time.after((options.years * 365 * DAY_MS) / 2, () => this.#part());
    if (options.hasRival === true) this.#raiseRival();
    this.#plan();
  }

  async play(): Promise<YearsReport> {
    const { time, packs, machines, moved } = this.#network;
    // A planted mistake is found with the first pack that is lost.
    await time.run(this.#options.years * 365 * DAY_MS, () => this.#options.mistake !== undefined && [...packs.values()].some(({ isLost }) => isLost));
    const there = [...machines.values()].reduce((sum, { disk }) => sum + disk.size, 0);
    const kept = [...machines.values()].reduce((sum, { everKept, everLost }) => sum + everKept - everLost, 0);
    return {
      ...moved,
      lostPacks: [...packs.values()].filter(({ isLost }) => isLost).length,
      disksLost: this.#disksLost,
      absences: this.#absences,
      timeBySpare: this.#redundancies.shares(),
      vanishedPieces: kept - there,
      doubled: [...packs.values()].reduce((sum, { facts, holdings }) => sum + (facts.k === 1 ? 0 : holdings.length - new Set(holdings.map(({ host }) => host)).size), 0),
      ordersOfTheMinority: this.#network.ordersOfTheMinority,
    };
  }

  /** The host that is elected: any will do, as long as a majority hears it. */
  #elected(): Machine | undefined {
    return [...this.#network.machines.values()].find(({ isUp, isCutOff, isRemoved }) => isUp && !isCutOff && !isRemoved);
  }

  #plan(): void {
    const elected = this.#elected();
    if (elected === undefined) return;
    // Elected anew it knows nothing but the records, like a host that has just started.
    if (this.#planner?.host !== elected.host) this.#planner = new Planner(this.#network, elected, () => this.#elected()?.host, undefined, this.#mistaken());
    this.#planner.nudge();
    this.#minority?.nudge();
  }

  #mistaken(): ConstructorParameters<typeof Planner>[4] {
    if (this.#options.mistake !== "counts-who-is-away") return {};
    const seen = this.#network.viewOf(this.#elected()!.host, () => undefined);
    const roster = (): Roster => ({ ...seen.roster(), members: new Map([...seen.roster().members].map(([host, member]) => [host, { ...member, isGone: false }])) });
    return { presence: () => "online", roster };
  }

  #live(machine: Machine): void {
    const { random, time } = this.#network;
    time.after(random.span(this.#weather.upMs), () => this.#leave(machine));
    time.after(random.span(this.#weather.lifeMs), () => this.#destroy(machine));
  }

  #leave(machine: Machine): void {
    const { random, time } = this.#network;
    if (machine.isDestroyed) return;
    if (!machine.isUp || !this.#mayFail(machine)) return void time.after(random.span(HOUR_MS), () => this.#leave(machine));
    this.#absences += 1;
    this.#down(machine);
    time.after(absenceMs(random), () => this.#return(machine));
  }

  #down(machine: Machine): void {
    const { time } = this.#network;
    machine.isUp = false;
    machine.awaySinceMs = time.nowMs;
    const sinceMs = time.nowMs;
    const stillAway = (act: () => void) => (): void => {
      if (!machine.isUp && machine.awaySinceMs === sinceMs) act();
    };
    this.#touchAll(machine);
    this.#plan();
    time.after(REPAIR_AFTER_MS + 1, stillAway(() => this.#plan()));
    time.after(GONE_AFTER_MS, stillAway(() => this.#declareGone(machine)));
  }

  #declareGone(machine: Machine): void {
    machine.isGone = true;
    this.#network.rosterHasChanged();
    this.#plan();
  }

  #return(machine: Machine): void {
    const { random, time } = this.#network;
    if (machine.isDestroyed) return;
    if (machine.isGone && this.#options.mistake === "deletes-what-was-replaced") machine.disk.clear();
    machine.isUp = true;
    machine.isGone = false;
    this.#network.rosterHasChanged();
    this.#touchAll(machine);
    this.#plan();
    time.after(random.span(this.#weather.upMs), () => this.#leave(machine));
  }

  /** The disk dies. Another host joins in its place, or the same one comes back with an empty disk. */
  #destroy(machine: Machine): void {
    const { random, time } = this.#network;
    if (!this.#mayFail(machine)) return void time.after(random.span(HOUR_MS), () => this.#destroy(machine));
    this.#disksLost += 1;
    machine.lose();
    this.#destroyedMs.set(machine.host, time.nowMs);
    if (machine.isUp) this.#down(machine);
    else this.#touchAll(machine);
    if (random.chance(0.3)) return void time.after(DAY_MS, () => void this.#refill(machine));
    machine.isDestroyed = true;
    time.after(3 * DAY_MS, () => this.#live(this.#network.join()));
    time.after(30 * DAY_MS, () => {
      machine.isRemoved = true;
      this.#network.rosterHasChanged();
      this.#plan();
    });
  }

  /** What the worker `hold` does on a host whose disk was replaced: it fetches what it claims. */
  async #refill(machine: Machine): Promise<void> {
    this.#return(machine);
    for (const pack of this.#network.packsOf.get(machine.host)!) {
      const held = pack.holdings.filter(({ host }) => host === machine.host);
      for (const { index } of held) {
        if (this.#network.pieces(pack, true) < pack.facts.k) continue;
        await this.#network.move(machine, pack);
        this.#network.moved.neededBytes += pack.facts.k * pack.facts.pieceBytes;
        this.#network.keep(pack, machine, index);
      }
    }
    this.#network.time.after(this.#network.random.span(this.#weather.lifeMs), () => this.#destroy(machine));
  }

  #touchAll({ host }: Machine): void {
    for (const pack of this.#network.packsOf.get(host)!) {
      this.#redundancies.touch(pack);
      pack.isLost ||= this.#network.pieces(pack, false) < pack.facts.k;
    }
  }

  /** Whether no pack would have more than m of its hosts down at once. A disk that died counts until repair has had two days beyond `gone-after`. */
  #mayFail(machine: Machine): boolean {
    if (!this.#options.isGentle) return true;
    const { machines, time, packsOf } = this.#network;
    const isDown = (host: HostId): boolean => {
      const other = machines.get(host)!;
      return host === machine.host || (!other.isUp && !other.isDestroyed) || time.nowMs - (this.#destroyedMs.get(host) ?? -Infinity) < GONE_AFTER_MS + 2 * DAY_MS;
    };
    return [...packsOf.get(machine.host)!].every(({ facts, holdings }) => {
      const spare = facts.k === 1 ? (facts.copies as number) - 1 : facts.m;
      return new Set(holdings.map(({ host }) => host).filter(isDown)).size <= spare;
    });
  }

  #part(): void {
    const { machines, time } = this.#network;
    const living = [...machines.values()].filter(({ isRemoved }) => !isRemoved);
    const cutOff = living.slice(-Math.floor(living.length * 0.4));
    for (const machine of cutOff) {
      machine.isCutOff = true;
      machine.awaySinceMs = time.nowMs;
    }
    const first = cutOff.find(({ isUp }) => isUp);
    // Those who are cut off find no majority, and so no coordinator.
    if (first !== undefined) this.#minority = new Planner(this.#network, first, () => undefined);
    this.#plan();
    time.after(REPAIR_AFTER_MS + 1, () => this.#plan());
    time.after(3 * DAY_MS, () => {
      for (const machine of cutOff) machine.isCutOff = false;
      this.#minority = undefined;
      this.#plan();
    });
  }

  #raiseRival(): void {
    const { time, machines, packs } = this.#network;
    const machine = [...machines.values()].at(-1)!;
    this.#rival = new Planner(this.#network, machine, () => machine.host, (pack) => this.#seenByRival.get(pack) ?? []);
    const see = (): void => {
      this.#seenByRival = new Map([...packs.values()].map((pack) => [pack, pack.holdings]));
      time.after(DAY_MS, see);
    };
    const plan = (): void => {
      this.#rival?.nudge();
      time.after(6 * HOUR_MS, plan);
    };
    see();
    time.after(HOUR_MS, plan);
  }
}
