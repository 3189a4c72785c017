import type { JudgedRecord, Network, NetworkEntry, Register, Verdict } from "../../../src/cluster/index.ts";
import { Cluster, carriesProof, isExcluded } from "../../../src/cluster/index.ts";
import type { HostId } from "../../../src/codec/index.ts";
import type { Version } from "../../../src/records/merge.ts";
import { addVersion, contextOf } from "../../../src/records/merge.ts";
import type { SeededRandom } from "../world/random.ts";

/** A record of the network's as a host has it: each is a batch of its own. */
export interface Row extends JudgedRecord, Version {}

/** Mistakes that the findings must show. */
export type Mistake = "spares-nobody" | "drops-what-others-signed";

/** What names a record on all sides. */
export function nameOf({ host, batch }: Row): string {
  return `${host}/${batch}`;
}

/** A part of a network that hears of the others now and then: all its hosts have what it has. It judges, merges and drops as a host does. */
export class Side {
  readonly name: string;
  readonly #network: Network;
  readonly #mistake: Mistake | undefined;
  readonly #cluster: Cluster;
  readonly #rows = new Map<string, readonly Row[]>();
  /** In the order in which it heard of them, which the roster must not follow. */
  readonly #entries = new Map<string, NetworkEntry>();
  /** What it said last to each record that it did not take. */
  readonly #verdicts = new Map<string, Verdict>();

  constructor(name: string, network: Network, { self, mistake }: { readonly self: HostId; readonly mistake: Mistake | undefined }) {
    this.name = name;
    this.#mistake = mistake;
    this.#network = network;
    this.#cluster = new Cluster({ self, network, connected: () => [], rules: {}, networkRules: {} });
  }

  get register(): Register {
    return this.#cluster.register;
  }

  rows(): readonly Row[] {
    return [...this.#rows.values()].flat();
  }

  at(key: string): readonly Row[] {
    return this.#rows.get(key) ?? [];
  }

  /** All that is known of a key here, for who writes it anew. */
  contextOf(key: string): Version["context"] {
    return contextOf(this.at(key));
  }

  /** The last batch of a host that is here; 0 for none. */
  lastBatchOf(host: HostId): number {
    return Math.max(0, ...this.rows().filter((row) => row.host === host).map(({ batch }) => batch));
  }

  verdictOn(row: Row): Verdict | undefined {
    return this.#verdicts.get(nameOf(row));
  }

  /** @returns whether it is here now and was not before */
  take(row: Row): boolean {
    const { outcome, siblings } = addVersion(this.at(row.key), row);
    if (outcome !== "added") return false;
    const verdict = this.#cluster.judge(row, this.#network.genesis);
    if (verdict.kind !== "accept") {
      this.#verdicts.set(nameOf(row), verdict);
      return false;
    }
    this.#keep(row.key, siblings);
    return true;
  }

  /** Hears of all that another side has, in any order, and once more of what it could not judge at first. @returns whether there was anything new */
  hear(from: Side, random: SeededRandom): boolean {
    const told = random.shuffled(from.rows());
    let hasNews = false;
    while (told.filter((row) => this.take(row)).length > 0) hasNews = true;
    return hasNews;
  }

  /** Lets go what counts no more by the removals that have come, key by key: a removal that is dropped itself excludes nobody any more. */
  drop(): boolean {
    let hasDropped = false;
    for (const key of [...this.#rows.keys()].sort()) {
      const kept = this.at(key).filter((row) => this.#counts(row));
      if (kept.length === this.at(key).length) continue;
      this.#keep(key, kept);
      hasDropped = true;
    }
    return hasDropped;
  }

  #counts(row: Row): boolean {
    return (this.#mistake !== "drops-what-others-signed" && carriesProof(row)) || !isExcluded(row, this.#cluster.exclusions());
  }

  #keep(key: string, rows: readonly Row[]): void {
    const values = rows.map(({ value }) => value).filter((value) => value !== null);
    if (rows.length === 0) this.#rows.delete(key);
    else this.#rows.set(key, rows);
    if (values.length === 0) this.#entries.delete(key);
    else this.#entries.set(key, { key, values });
    this.#cluster.update(this.#entries.values());
  }
}
