import type { NamespaceId } from "../codec/index.ts";
import { raceAbort } from "../platform/index.ts";
import type { Pool } from "../pool/index.ts";
import type { Head } from "./head.ts";
import type { Manifest } from "./manifest.ts";
import { loadManifest } from "./manifest.ts";

/** Of one site: the current head's, that of the head before, which still lends files, and one that somebody looks up. */
const PER_SITE_MAX = 3;

interface Entry {
  readonly namespace: NamespaceId;
  readonly manifest: Promise<Manifest>;
  weightBytes: number;
}

/** The manifests used last, a few of each site, within a budget of memory; the very last one stays whatever it weighs. */
export class ManifestCache {
  readonly #pool: Pool;
  readonly #budgetBytes: number;
  /** By where the index lies, since what it says depends on that; the one used last at the end. */
  readonly #entries = new Map<string, Entry>();
  #usedBytes = 0;

  constructor(pool: Pool, budgetBytes: number) {
    this.#pool = pool;
    this.#budgetBytes = budgetBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** @throws SiteError DAMAGED_SITE, and what the pool throws */
  async get(namespace: NamespaceId, { manifest: place }: Head, signal?: AbortSignal): Promise<Manifest> {
    const key = `${place.pack}/${place.id}`;
    const entry = this.#entries.get(key) ?? { namespace, manifest: this.#load(key, namespace, place), weightBytes: 0 };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    // Several may wait for one load; it goes on when one of them leaves.
    return signal === undefined ? entry.manifest : raceAbort(entry.manifest, signal);
  }

  async #load(key: string, namespace: NamespaceId, place: Head["manifest"]): Promise<Manifest> {
    try {
      const manifest = await loadManifest(this.#pool, namespace, place);
      this.#weigh(key, manifest.weightBytes);
      return manifest;
    } catch (error) {
      this.#entries.delete(key);
      throw error;
    }
  }

  #weigh(key: string, weightBytes: number): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    entry.weightBytes = weightBytes;
    this.#usedBytes += weightBytes;
    let surplus = [...this.#entries.values()].filter((each) => each.namespace === entry.namespace).length - PER_SITE_MAX;
    for (const [other, { namespace }] of this.#entries) {
      if (other === key) continue;
      const isSurplus = namespace === entry.namespace && surplus > 0;
      if (isSurplus) surplus -= 1;
      if (isSurplus || this.#usedBytes > this.#budgetBytes) this.#drop(other);
    }
  }

  #drop(key: string): void {
    this.#usedBytes -= this.#entries.get(key)?.weightBytes ?? 0;
    this.#entries.delete(key);
  }
}
