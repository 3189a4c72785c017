import { ApplicantRow } from "../applicant-rows.ts";
import { HostRow, SiteRow, Status } from "../rows.ts";
import type { AnySchema, ValueOf } from "../schema.ts";
import { integer, list, millis, object, orNull, text } from "../schema.ts";

// The shapes of the event stream: each of its lines is a NewsRow.

export const EventRow = object(
  {
    number: { type: "integer", description: "counts up while the host runs" },
    atMs: millis,
    what: { enum: ["joined", "away", "back", "gone", "removed", "emptying", "filling", "suspect", "cleared", "published", "unpublished", "coordinator"] },
    host: orNull({ type: "string", description: "a host's name; null where there is no coordinator any more" }),
    site: text,
    version: integer,
  },
  { $id: "EventRow", description: "Something that happened, as this host saw it.", optional: ["host", "site", "version"] },
);
export type EventRow = ValueOf<typeof EventRow>;

function changesOf<const S extends AnySchema>(row: S) {
  return object({ set: list(row), gone: { ...list(text), description: "keys of those that are no more" } });
}

export const NewsRow = object(
  {
    position: { type: "string", description: "to be sent as Last-Event-ID when the connection was lost" },
    forgotten: { anyOf: [integer, { type: "null" }], description: "in the first line: how many events since the position sent are lost; null when the host was started anew since" },
    events: list(EventRow),
    status: Status,
    hosts: changesOf(HostRow),
    sites: changesOf(SiteRow),
    applicants: changesOf(ApplicantRow),
  },
  { $id: "NewsRow", description: "What has changed; the first line has everything.", optional: ["forgotten", "events", "status", "hosts", "sites", "applicants"] },
);
export type NewsRow = ValueOf<typeof NewsRow>;
