import type { HostRow } from "../rows.ts";

/** Something that people may want to know of, without its time. */
export type Happening =
  | { readonly what: "joined" | "away" | "back" | "gone" | "removed" | "emptying" | "filling" | "suspect" | "cleared"; readonly host: string }
  | { readonly what: "published"; readonly site: string; readonly version: number }
  | { readonly what: "unpublished"; readonly site: string }
  | { readonly what: "coordinator"; readonly host: string | null };

/** What is compared to find out what has happened. */
export interface Sight {
  readonly hosts: ReadonlyMap<string, Pick<HostRow, "name" | "presence" | "isDraining" | "isSuspect">>;
  /** The current version of each published site. */
  readonly sites: ReadonlyMap<string, number>;
  readonly coordinator: string | null;
}

export function sightOf(hosts: readonly HostRow[], sites: readonly { readonly name: string; readonly head?: { readonly sequence: number } | undefined }[], coordinator: string | null): Sight {
  const versions = sites.flatMap(({ name, head }): [string, number][] => (head === undefined ? [] : [[name, head.sequence]]));
  return { hosts: new Map(hosts.map((host) => [host.id, host])), sites: new Map(versions), coordinator };
}

/** What must have happened between two looks, hosts first. What came and went between them nobody has seen. */
export function happeningsBetween(before: Sight, after: Sight): Happening[] {
  return [...hostHappenings(before, after), ...siteHappenings(before, after), ...coordinatorHappenings(before, after)];
}

function* hostHappenings(before: Sight, after: Sight): Generator<Happening> {
  for (const [id, now] of after.hosts) {
    const then = before.hosts.get(id);
    const host = now.name;
    if (then === undefined) {
      yield { what: "joined", host };
      continue;
    }
    if (then.presence !== now.presence) yield { what: now.presence === "online" ? "back" : now.presence, host };
    if (then.isDraining !== now.isDraining) yield { what: now.isDraining ? "emptying" : "filling", host };
    if (then.isSuspect !== now.isSuspect) yield { what: now.isSuspect ? "suspect" : "cleared", host };
  }
  for (const [id, { name }] of before.hosts) if (!after.hosts.has(id)) yield { what: "removed", host: name };
}

function* siteHappenings(before: Sight, after: Sight): Generator<Happening> {
  for (const [site, version] of after.sites) if (before.sites.get(site) !== version) yield { what: "published", site, version };
  for (const site of before.sites.keys()) if (!after.sites.has(site)) yield { what: "unpublished", site };
}

function* coordinatorHappenings(before: Sight, after: Sight): Generator<Happening> {
  if (before.coordinator !== after.coordinator) yield { what: "coordinator", host: after.coordinator };
}
