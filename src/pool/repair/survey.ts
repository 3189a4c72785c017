import type { HostId, NamespaceId, PackId } from "../../codec/index.ts";
import type { Env } from "../../platform/index.ts";
import type { Catalog } from "../record/catalog.ts";
import { ChangedPacks } from "../record/changed-packs.ts";
import type { View } from "../record/holders.ts";
import { isUsable } from "../record/holders.ts";
import { unhurried } from "../patience.ts";
import type { RepairStanding } from "./messages.ts";
import type { Need } from "./plan.ts";
import { needOf } from "./plan.ts";
import type { Standing } from "./standing.ts";
import { UrgentQueue } from "./urgent-queue.ts";

/** 4,096 needs: some 2 MB, and work for hours. */
const QUEUE_MAX = 4096;
/** All packs are looked at so often whatever is known to have changed. */
const WHOLE_EVERY_MS = 3_600_000;

/** What planning asks of the records. */
export type PlannedCatalog = Pick<Catalog, "all" | "facts" | "holdings">;

export type Totals = Omit<RepairStanding, "repairing" | "bytesPerSecond">;

const NOTHING_SHORT: Totals = { shortPacks: 0, shortPieces: 0, shortBytes: 0, endangeredPacks: 0, unreadablePacks: 0 };

/**
 * Finds the packs that need repair in this host's records. All of them are looked through when the hosts' standing has changed, else only those
 * whose records have. It keeps the most urgent needs and nothing else, so a restart loses nothing that the records do not say.
 */
export class Survey {
  readonly #env: Env;
  readonly #parts: View;
  readonly #catalog: PlannedCatalog;
  readonly queue = new UrgentQueue(QUEUE_MAX);
  readonly #changed = new ChangedPacks();
  #situation = "";
  #wholeMs = 0;
  #totals: Totals = NOTHING_SHORT;

  constructor(env: Env, parts: View, catalog: PlannedCatalog) {
    this.#env = env;
    this.#parts = parts;
    this.#catalog = catalog;
  }

  /** Notes that the records of these packs have changed. */
  note(namespace: NamespaceId, packs: ReadonlySet<PackId>): void {
    this.#changed.note(namespace, packs);
  }

  get totals(): Totals {
    return this.queue.isOverfull ? this.#totals : totalsOf(this.queue.inOrder());
  }

  /** Brings the queue to what the records say now. */
  async look(signal: AbortSignal, standing: (host: HostId) => Standing): Promise<void> {
    const takers = takersOf(this.#parts);
    const hosts = [...this.#parts.roster().members.keys()].map((host) => `${host} ${standing(host)}`).sort();
    const situation = [String(takers), ...hosts].join("\n");
    const nowMs = this.#env.clock.monotonicMs();
    const isWhole = this.#changed.isAll || situation !== this.#situation || this.queue.isOverfull || nowMs - this.#wholeMs >= WHOLE_EVERY_MS;
    if (!isWhole) return await this.#lookAtChanged(standing, takers, signal);
    this.#changed.take();
    this.queue.clear();
    let totals = NOTHING_SHORT;
    try {
      for await (const facts of unhurried(this.#env, this.#catalog.all(), signal)) {
        const need = needOf(facts, this.#catalog.holdings(facts.namespace, facts.pack), standing, takers);
        if (need === undefined) continue;
        this.queue.set(need);
        totals = added(totals, need);
      }
    } catch (error) {
      this.#changed.noteAll();
      throw error;
    }
    this.#totals = totals;
    this.#situation = situation;
    this.#wholeMs = nowMs;
  }

  /** What the pack needs by the records of this moment; the queue has it from then on. */
  again(namespace: NamespaceId, pack: PackId, standing: (host: HostId) => Standing): Need | undefined {
    return this.#judge(namespace, pack, standing, takersOf(this.#parts));
  }

  async #lookAtChanged(standing: (host: HostId) => Standing, takers: number, signal: AbortSignal): Promise<void> {
    try {
      for await (const [pack, namespace] of unhurried(this.#env, this.#changed.take(), signal)) this.#judge(namespace, pack, standing, takers);
    } catch (error) {
      this.#changed.noteAll();
      throw error;
    }
  }

  #judge(namespace: NamespaceId, pack: PackId, standing: (host: HostId) => Standing, takers: number): Need | undefined {
    const facts = this.#catalog.facts(namespace, pack);
    const need = facts === undefined ? undefined : needOf(facts, this.#catalog.holdings(namespace, pack), standing, takers);
    if (need === undefined) this.queue.delete(pack);
    else this.queue.set(need);
    return need;
  }
}

/** How many hosts could hold a piece, reachable or not. */
export function takersOf(parts: View): number {
  return [...parts.roster().members.values()].filter((member) => isUsable(parts, member)).length;
}

function totalsOf(needs: readonly Need[]): Totals {
  return needs.reduce(added, NOTHING_SHORT);
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
