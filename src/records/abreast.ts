import { EVERYWHERE } from "../cluster/index.ts";
import type { HostId, StoreId } from "../codec/index.ts";
import type { ClusterView } from "./port.ts";
import type { Replica } from "./replica.ts";

// A host that joins becomes complete by catching up with those that were, and from then on writers send it what they write: those that have
// learnt of it. One that has not sends its writes to the others alone. These have them then, but the newcomer does not, and is read as complete
// by that very writer as soon as it has learnt of it. So whoever takes a record from a writer that may not know by which layout this host
// goes says so. The writer keeps the record in its outbox until it has learnt what this host knew then, and by then has sent it to all.
// Of those from whom the newcomer learnt, more than half, each has a write of before, or takes it afterwards and says this.

/** Which hosts have learnt the layout, and who is ready, as this host goes by it. Both are told in the group that is on all hosts. */
export class Abreast {
  readonly #replica: Replica;
  readonly #cluster: ClusterView;
  /** How far each host has come in this one's numbers. */
  readonly #reached = new Map<HostId, { readonly store: StoreId; readonly sequence: number }>();
  #layout = "";
  #version = -1;
  /** The number at which what this host goes by was known, or a later one. */
  #since = 0;

  constructor(replica: Replica, cluster: ClusterView) {
    this.#replica = replica;
    this.#cluster = cluster;
  }

  /**
   * A host has said how far it has come.
   * @param store the host's: one that has lost its disk has come nowhere
   * @param sequence in the group on all hosts, in this store's numbers of this life; undefined when it did not say
   */
  heard(host: HostId, store: StoreId, sequence: number | undefined): void {
    if (sequence !== undefined) this.#reached.set(host, { store, sequence });
    else if (this.#reached.get(host)?.store !== store) this.#reached.delete(host);
  }

  has(host: HostId): boolean {
    const { numbering, readiness } = this.#replica;
    if (this.#layout !== this.#cluster.layout || this.#version !== readiness.version) {
      [this.#layout, this.#version] = [this.#cluster.layout, readiness.version];
      this.#since = numbering.newest(EVERYWHERE);
    }
    return (this.#reached.get(host)?.sequence ?? -1) >= this.#since;
  }
}
