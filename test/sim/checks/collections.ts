import { rowKey } from "../../../src/records/tables.ts";
import type { History, KnownWrite, Operation } from "../world/history.ts";
import type { SimHost } from "../world/host.ts";
import type { Shown } from "../world/workload.ts";
import type { World } from "../world/world.ts";
import type { Judgement } from "./judgement.ts";

const LOOK_EVERY_MS = 1_000;

interface Kept {
  readonly deletion: KnownWrite;
  /** Who was seen to keep it, with the disk losses that there had been by then. */
  readonly keepers: Set<SimHost>;
  readonly losses: number;
}

/**
 * I3, below the floor: when a deletion has been collected by all who kept it, no reader is shown again what its author had read, whoever comes
 * back with that; unless no complete copy was in reach. Not looked at is a deletion that was written over, or after which a disk was lost
 * before it was collected: those rows went otherwise.
 */
export class Collections {
  readonly #world: World;
  readonly #history: History;
  #looked = 0;
  #kept: Kept[] = [];
  /** By version, the deletion that had read it. */
  readonly #gone = new Map<number, KnownWrite>();
  #collected = 0;
  readonly #findings: string[] = [];

  constructor(world: World, history: History) {
    this.#world = world;
    this.#history = history;
  }

  begin(): void {
    this.#look();
    this.#world.time.after(LOOK_EVERY_MS, () => this.begin());
  }

  read({ number, host }: Operation, { key, versions, isPartial }: Shown): void {
    if (isPartial) return;
    for (const id of versions) {
      const deletion = this.#gone.get(id);
      if (deletion !== undefined) this.#findings.push(`operation ${number} at ${host.name} shows version ${id} of ${key}, though deletion ${deletion.id} had read it and was collected`);
    }
  }

  judgement(): Judgement {
    return { invariant: "I3", judged: this.#collected, exempt: 0, findings: this.#findings };
  }

  #look(): void {
    const { writes, losses } = this.#history;
    for (; this.#looked < writes.length && writes[this.#looked]!.operation.endedMs !== undefined; this.#looked += 1) {
      const deletion = writes[this.#looked]!;
      if (deletion.isDeletion && deletion.operation.outcome === "ok") this.#kept.push({ deletion, keepers: new Set(), losses: losses.length });
    }
    this.#kept = this.#kept.filter((each) => each.losses === losses.length && !this.#isCollected(each));
  }

  #isCollected({ deletion, keepers }: Kept): boolean {
    const name = rowKey(deletion.namespace, deletion.key);
    const keeping = this.#world.members().filter(({ disk }) => disk.get(name) !== undefined);
    for (const host of keeping) if (host.isUp) keepers.add(host);
    if (keepers.size === 0 || keeping.some((host) => keepers.has(host) || host.isUp)) return false;
    this.#collected += 1;
    for (const id of deletion.read) this.#gone.set(id, deletion);
    return true;
  }
}
