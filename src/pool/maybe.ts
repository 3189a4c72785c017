import type { HostId, PackId } from "../codec/index.ts";

const PACKS_MAX = 4096;
const HOSTS_MAX = 16;

/**
 * Holders heard of and not confirmed by a committed claim: a put whose answer was lost, or a host that said it has the pack.
 * Tried after the confirmed ones; forgetting one costs a question.
 */
export class MaybeHolders {
  readonly #hosts = new Map<PackId, Set<HostId>>();

  note(pack: PackId, host: HostId): void {
    const hosts = this.#hosts.get(pack) ?? new Set();
    // Noted again, the pack becomes the youngest; the oldest goes first.
    this.#hosts.delete(pack);
    this.#hosts.set(pack, hosts);
    if (hosts.size < HOSTS_MAX) hosts.add(host);
    if (this.#hosts.size > PACKS_MAX) this.#hosts.delete(this.#hosts.keys().next().value!);
  }

  forget(pack: PackId, host: HostId): void {
    this.#hosts.get(pack)?.delete(host);
  }

  of(pack: PackId): readonly HostId[] {
    return [...(this.#hosts.get(pack) ?? [])];
  }
}
