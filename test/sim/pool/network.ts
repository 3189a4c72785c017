// A hundred hosts on virtual time, whose repair is planned by the program's own coordinator and whose receivers judge orders by the program's
// own check. Simulated are only the records, which all hosts have at once or some time later, the disks, and how long bytes take.

import type { Member, Presence, Roster } from "../../../src/cluster/index.ts";
import type { AccountId, HostId, NamespaceId, NetworkId, PackId } from "../../../src/codec/index.ts";
import { HoldfastError, silentLog } from "../../../src/platform/index.ts";
import type { Env } from "../../../src/platform/index.ts";
import type { PackFacts } from "../../../src/pool/record/catalog.ts";
import type { PoolParts } from "../../../src/pool/parts.ts";
import type { Holding } from "../../../src/pool/port.ts";
import { refusalOf } from "../../../src/pool/repair/check.ts";
import type { Refusal } from "../../../src/pool/repair/check.ts";
import { standingOf } from "../../../src/pool/repair/standing.ts";
import type { StandingView } from "../../../src/pool/repair/standing.ts";
import { SeededRandom } from "../world/random.ts";
import { VirtualTime } from "../world/time.ts";
import { DAY_MS, HOUR_MS, Machine, idOf } from "./machines.ts";

export const REPAIR_AFTER_MS = HOUR_MS;
export const GONE_AFTER_MS = 7 * DAY_MS;
/** What a host moves for repair: a home's line. */
const BYTES_PER_SECOND = 2_000_000;
const MIB = 1024 ** 2;

export interface SimulatedPack {
  readonly facts: PackFacts;
  /** What the records say. */
  holdings: Holding[];
  isLost: boolean;
}

export interface Moved {
  /** All that receivers have fetched. */
  fetchedBytes: number;
  /** Of it, what replaced pieces whose disk was really lost. */
  neededBytes: number;
  pieces: number;
  /** Given to receivers that could be reached. */
  orders: number;
  refused: Partial<Record<Refusal, number>>;
}

/** How one host sees the others, and whom it takes for the coordinator. */
export type HostView = StandingView & Pick<PoolParts, "repair">;

