import { useEffect, useState } from "preact/hooks";
import type { ApplicantRow, EventRow, HostRow, NewsRow, SiteRow, Status } from "../src/door/index.ts";
import { ask, linesOf } from "./api.ts";
import { eventsAfter } from "./events.ts";

// How the network is, its hosts, its sites and what happens come over one event stream: first everything, then what changes. When the stream breaks, the pages
// go on showing what they know and say so; the next one begins with everything again, and with the events since the last position.

/** How the stream is. */
export type Line = "opening" | "open" | "lost";

export interface Live {
  readonly line: Line;
  readonly status: Status | undefined;
  /** This host first. */
  readonly hosts: readonly HostRow[];
  readonly sites: readonly SiteRow[];
  /** Machines nearby that ask to be let in, the longest waiting first. */
  readonly applicants: readonly ApplicantRow[];
  /** Oldest first. */
  readonly events: readonly EventRow[];
  /** What happened while the stream was broken: how many events came late, and how many are lost (null: the host was started anew). */
  readonly missed: { readonly late: number; readonly forgotten: number | null } | undefined;
}

const RETRY_MS = 1000;

let now: Live = { line: "opening", status: undefined, hosts: [], sites: [], applicants: [], events: [], missed: undefined };
const listeners = new Set<(live: Live) => void>();

function show(changes: Partial<Live>): void {
  now = { ...now, ...changes };
  for (const listener of listeners) listener(now);
}

/** The newest state, and a new drawing of the component whenever it changes. */
export function useLive(): Live {
  const [live, setLive] = useState(now);
  useEffect(() => {
    setLive(now);
    listeners.add(setLive);
    return () => void listeners.delete(setLive);
  }, []);
  return live;
}

/** Puts away the note on what was missed. */
export function forgetMissed(): void {
  show({ missed: undefined });
}

/** Follows the event stream for as long as the page lives. */
export async function follow(): Promise<never> {
  let position: string | undefined;
  for (;;) {
    try {
      const answer = await ask("GET", "/events", position === undefined ? {} : { headers: { "last-event-id": position } });
      let isFirst = true;
      const known: Known = { hosts: new Map(), sites: new Map(), applicants: new Map() };
      for await (const news of linesOf<NewsRow>(answer)) {
        take(news, known, isFirst && position !== undefined);
        position = news.position;
        isFirst = false;
      }
    } catch {
      // Whatever it was, the next try shows whether it has passed.
    }
    show({ line: "lost" });
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** The rows of one stream, by their keys. */
interface Known {
  readonly hosts: Map<string, HostRow>;
  readonly sites: Map<string, SiteRow>;
  readonly applicants: Map<string, ApplicantRow>;
}

function take(news: NewsRow, { hosts, sites, applicants }: Known, isBack: boolean): void {
  const { status, events = [], forgotten = 0 } = news;
  change(hosts, news.hosts, ({ id }) => id);
  change(sites, news.sites, ({ name }) => name);
  change(applicants, news.applicants, ({ id }) => id);
  show({
    line: news.hosts === undefined && news.status === undefined && now.line !== "open" ? now.line : "open",
    ...(status === undefined ? {} : { status }),
    ...(news.hosts === undefined ? {} : { hosts: [...hosts.values()].sort((a, b) => Number(b.isSelf) - Number(a.isSelf) || a.name.localeCompare(b.name)) }),
    ...(news.sites === undefined ? {} : { sites: [...sites.values()].sort((a, b) => a.name.localeCompare(b.name)) }),
    ...(news.applicants === undefined ? {} : { applicants: [...applicants.values()].sort((a, b) => a.askedMs - b.askedMs) }),
    events: eventsAfter(now.events, news),
    ...(isBack ? { missed: { late: events.length, forgotten } } : {}),
  });
}

function change<Row>(known: Map<string, Row>, changes: { readonly set: readonly Row[]; readonly gone: readonly string[] } | undefined, keyOf: (row: Row) => string): void {
  for (const row of changes?.set ?? []) known.set(keyOf(row), row);
  for (const key of changes?.gone ?? []) known.delete(key);
}
