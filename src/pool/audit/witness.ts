import type { HostId, PackId } from "../../codec/index.ts";
import type { Clock } from "../../platform/index.ts";

const HOSTS_MAX = 1024;
const PACKS_PER_HOST = 256;

/**
 * Which hosts have asked here for leaves of which packs of late. A host that does not hold what it claims must fetch a leaf when it is
 * challenged for it, and whom it asks can tell.
 */
export class Witness {
  readonly #clock: Clock;
  readonly #asked = new Map<HostId, Map<PackId, number>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note(host: HostId, pack: PackId): void {
    const packs = this.#asked.get(host) ?? new Map<PackId, number>();
    this.#asked.delete(host);
    this.#asked.set(host, packs);
    if (this.#asked.size > HOSTS_MAX) this.#asked.delete(this.#asked.keys().next().value!);
    packs.delete(pack);
    packs.set(pack, this.#clock.monotonicMs());
    if (packs.size > PACKS_PER_HOST) packs.delete(packs.keys().next().value!);
  }

  /** How many milliseconds ago the host last asked here for leaves of the pack. */
  agoMs(host: HostId, pack: PackId): number | undefined {
    const atMs = this.#asked.get(host)?.get(pack);
    return atMs === undefined ? undefined : this.#clock.monotonicMs() - atMs;
  }
}
