import type { History, KnownWrite, Operation } from "../world/history.ts";
import type { SimHost } from "../world/host.ts";
import type { Shown } from "../world/workload.ts";
import type { Judgement } from "./judgement.ts";

/** Own writes of a host and key that are looked for at each read; older ones are long superseded. */
const KEPT = 4;

/**
 * I8: what was acknowledged is seen by whoever reads later, or what superseded it: at the host that took it, and anywhere by who names it.
 * Exempt are reads that say themselves that no complete copy was in reach, at a host what was written before its disk was lost, and what has
 * lost as many disks as it had copies, or was replaced by a removed host.
 */
export class Sessions {
  readonly #history: History;
  readonly #own = new Map<string, KnownWrite[]>();
  #judged = 0;
  #exempt = 0;
  readonly #findings: string[] = [];

  constructor(history: History) {
    this.#history = history;
  }

  wrote({ host }: Operation, ids: readonly number[]): void {
    for (const write of ids.map((id) => this.#history.get(id))) {
      if (write.isDeletion) continue;
      const name = `${host.name} ${write.namespace} ${write.key}`;
      this.#own.set(name, [...(this.#own.get(name) ?? []), write].slice(-KEPT));
    }
  }

  /** @param named a version that the reader asked to be shown */
  read(operation: Operation, { namespace, key, versions, isPartial }: Shown, named: KnownWrite | undefined): void {
    const { host, beganMs } = operation;
    const own = (this.#own.get(`${host.name} ${namespace} ${key}`) ?? []).filter(({ operation: { endedMs } }) => endedMs! < beganMs);
    const wanted = [...(isPartial ? [] : own), ...(named === undefined ? [] : [named])];
    this.#judged += wanted.length;
    this.#exempt += isPartial ? own.length : 0;
    const shown = new Set(versions);
    for (const { id, copies } of wanted) {
      if (this.#history.covers(shown, id)) continue;
      if (this.#history.isRemoved(id) || this.#history.disksLost(id) >= copies) this.#exempt += 1;
      else this.#findings.push(`operation ${operation.number} at ${host.name} does not see version ${id} of ${key}, which was acknowledged before`);
    }
  }

  lostDisk({ name }: SimHost): void {
    for (const each of this.#own.keys()) if (each.startsWith(`${name} `)) this.#own.delete(each);
  }

  judgement(): Judgement {
    return { invariant: "I8", judged: this.#judged, exempt: this.#exempt, findings: this.#findings };
  }
}
