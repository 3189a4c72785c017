import type { Cluster, LastHonoured, Removal } from "../cluster/index.ts";
import { isHonoured, removalCodec } from "../cluster/index.ts";
import type { HostId } from "../codec/index.ts";
import type { Env, WorkerTurn } from "../platform/index.ts";
import { Worker } from "../platform/index.ts";
import type { Records } from "../records/index.ts";
import { EMPTY_CONTEXT } from "../records/index.ts";
import type { HostIdentity } from "./directory.ts";

const EVERY_MS = 60_000;

export interface SparingParts {
  readonly identity: HostIdentity;
  readonly cluster: Cluster;
  readonly records: Pick<Records, "honouredOf" | "write">;
}

/**
 * Says what this host and those in reach hold of hosts that have lost their invite to another one, or whose invite counts no more, so that it counts
 * on all hosts: they were members for those who had not heard of that, and what was acknowledged to them is not to be lost.
 */
export class Sparing {
  readonly #parts: SparingParts;
  /** Expelled at the turn before: what was on its way then has come. */
  #seen: ReadonlySet<HostId> = new Set();
  /** What was honoured of each that has been weighed, at the turn before. */
  readonly #weighed = new Map<HostId, Removal>();
  readonly worker: Worker;

  constructor(env: Env, parts: SparingParts) {
    this.#parts = parts;
    this.worker = new Worker(env, { name: "sparing", everyMs: EVERY_MS, work: (turn) => this.#turn(turn) });
  }

  async #turn({ signal, report }: WorkerTurn): Promise<void> {
    const { cluster, identity } = this.#parts;
    const { spared, members } = cluster.register;
    for (const [host, before] of this.#weighed) {
      const now = spared.get(host);
      // Who has its invite again and loses it once more has written more meanwhile. And a word counts no more when its witness is removed by somebody who had not heard it.
      if (now === undefined || !before.honoured.every((last) => isHonoured(now, last))) this.#weighed.delete(host);
      else this.#weighed.set(host, now);
    }
    const due = members.has(identity.host) ? [...spared.keys()].filter((host) => this.#seen.has(host) && !this.#weighed.has(host)) : [];
    this.#seen = new Set(spared.keys());
    report(spared.size === 0 ? "no host has lost its invite" : `${spared.size} hosts have lost their invites`);
    for (const host of due) {
      if (signal.aborted) return;
      await this.#weigh(host);
      this.#weighed.set(host, cluster.register.spared.get(host) ?? { honoured: [] });
    }
  }

  async #weigh(host: HostId): Promise<void> {
    const { cluster, identity, records } = this.#parts;
    const held = await records.honouredOf(host);
    const spared = cluster.register.spared.get(host);
    // The host has its invite again, or somebody has said it already.
    if (spared === undefined || held.every((last: LastHonoured) => isHonoured(spared, last))) return;
    const key = `spared/${host}/${identity.host}`;
    await records.write([{ namespace: identity.network.namespace, key, value: removalCodec.encode({ honoured: held }), context: EMPTY_CONTEXT }], { as: "host" });
  }
}
