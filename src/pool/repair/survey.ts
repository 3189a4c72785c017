import type { HostId, NamespaceId, PackId } from "../../codec/index.ts";
import type { Env } from "../../platform/index.ts";
import type { Catalog, PackFacts } from "../record/catalog.ts";
import { ChangedPacks } from "../record/changed-packs.ts";
import type { OpenHost, View } from "../record/holders.ts";
import { isUsable, openHosts } from "../record/holders.ts";
import { unhurried } from "../patience.ts";
import type { RepairStanding } from "./messages.ts";
import type { Need } from "./plan.ts";
import { hasTaker, needOf } from "./plan.ts";
import type { Standing } from "./standing.ts";
import { UrgentQueue } from "./urgent-queue.ts";

/** 4,096 needs: some 2 MB, and work for hours. */
const QUEUE_MAX = 4096;
/** Packs of which is known that they were tried in vain, some 10 MB; with more, all begin anew. */
const IN_VAIN_MAX = 100_000;
/** One look is passed over after the first try, 3 after the second, 7 after the third, and 2 to the power of this at most. */
const PASSES_MAX = 10;
/** All packs are looked at so often whatever is known to have changed. */
const WHOLE_EVERY_MS = 3_600_000;

/** What planning asks of the records. */
export type PlannedCatalog = Pick<Catalog, "all" | "facts" | "holdings">;

export type Totals = Omit<RepairStanding, "repairing" | "bytesPerSecond">;

const NOTHING_SHORT: Totals = { shortPacks: 0, shortPieces: 0, shortBytes: 0, endangeredPacks: 0, unreadablePacks: 0 };

/**
 * Finds the packs that need repair in this host's records. All of them are looked through when the hosts' standing has changed, else only those
 * whose records have. It keeps the most urgent needs that something can be done about, and counts the others: packs that are lost for good come
 * first by urgency, and would leave no place in the queue for what can still be saved. A restart loses nothing that the records do not say.
 */
export class Survey {
  readonly #env: Env;
  readonly #parts: View;
  readonly #catalog: PlannedCatalog;
  readonly #capacity: number;
  readonly queue: UrgentQueue;
  /** Needs that nothing can be done about now, as many as the queue has room for; of further ones only the totals know, until the next look at all packs. */
  readonly #helpless = new Map<PackId, Need>();
  /** Of the helpless ones that are not remembered. */
  #beyond: Totals = NOTHING_SHORT;
  /** What was tried and came to nothing, as long as there are needs for which the queue has no room: it leaves its place to them, for longer each time. */
  readonly #inVain = new Map<PackId, { readonly times: number; readonly untilLook: number }>();
  #looks = 0;
  readonly #changed = new ChangedPacks();
  #open: readonly OpenHost[] = [];
  #situation = "";
  #wholeMs = 0;
  #totals: Totals = NOTHING_SHORT;

  constructor(env: Env, parts: View, catalog: PlannedCatalog, capacity = QUEUE_MAX) {
    this.#capacity = capacity;
    this.queue = new UrgentQueue(capacity);
    this.#env = env;
    this.#parts = parts;
    this.#catalog = catalog;
  }

  /** Notes that the records of these packs have changed. */
  note(namespace: NamespaceId, packs: ReadonlySet<PackId>): void {
    this.#changed.note(namespace, packs);
  }

  get totals(): Totals {
    return this.queue.isOverfull ? this.#totals : [...this.queue.inOrder(), ...this.#helpless.values()].reduce(added, this.#beyond);
  }

