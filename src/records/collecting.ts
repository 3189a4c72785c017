import { shardOf } from "../cluster/index.ts";
import type { HostId } from "../codec/index.ts";
import type { Env, WorkerTurn } from "../platform/index.ts";
import type { StoredRecord } from "./batch.ts";
import type { Floor } from "./floor.ts";
import type { SeenRow } from "./jobs.ts";
import type { ClusterView } from "./port.ts";
import type { Replica } from "./replica.ts";
import { rowIsDeleted, rowSequence, rowSiblings } from "./row.ts";
import { namespaceIn, recordKeyIn, table } from "./tables.ts";

const STEP = 256;
/** Between two steps, so that everything else goes on beside it. */
const PAUSE_MS = 2;

/**
 * Whether nothing is left anywhere of what a host's versions were superseded by in a row with this number: the row was there before a round
 * that has been completed with that host, or the host takes part no more and is not listened to.
 */
export function pastOf({ state }: Floor, cluster: ClusterView): (sequence: number, host: HostId) => boolean {
  let known: { readonly counted: ReadonlySet<HostId>; readonly members: ReadonlySet<HostId> } | undefined;
  return (sequence, host) => {
    if (sequence > state.mark) return false;
    known ??= { counted: new Set(state.hosts), members: new Set(cluster.members()) };
    return known.counted.has(host) || !known.members.has(host);
  };
}

export interface CollectingParts {
  readonly replica: Replica;
  readonly cluster: ClusterView;
}

/** Goes through all rows for those that consist of deletions only. */
export class Collecting {
  readonly #env: Env;
  readonly #parts: CollectingParts;

  constructor(env: Env, parts: CollectingParts) {
    this.#env = env;
    this.#parts = parts;
  }

  /** Whether there is a deletion that is older than the horizon. */
  async hasOld({ signal }: WorkerTurn): Promise<boolean> {
    for await (const rows of this.#pages(signal)) if (rows.some(({ value }) => this.#isOld(rowSiblings(value)))) return true;
    return false;
  }

  /** Deletes the deletions that the floor lets go. @returns how many; undefined when it was stopped before the end */
  async run({ signal, report }: WorkerTurn): Promise<number | undefined> {
    const { replica, cluster } = this.#parts;
    const { floor } = replica;
    const isPast = pastOf(floor, cluster);
    let collected = 0;
    for await (const rows of this.#pages(signal)) {
      const due = rows.filter(({ value }) => {
        const sequence = rowSequence(value);
        const siblings = sequence > floor.state.mark ? undefined : rowSiblings(value);
        return siblings !== undefined && this.#isOld(siblings) && hostsIn(siblings).every((host) => isPast(sequence, host));
      });
      const seen = due.map(({ key, value }) => this.#seen(key, value)).filter((row) => row !== undefined);
      if (seen.length > 0) await replica.drop(seen);
      collected += seen.length;
      replica.counters.count("deletions collected", seen.length);
      report(`${collected} deletions collected, up to round ${floor.state.floor}`);
    }
    return signal.aborted ? undefined : collected;
  }

  /** The rows that consist of deletions only. */
  async *#pages(signal: AbortSignal): AsyncGenerator<readonly { readonly key: Uint8Array; readonly value: Uint8Array }[]> {
    const { stored } = this.#parts.replica;
    for (const rows of stored.walk(table("k"), STEP)) {
      const deleted = rows.filter(({ value }) => rowIsDeleted(value));
      if (deleted.length > 0) yield deleted;
      if (signal.aborted) return;
      await this.#env.timers.sleep(PAUSE_MS, signal).catch(() => {});
    }
  }

  #isOld(siblings: readonly StoredRecord[]): boolean {
    const { cluster } = this.#parts;
    return siblings.every(({ body }) => body.wallMs + cluster.settings.horizonMs <= this.#env.clock.wallMs());
  }

  #seen(key: Uint8Array, value: Uint8Array): SeenRow | undefined {
    const namespace = namespaceIn(key);
    const genesis = this.#parts.replica.geneses.get(namespace);
    const name = recordKeyIn(key);
    return genesis === undefined ? undefined : { namespace, key: name, group: shardOf(namespace, genesis, name), sequence: rowSequence(value) };
  }
}

function hostsIn(siblings: readonly StoredRecord[]): HostId[] {
  return [...new Set(siblings.flatMap(({ dot, context }) => [dot.actor.host, ...context.map(({ actor }) => actor.host)]))];
}