export class SimulatedNetwork {
  readonly time = new VirtualTime();
  readonly random: SeededRandom;
  readonly env: Env;
  readonly machines = new Map<HostId, Machine>();
  readonly packs = new Map<PackId, SimulatedPack>();
  /** Packs by holder, to find those that an event concerns. */
  readonly packsOf = new Map<HostId, Set<SimulatedPack>>();
  readonly moved: Moved = { fetchedBytes: 0, neededBytes: 0, pieces: 0, orders: 0, refused: {} };
  /** Told of each pack whose records or pieces have changed, before and after. */
  onTouch: (pack: SimulatedPack) => void = () => {};
  /** By hosts that were cut off when they gave them. */
  ordersOfTheMinority = 0;
  #numbered = 0;
  #known: Roster | undefined;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
    const { time, random } = this;
    this.env = {
      clock: { wallMs: () => time.nowMs, monotonicMs: () => time.nowMs },
      timers: { after: (delayMs, action) => time.after(delayMs, action), sleep: (delayMs) => new Promise((resolve) => time.after(delayMs, resolve)) },
      random,
      log: silentLog,
    };
  }

  join(): Machine {
    const machine = new Machine(this.#numbered++);
    this.machines.set(machine.host, machine);
    this.packsOf.set(machine.host, new Set());
    this.rosterHasChanged();
    return machine;
  }

  /** A pack whose pieces lie where a writer would have put them: on hosts drawn at random, of different zones. */
  store(number: number, k: number, m: number): void {
    const isCoded = k > 1;
    const facts: PackFacts = {
      namespace: idOf<NamespaceId>("space"),
      pack: idOf<PackId>(`pack ${number}`),
      k,
      m: isCoded ? m : 0,
      copies: isCoded ? 1 : 1 + m,
      sizeBytes: 16 * MIB,
      pieceBytes: (16 * MIB) / k,
      roots: Array.from({ length: isCoded ? k + m : 1 }, () => new Uint8Array(32)),
    };
    const pack: SimulatedPack = { facts, holdings: [], isLost: false };
    this.packs.set(facts.pack, pack);
    const zones = new Set<string>();
    for (const machine of this.random.shuffled([...this.machines.values()])) {
      if (pack.holdings.length === k + m) break;
      if (zones.has(machine.member.zone) || !machine.isUp) continue;
      zones.add(machine.member.zone);
      this.keep(pack, machine, isCoded ? pack.holdings.length : 0);
    }
  }

  keep(pack: SimulatedPack, machine: Machine, index: number): void {
    machine.take(nameOf(pack, index));
    if (!pack.holdings.some((holding) => holding.host === machine.host && holding.index === index)) pack.holdings = [...pack.holdings, { host: machine.host, index }];
    this.packsOf.get(machine.host)!.add(pack);
    this.onTouch(pack);
  }

  /** Pieces on disks that could be read now, or that exist at all. */
  pieces({ facts, holdings }: SimulatedPack, isReadable: boolean): number {
    const found = new Set<number | HostId>();
    for (const { host, index } of holdings) {
      const machine = this.machines.get(host)!;
      if ((!isReadable || (machine.isUp && !machine.isCutOff)) && machine.disk.has(`${facts.pack}/${index}`)) found.add(facts.k === 1 ? host : index);
    }
    return found.size;
  }

  /** How one host sees the others. */
  viewOf(self: HostId, coordinator: () => HostId | undefined): HostView {
    const own = this.machines.get(self)!;
    const presence = (host: HostId): Presence => {
      const other = this.machines.get(host);
      if (other === undefined) return "away";
      if (other.isUp && other.isCutOff === own.isCutOff) return "online";
      return other.isGone ? "gone" : "away";
    };
    const isAwayFor = (host: HostId, ms: number): boolean => presence(host) !== "online" && this.time.nowMs - this.machines.get(host)!.awaySinceMs >= ms;
    const repair = { coordinator, repairAfterMs: () => REPAIR_AFTER_MS, isAwayFor };
    return { self, presence, repair, roster: () => this.#roster() };
  }

  /** Called when somebody has joined, gone, come back or been removed. */
  rosterHasChanged(): void {
    this.#known = undefined;
  }

  #roster(): Roster {
    if (this.#known !== undefined) return this.#known;
    const members = new Map<HostId, Member>();
    for (const { host, member, isGone, isRemoved } of this.machines.values()) if (!isRemoved) members.set(host, { ...member, isGone });
    this.#known = { network: idOf<NetworkId>("network"), networkName: "simulated", founder: idOf<AccountId>("founder"), maxHosts: 1000, members, people: new Map(), voters: [] };
    return this.#known;
  }

  /** A receiver's answer to an order, after as long as it takes. @throws HoldfastError when it is not there, or not to the end */
  async rebuild(from: HostId, to: HostId, pack: SimulatedPack, index: number): Promise<Refusal | undefined> {
    const machine = this.machines.get(to)!;
    if (this.machines.get(from)!.isCutOff) this.ordersOfTheMinority += 1;
    this.#checkReaches(from, machine);
    this.moved.orders += 1;
    const refusal = this.#judge(machine, pack, index);
    if (refusal !== undefined) {
      this.moved.refused[refusal] = (this.moved.refused[refusal] ?? 0) + 1;
      return refusal;
    }
    if (machine.disk.has(nameOf(pack, index))) return undefined;
    if (this.pieces(pack, true) < pack.facts.k) throw new HoldfastError("UNAVAILABLE", "too few pieces are in reach");
    await this.move(machine, pack);
    this.#checkReaches(from, machine);
    if (this.pieces(pack, true) < pack.facts.k) throw new HoldfastError("UNAVAILABLE", "too few pieces are in reach");
    this.#count(pack, index);
    this.keep(pack, machine, index);
    return undefined;
  }

  /** Fetching k slices takes as long as the receiver's line needs for them. */
  async move(machine: Machine, { facts }: SimulatedPack): Promise<void> {
    const sizeBytes = facts.k * facts.pieceBytes;
    this.moved.fetchedBytes += sizeBytes;
    machine.busyUntilMs = Math.max(this.time.nowMs, machine.busyUntilMs) + (sizeBytes * 1000) / BYTES_PER_SECOND;
    await this.env.timers.sleep(machine.busyUntilMs - this.time.nowMs);
  }

  /** Needed is what stands in for a piece of which no disk has any more. */
  #count(pack: SimulatedPack, index: number): void {
    const { facts, holdings } = pack;
    this.moved.pieces += 1;
    const left = holdings.filter(({ host, index: held }) => held === index && this.machines.get(host)!.disk.has(nameOf(pack, held))).length;
    if (left < (facts.copies === "all" ? 0 : facts.copies)) this.moved.neededBytes += facts.k * facts.pieceBytes;
  }

  #judge(machine: Machine, pack: SimulatedPack, index: number): Refusal | undefined {
    const view = this.viewOf(machine.host, () => undefined);
    const members = [...view.roster().members.values()].filter(({ isGone }) => !isGone);
    const reachable = members.filter(({ host }) => view.presence(host) === "online").length;
    return refusalOf({ facts: pack.facts, index }, pack.holdings, { self: machine.host, standing: (host) => standingOf(view, host), reachable, takers: members.length });
  }

  #checkReaches(from: HostId, machine: Machine): void {
    if (!machine.isUp || machine.isCutOff !== this.machines.get(from)!.isCutOff) throw new HoldfastError("UNREACHABLE", "it is not there");
  }
}

export function nameOf({ facts }: SimulatedPack, index: number): string {
  return `${facts.pack}/${index}`;
}
