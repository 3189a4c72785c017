import { groupsOf, shardOf } from "../cluster/index.ts";
import type { NamespaceId } from "../codec/index.ts";
import { CodecError, hex } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import type { LogOperation } from "../store/index.ts";
import type { Replica } from "./replica.ts";
import type { Damaged, SoundLog } from "./sound-log.ts";
import { groupOfSequence, namespaceIn, namespaceOfSum, quarantineKey, readyKey, recordKeyIn, table, tableOf } from "./tables.ts";

// What is done about an entry of this disk that is not what was written. Until now it was one of many that others rely on, so:
//
// - A row: this host's copy of its group is not complete any more, from the moment of the meeting, so whoever is reading is answered by others.
//   The row is moved aside, and the group caught up with from the beginning: hashes of all its rows, and the records of those that are missing.
// - A counter of dots: some that were taken would be taken again, so the host goes on under a new incarnation.
// - An entry of the index, a sum, a genesis: it is deleted, and the rows are looked through, which puts index and sums right. A row to which
//   the index did not lead gets a new number, so that feeds and peers that went past it see it all the same.
// - Everything else is deleted, and then is as it was before it was first written: positions are asked for from the beginning, a mark of
//   readiness is earned anew, a hint is with its writer still. Only an own batch that nobody else has yet, and what was followed, are lost; such a
//   batch is moved aside like a row, since it may be all that is left of what somebody wrote.

/** Damaged rows and own batches that are kept for a person to look at; beyond, they are let go. */
const KEPT_MAX = 100;

export class Quarantine {
  readonly #env: Env;
  readonly #replica: Replica;
  readonly #log: SoundLog;
  /** Being moved aside. */
  readonly #pending = new Set<string>();
  readonly #listeners = new Set<(suspects: readonly NamespaceId[]) => void>();

  constructor(env: Env, replica: Replica, log: SoundLog) {
    this.#env = env;
    this.#replica = replica;
    this.#log = log;
    log.listen((damaged) => this.#met(damaged));
  }

  /** Called with the namespaces whose index and sums are not to be trusted, each time that something was moved aside. */
  onDamage(listener: (suspects: readonly NamespaceId[]) => void): void {
    this.#listeners.add(listener);
  }

  #met(damaged: Damaged): void {
    const replica = this.#replica;
    const { key } = damaged;
    const name = tableOf(key);
    const group = name === "k" ? this.#groupOf(key) : undefined;
    // Each time: the mark may have been earned again by those who had not heard of it yet.
    if (group !== undefined) {
      replica.readiness.distrust(group);
      // At once: whoever asks what is new from now on is not given it.
      replica.outbox.uncovered([{ namespace: namespaceIn(key), key: recordKeyIn(key) }]);
    }
    if (this.#pending.has(hex(key))) return;
    this.#pending.add(hex(key));
    if (name === "c") replica.identity.distrust();
    replica.counters.count(name === "k" ? "rows damaged" : "entries damaged");
    this.#env.log.error("an entry of the record log is not what was written; it is moved aside, and what others have of it is fetched", { table: name, entry: hex(key) });
    const aside = replica.keep(() => this.#aside(damaged, group), group === undefined ? [] : [group]);
    const renewed = name === "c" ? replica.renew("a counter of its dots was damaged") : undefined;
    Promise.all([aside, renewed])
      .then(() => this.#tell(this.#suspects(key)))
      .catch((error: unknown) => this.#env.log.warn("a damaged entry could not be moved aside", { error }))
      .finally(() => this.#pending.delete(hex(key)));
  }

  /** Between two commits. It may have been written anew meanwhile. */
  #aside(damaged: Damaged, group: number | undefined): LogOperation[] {
    const { key, stored } = damaged;
    const gone: LogOperation[] = this.#log.isStill(damaged) ? [{ kind: "delete", key }] : [];
    if (tableOf(key) !== "k" && tableOf(key) !== "o") return gone;
    if (group !== undefined) {
      this.#replica.readiness.distrust(group);
      gone.push({ kind: "delete", key: readyKey(group) });
    }
    const kept = this.#log.scan({ ...table("x"), limit: KEPT_MAX }).length;
    if (kept < KEPT_MAX) gone.push({ kind: "put", key: quarantineKey(key), value: stored ?? new Uint8Array(0) });
    return gone;
  }

  #groupOf(key: Uint8Array): number | undefined {
    const genesis = this.#replica.geneses.get(namespaceIn(key));
    try {
      return genesis && shardOf(namespaceIn(key), genesis, recordKeyIn(key));
    } catch (error) {
      if (error instanceof CodecError) return undefined;
      throw error;
    }
  }

  #suspects(key: Uint8Array): NamespaceId[] {
    switch (tableOf(key)) {
      case "k":
      case "n":
        return [namespaceIn(key)];
      case "s":
        return [namespaceOfSum(key)];
      case "q":
        return [...this.#replica.geneses].filter(([namespace, genesis]) => groupsOf(namespace, genesis).includes(groupOfSequence(key))).map(([namespace]) => namespace);
      default:
        return [];
    }
  }

  #tell(suspects: readonly NamespaceId[]): void {
    for (const listener of this.#listeners) listener(suspects);
  }
}
