import type { NamespaceId } from "../../codec/index.ts";
import type { Env } from "../../platform/index.ts";
import { Worker } from "../../platform/index.ts";
import { scan } from "../catalogue.ts";
import type { HostVisits, SiteVisits } from "../port.ts";
import type { SiteIndex } from "../site-index.ts";
import type { SiteParts } from "../sites.ts";
import { Tally } from "./tally.ts";
import { VISITS_PREFIX, hostInVisitsKey, readVisits, visitsCodec, visitsKey } from "./visit-records.ts";

/** As much is lost when a host is killed, and as much later other hosts know. */
const KEEP_EVERY_MS = 15 * 60_000;
/** Counts that are written together. */
const BATCH = 64;
/** A host that stops waits no longer for others to take its last counts; they are on its own disk. */
const LAST_WAIT_MS = 250;

/** Counts how often each site is asked for on this host, and knows what other hosts counted. */
export class VisitBook implements SiteVisits {
  readonly worker: Worker;
  readonly #env: Env;
  readonly #with: SiteParts;
  readonly #index: SiteIndex;
  readonly #tallies = new Map<NamespaceId, Tally>();

  constructor(env: Env, parts: SiteParts, index: SiteIndex) {
    this.#env = env;
    this.#with = parts;
    this.#index = index;
    this.worker = new Worker(env, { name: "keep counts of visits", everyMs: KEEP_EVERY_MS, work: async ({ signal, report }) => report(`wrote the counts of ${await this.#keep(signal)} sites`) });
  }

  counter(site: NamespaceId): Tally {
    const known = this.#tallies.get(site);
    if (known !== undefined) return known;
    const tally = new Tally(this.#env.clock, readVisits(this.#with.records.local(site, visitsKey(this.#with.self))));
    this.#tallies.set(site, tally);
    return tally;
  }

  of(name: string): readonly HostVisits[] {
    const { namespace } = this.#index.require(name).info;
    const all: HostVisits[] = [];
    for (const state of scan(this.#with.records, namespace, VISITS_PREFIX)) {
      const host = hostInVisitsKey(state.key);
      if (host !== this.#with.self) all.push({ host, days: readVisits(state) });
    }
    return [{ host: this.#with.self, days: this.counter(namespace).days() }, ...all].filter(({ days }) => days.length > 0);
  }

  /** Writes what has not been written yet. */
  async stop(): Promise<void> {
    await this.worker.stop();
    const patience = new AbortController();
    const timer = this.#env.timers.after(LAST_WAIT_MS, () => patience.abort(new Error("the host stops")));
    try {
      await this.#keep(patience.signal);
    } catch (error) {
      if (!patience.signal.aborted) this.#env.log.warn("the last counts of visits could not be kept", { error });
    } finally {
      timer.cancel();
    }
  }

  async #keep(signal: AbortSignal): Promise<number> {
    const present = new Set(this.#index.list().map(({ namespace }) => namespace));
    const changed = [...this.#tallies].filter(([site, { isChanged }]) => isChanged && present.has(site));
    for (let at = 0; at < changed.length; at += BATCH) {
      const batch = changed.slice(at, at + BATCH);
      for (const [, tally] of batch) tally.isChanged = false;
      try {
        await this.#with.records.write(batch.map(([namespace, tally]) => ({ namespace, key: visitsKey(this.#with.self), value: visitsCodec.encode({ days: tally.days() }) })), { as: "host", signal });
      } catch (error) {
        for (const [, tally] of batch) tally.isChanged = true;
        throw error;
      }
    }
    return changed.length;
  }
}
