import { base32 } from "../../codec/index.ts";
import type { Env, Timer } from "../../platform/index.ts";
import type { SiteInfo } from "../../site/index.ts";
import type { ApplicantRow } from "../applicant-rows.ts";
import type { Node } from "../port.ts";
import type { HostRow, SiteRow, Status } from "../rows.ts";
import { siteRow } from "../site-rows.ts";
import type { Event, Resumption } from "./chronicle.ts";
import { Chronicle } from "./chronicle.ts";
import type { Sight } from "./happenings.ts";
import { happeningsBetween, sightOf } from "./happenings.ts";

/** While somebody watches, and while nobody does and only the chronicle is kept. */
const WATCHED_MS = 1_000;
const UNWATCHED_MS = 10_000;
const RUN_BYTES = 10;

/** What one look finds, which all who watch are told of. */
export interface Glance {
  readonly status: Status;
  readonly hosts: readonly HostRow[];
  readonly sites: readonly SiteRow[];
  readonly applicants: readonly ApplicantRow[];
  readonly position: string;
  /** What happened since the look before. */
  readonly events: readonly Event[];
}

type Watcher = (glance: Glance) => void;

/** Looks at the host again and again, once for all who watch, and notes what has changed. */
export class Lookout {
  readonly #env: Env;
  readonly #node: Node;
  readonly #port: number;
  readonly #chronicle: Chronicle;
  readonly #watchers = new Set<Watcher>();
  #sight: Sight | undefined;
  #timer: Timer | undefined;
  readonly #end = new AbortController();
  #isLooking = false;

  constructor(env: Env, node: Node, port: number) {
    this.#env = env;
    this.#node = node;
    this.#port = port;
    this.#chronicle = new Chronicle(base32(env.random.bytes(RUN_BYTES)));
    this.#rest();
  }

  /** Calls the watcher with each look from now on, the first at once. @returns what ends it */
  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    this.#look();
    return () => void this.#watchers.delete(watcher);
  }

  /** @throws DoorError BAD_REQUEST */
  resume(position: string | undefined): Resumption {
    return this.#chronicle.resume(position);
  }

  /** Aborted when the door closes. */
  get ended(): AbortSignal {
    return this.#end.signal;
  }

  close(): void {
    this.#end.abort(new Error("the door closes"));
    this.#timer?.cancel();
  }

  #rest(): void {
    this.#timer?.cancel();
    if (!this.#end.signal.aborted) this.#timer = this.#env.timers.after(this.#watchers.size > 0 ? WATCHED_MS : UNWATCHED_MS, () => this.#look());
  }

  #look(): void {
    if (this.#isLooking || this.#end.signal.aborted) return;
    this.#isLooking = true;
    void this.#show()
      .catch((error: unknown) => this.#env.log.warn("what the Browser shows could not be looked at", { error }))
      .finally(() => {
        this.#isLooking = false;
        this.#rest();
      });
  }

  async #show(): Promise<void> {
    // Awaited first: who begins to watch meanwhile would hear of the same events twice.
    const status = this.#watchers.size > 0 ? await this.#node.status() : undefined;
    // Sites and hosts are asked for once, however many rows are made of them: this is done each second.
    const [hosts, sites] = [this.#node.hosts(), this.#node.sites.list()];
    const events = this.#note(hosts, sites);
    if (status === undefined) return;
    const rows = sites.map((site) => siteRow(this.#node, site, this.#port, hosts));
    const glance = { status, hosts: hosts.map(steady), sites: rows, applicants: this.#node.applicants.list(), position: this.#chronicle.position, events };
    for (const watcher of this.#watchers) watcher(glance);
  }

  /** Keeps the chronicle, with what costs next to nothing to know. */
  #note(hosts: readonly HostRow[], sites: readonly SiteInfo[]): readonly Event[] {
    const sight = sightOf(hosts, sites, this.#node.coordinator()?.name ?? null);
    const events = this.#sight === undefined ? [] : this.#chronicle.add(happeningsBetween(this.#sight, sight), this.#env.clock.wallMs());
    this.#sight = sight;
    return events;
  }
}

/** Whoever is online was seen just now, as everybody knows: said again each second, it would be news each second. */
function steady(host: HostRow): HostRow {
  return host.presence === "online" ? { ...host, lastSeenMs: null } : host;
}