  /** Brings the queue to what the records say now. */
  async look(signal: AbortSignal, standing: (host: HostId) => Standing): Promise<void> {
    const takers = takersOf(this.#parts);
    this.#open = await openHosts(this.#parts);
    const situation = this.#situationNow(standing, takers);
    const nowMs = this.#env.clock.monotonicMs();
    this.#looks += 1;
    const isRoomAgain = !this.queue.isOverfull && this.#inVain.size > 0;
    if (isRoomAgain) this.#inVain.clear();
    const isWhole = isRoomAgain || this.#changed.isAll || situation !== this.#situation || this.queue.isOverfull || nowMs - this.#wholeMs >= WHOLE_EVERY_MS;
    if (!isWhole) return await this.#lookAtChanged(standing, takers, signal);
    this.#changed.take();
    this.#clear();
    let totals = NOTHING_SHORT;
    try {
      for await (const facts of unhurried(this.#env, this.#catalog.all(), signal)) {
        const need = this.#judge(facts, standing, takers);
        if (need !== undefined) totals = added(totals, need);
      }
    } catch (error) {
      this.#changed.noteAll();
      throw error;
    }
    this.#totals = totals;
    this.#situation = situation;
    this.#wholeMs = nowMs;
  }

  /** Keeps nothing while another host plans repair; whenever this one does again, all packs are looked at. */
  forget(): void {
    this.#clear();
    this.#changed.noteAll();
  }

  #clear(): void {
    this.queue.clear();
    this.#helpless.clear();
    this.#beyond = NOTHING_SHORT;
  }

  /** Notes whether anything came of what was tried: an order that each host refuses, or a piece that nobody gives. */
  tried(pack: PackId, isInVain: boolean): void {
    const times = Math.min(PASSES_MAX, (this.#inVain.get(pack)?.times ?? 0) + 1);
    this.#inVain.delete(pack);
    if (!isInVain || !this.queue.isOverfull) return;
    if (this.#inVain.size >= IN_VAIN_MAX) this.#inVain.clear();
    this.#inVain.set(pack, { times, untilLook: this.#looks + 2 ** times - 1 });
  }

  #isPassedOver(pack: PackId): boolean {
    return this.#looks <= (this.#inVain.get(pack)?.untilLook ?? 0);
  }

  /** What the pack needs by the records of this moment; the queue has it from then on when something can be done. */
  again(namespace: NamespaceId, pack: PackId, standing: (host: HostId) => Standing): Need | undefined {
    return this.#lookAt(namespace, pack, standing, takersOf(this.#parts));
  }

  /** By which hosts stand how, which of them take pieces, and roughly how much: room is known anew every few seconds. */
  #situationNow(standing: (host: HostId) => Standing, takers: number): string {
    const hosts = [...this.#parts.roster().members.keys()].map((host) => `${host} ${standing(host)}`);
    const open = this.#open.map(({ host, freeBytes }) => `${host} ${Math.ceil(Math.log2(freeBytes + 1))}`);
    return [String(takers), ...hosts.sort(), ...open.sort()].join("\n");
  }

  async #lookAtChanged(standing: (host: HostId) => Standing, takers: number, signal: AbortSignal): Promise<void> {
    try {
      for await (const [pack, namespace] of unhurried(this.#env, this.#changed.take(), signal)) this.#lookAt(namespace, pack, standing, takers);
    } catch (error) {
      this.#changed.noteAll();
      throw error;
    }
  }

  #lookAt(namespace: NamespaceId, pack: PackId, standing: (host: HostId) => Standing, takers: number): Need | undefined {
    this.queue.delete(pack);
    this.#helpless.delete(pack);
    const facts = this.#catalog.facts(namespace, pack);
    return facts === undefined ? undefined : this.#judge(facts, standing, takers);
  }

  #judge(facts: PackFacts, standing: (host: HostId) => Standing, takers: number): Need | undefined {
    const holdings = this.#catalog.holdings(facts.namespace, facts.pack);
    const need = needOf(facts, holdings, standing, takers);
    if (need === undefined) return undefined;
    if (need.canBeMade && !this.#isPassedOver(need.pack) && hasTaker(facts, holdings, this.#open)) this.queue.set(need);
    else if (this.#helpless.size < this.#capacity) this.#helpless.set(need.pack, need);
    else this.#beyond = added(this.#beyond, need);
    return need;
  }
}

/** How many hosts could hold a piece, reachable or not. */
export function takersOf(parts: View): number {
  return [...parts.roster().members.values()].filter((member) => isUsable(parts, member)).length;
}

function added(totals: Totals, { indexes, pieceBytes, spare }: Need): Totals {
  return {
    shortPacks: totals.shortPacks + 1,
    shortPieces: totals.shortPieces + indexes.length,
    shortBytes: totals.shortBytes + indexes.length * pieceBytes,
    endangeredPacks: totals.endangeredPacks + (spare <= 0 ? 1 : 0),
    unreadablePacks: totals.unreadablePacks + (spare < 0 ? 1 : 0),
  };
}
