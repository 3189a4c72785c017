import { EVERYWHERE, shardOf } from "../../../src/cluster/index.ts";
import { readyKey, rowKey } from "../../../src/records/tables.ts";
import type { History, KnownWrite, Operation } from "../world/history.ts";
import { versionsIn } from "../world/history.ts";
import type { Namespace, Shown } from "../world/workload.ts";
import type { SimHost } from "../world/host.ts";
import type { World } from "../world/world.ts";
import type { Judgement } from "./judgement.ts";

/** So long after its answer it is looked where a write has come to; then it has had time to reach all that are there. */
const LOOK_AFTER_MS = 150;
/** Writes of a key that are looked for at each read; older ones are long superseded. */
const KEPT = 4;

interface Settled {
  readonly write: KnownWrite;
  readonly atMs: number;
  readonly holders: readonly SimHost[];
  readonly group: number;
  /** The processes that had no complete copy of the group, and may have been about to get one. */
  readonly without: ReadonlyMap<SimHost, number>;
}

/**
 * A write that all copies of its group had which call themselves complete is seen by every later read that is not partial. Exempt are
 * writes that have since lost as many disks as there were such copies, those on hosts that have been declared gone included, or were replaced by a removed host. A process that was already there may have asked the others just before
 * the write, and become complete just after: the write is still on its way to it, as to any other replica. (Its own writer is shown it all the
 * same, which I8 checks.) So nothing is judged when such a one has become complete.
 */
export class ReadinessCheck {
  readonly #world: World;
  readonly #history: History;
  readonly #namespaces: () => readonly Namespace[];
  readonly #settled = new Map<string, Settled[]>();
  #judged = 0;
  #exempt = 0;
  readonly #findings: string[] = [];

  constructor(world: World, history: History, namespaces: () => readonly Namespace[]) {
    this.#world = world;
    this.#history = history;
    this.#namespaces = namespaces;
  }

  wrote(ids: readonly number[]): void {
    const write = this.#history.get(ids[0]!);
    if (!write.isDeletion) this.#world.time.after(LOOK_AFTER_MS, () => this.#look(write));
  }

  read({ number, host, beganMs }: Operation, { namespace, key, versions, isPartial }: Shown): void {
    if (isPartial) return;
    const settled = this.#settled.get(namespace + key)?.filter(({ atMs }) => atMs < beganMs) ?? [];
    const shown = new Set(versions);
    for (const each of settled) {
      this.#judged += 1;
      if (this.#history.covers(shown, each.write.id) || hasNewlyComplete(each)) continue;
      const inReach = each.holders.filter(({ id }) => host.circle?.cluster.register.members.get(id)?.isGone !== true);
      if (this.#history.isRemoved(each.write.id) || this.#history.disksLost(each.write.id, each.atMs) >= inReach.length) this.#exempt += 1;
      else this.#findings.push(`operation ${number} at ${host.name} does not see version ${each.write.id} of ${key}, which ${each.holders.length} complete copies had before, all that there were`);
    }
  }

  judgement(): Judgement {
    return { invariant: "readiness", judged: this.#judged, exempt: this.#exempt, findings: this.#findings };
  }

  #look(write: KnownWrite): void {
    const { namespace, key, id } = write;
    const { genesis } = this.#namespaces().find((each) => each.id === namespace)!;
    const group = shardOf(namespace, genesis, key);
    const members = this.#world.members();
    const complete = members.filter((host) => isComplete(host, group));
    const isThere = complete.every(({ disk }) => this.#history.covers(new Set(versionsIn(disk.get(rowKey(namespace, key)) ?? new Uint8Array(0))), id));
    const needed = group === EVERYWHERE ? members.length / 2 : 1;
    if (!isThere || complete.length < needed) return;
    const without = new Map(members.filter((host) => !complete.includes(host)).map((host) => [host, host.life]));
    const known = this.#settled.get(namespace + key) ?? [];
    this.#settled.set(namespace + key, [...known, { write, atMs: this.#world.time.nowMs, holders: complete, group, without }].slice(-KEPT));
  }
}

function isComplete({ disk }: SimHost, group: number): boolean {
  return disk.get(readyKey(group)) !== undefined;
}

/** Whether a process has a complete copy that had none when the write was looked for. */
function hasNewlyComplete({ group, without }: Settled): boolean {
  return [...without].some(([host, life]) => host.life === life && isComplete(host, group));
}
