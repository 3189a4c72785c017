import type { Env } from "../../platform/index.ts";
import { raceAbort } from "../../platform/index.ts";
import type { Stalls } from "../gateway/stalls.ts";
import { Told } from "../live/changes.ts";
import type { NewsRow } from "../live/event-rows.ts";
import { NewsRow as NewsSchema } from "../live/event-rows.ts";
import type { Glance, Lookout } from "../live/lookout.ts";
import type { ApplicantRow } from "../applicant-rows.ts";
import type { HostRow, SiteRow, Status } from "../rows.ts";
import type { Traffic } from "../traffic.ts";
import { sendFeed, untilClosed } from "./feed-stream.ts";
import type { Call, Route } from "./route.ts";

export interface EventDesk {
  readonly env: Env;
  readonly lookout: Lookout;
  readonly stalls: Stalls;
  readonly traffic: Traffic;
}

export function eventRoutes(desk: EventDesk): readonly Route[] {
  return [
    {
      method: "GET",
      path: "/api/events",
      name: "events",
      summary: "Everything as it is, and from then on what changes, one object per line; with Last-Event-ID also what happened since that position",
      gives: { 200: { description: "News, until the connection ends", schema: NewsSchema, mediaTypes: ["application/x-ndjson"] } },
      handle: (call) => sendEvents(desk, call),
    },
  ];
}

async function sendEvents({ env, lookout, stalls, traffic }: EventDesk, { incoming, outgoing }: Call): Promise<"sent"> {
  const shown = incoming.headers["last-event-id"];
  const { position, events, forgotten } = lookout.resume(typeof shown === "string" ? shown : undefined);
  const first: NewsRow = { position, forgotten, events: events.map((event) => ({ ...event })) };
  await sendFeed(env, outgoing, stalls, traffic, news(lookout, first, AbortSignal.any([untilClosed(outgoing), lookout.ended])));
  return "sent";
}

/** Ends when the signal is aborted. Whoever reads slowly misses looks, and no change: each look is compared with what they were told. */
async function* news(lookout: Lookout, first: NewsRow, signal: AbortSignal): AsyncGenerator<NewsRow> {
  const reader = new Reader();
  const stop = lookout.watch((glance) => reader.take(glance));
  try {
    yield first;
    while (!signal.aborted) {
      const row = reader.next();
      if (row === undefined) await raceAbort(reader.woken(), signal);
      else yield row;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    stop();
  }
}

/** What one reader knows, and the newest look that they do not know yet. */
class Reader {
  readonly #hosts = new Told<HostRow>(({ id }) => id);
  readonly #sites = new Told<SiteRow>(({ name }) => name);
  readonly #status = new Told<Status>(() => "");
  readonly #applicants = new Told<ApplicantRow>(({ id }) => id);
  #glance: Glance | undefined;
  #events: NewsRow["events"] = [];
  #wake = Promise.withResolvers<void>();

  take(glance: Glance): void {
    this.#events = [...(this.#events ?? []), ...glance.events];
    this.#glance = glance;
    this.#wake.resolve();
  }

  woken(): Promise<void> {
    return this.#wake.promise;
  }

  /** Undefined when there is nothing to tell. */
  next(): NewsRow | undefined {
    const glance = this.#glance;
    this.#wake = Promise.withResolvers();
    if (glance === undefined) return undefined;
    this.#glance = undefined;
    const [status, hosts, sites, events] = [this.#status.next([glance.status]), this.#hosts.next(glance.hosts), this.#sites.next(glance.sites), this.#events ?? []];
    const applicants = this.#applicants.next(glance.applicants);
    this.#events = [];
    if (status === undefined && hosts === undefined && sites === undefined && applicants === undefined && events.length === 0) return undefined;
    return {
      position: glance.position,
      ...(events.length === 0 ? {} : { events }),
      ...(status === undefined ? {} : { status: glance.status }),
      ...(hosts === undefined ? {} : { hosts: { set: [...hosts.set], gone: [...hosts.gone] } }),
      ...(sites === undefined ? {} : { sites: { set: [...sites.set], gone: [...sites.gone] } }),
      ...(applicants === undefined ? {} : { applicants: { set: [...applicants.set], gone: [...applicants.gone] } }),
    };
  }
}
