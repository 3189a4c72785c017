import type { HostId } from "../codec/index.ts";
import { codec, id, list, struct, uint, utf8 } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import { ownEntry } from "../store/index.ts";
import type { RecordLog } from "../store/index.ts";

/** More hosts than a network may have are not remembered. */
const MAX_HOSTS = 100_000;

export const absencesCodec = codec<readonly { readonly host: HostId; readonly heardWallMs: number }[]>("Absences", 1, 8 * 1024 * 1024, list(struct({ host: id<HostId>(), heardWallMs: uint() }), MAX_HOSTS));

const KEY = utf8("eabsences");
/** So long it takes at most until all who are there are connected. */
const WATCH_MS = 60_000;

/** A host was not heard of for `beforeMs` when the watch at `sinceMs` began. */
interface Absence {
  readonly beforeMs: number;
  readonly sinceMs: number;
}

/**
 * For how long each host has not been heard of here. While this host runs its monotonic clock counts; what passed while it did not run is taken
 * from the wall clock, which may be wrong: so it only suggests, and a majority of voters must agree.
 */
export class Absences {
  readonly #env: Env;
  readonly #log: RecordLog;
  readonly #absences = new Map<HostId, Absence>();
  readonly #startedMs: number;

  constructor(env: Env, log: RecordLog) {
    this.#env = env;
    this.#log = log;
    this.#startedMs = env.clock.monotonicMs();
    const known = ownEntry(log, KEY, absencesCodec) ?? [];
    for (const { host, heardWallMs } of known) this.#absences.set(host, { beforeMs: Math.max(0, env.clock.wallMs() - heardWallMs), sinceMs: this.#startedMs });
  }

  /** Who is here now, and who should be. */
  observe(present: readonly HostId[], members: readonly HostId[]): void {
    const awaited = new Set(members);
    for (const host of present) awaited.delete(host);
    for (const host of this.#absences.keys()) if (!awaited.has(host)) this.#absences.delete(host);
    for (const host of awaited) if (!this.#absences.has(host)) this.#absences.set(host, { beforeMs: 0, sinceMs: this.#env.clock.monotonicMs() });
  }

  /** 0 for a host that is here. */
  ofMs(host: HostId): number {
    const absence = this.#absences.get(host);
    return absence === undefined ? 0 : absence.beforeMs + this.#env.clock.monotonicMs() - absence.sinceMs;
  }

  /** Whether a host has been away for so long. Who has only just started has not heard of those who are there, and does not say. */
  isAwayFor(host: HostId, ms: number): boolean {
    const watchedMs = this.#env.clock.monotonicMs() - this.#startedMs;
    return this.ofMs(host) >= ms && watchedMs >= Math.min(WATCH_MS, ms);
  }

  /** Now and then is enough: what is lost makes an absence shorter. */
  async save(): Promise<void> {
    const wallMs = this.#env.clock.wallMs();
    const known = [...this.#absences.keys()].slice(0, MAX_HOSTS).map((host) => ({ host, heardWallMs: Math.max(0, Math.floor(wallMs - this.ofMs(host))) }));
    await this.#log.commit([{ kind: "put", key: KEY, value: absencesCodec.encode(known) }]);
  }
}
