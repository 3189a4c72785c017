import { requestsOf } from "../site/index.ts";
import { isoDay } from "./gateway/http-date.ts";
import type { Node } from "./port.ts";
import type { ValueOf } from "./schema.ts";
import { bytes, id, integer, list, object, text } from "./schema.ts";

export const VisitRow = object(
  {
    day: { type: "string", description: "as 2026-11-28, UTC" },
    host: object({ id, name: text }),
    requests: integer,
    bytes: { ...bytes, description: "of bodies sent" },
    statuses: list(object({ status: { type: "integer", description: "as in HTTP" }, requests: integer })),
  },
  { $id: "VisitRow", description: "How often a site was asked for on one host in one day. Nothing is known of who asked." },
);
export type VisitRow = ValueOf<typeof VisitRow>;

/** The newest day first; of one day this host first. */
export function visitRows(node: Node, site: string): VisitRow[] {
  const names = new Map(node.hosts().map(({ id, name }) => [id, name]));
  const rows = node.sites.visits.of(site).flatMap(({ host, days }) =>
    days.map((day) => ({
      day: isoDay(day.day),
      host: { id: host, name: names.get(host) ?? host },
      requests: requestsOf(day),
      bytes: day.bytes,
      statuses: day.statuses.map((each) => ({ ...each })),
    })),
  );
  return rows.sort((a, b) => b.day.localeCompare(a.day));
}
