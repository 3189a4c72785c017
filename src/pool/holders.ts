import type { HostId, PackId } from "../codec/index.ts";
import type { Catalog, Holding, PackFacts } from "./catalog.ts";
import type { PoolParts } from "./parts.ts";
import type { Candidate } from "./placement.ts";
import { rank } from "./placement.ts";

type View = Pick<PoolParts, "self" | "roster" | "presence" | "freeBytes" | "store">;

/** Members that the network has not declared gone, reachable or not. */
export function activeMembers(view: View): HostId[] {
  return [...view.roster().members.keys()].filter((host) => view.presence(host) !== "gone");
}

/** The claims that count: of active members. A host that is merely away still counts, or every absence would start a repair. */
export function confirmed(view: View, catalog: Catalog, { namespace, pack }: Pick<PackFacts, "namespace" | "pack">): Holding[] {
  const { members } = view.roster();
  return catalog.holdings(namespace, pack).filter(({ host }) => members.has(host) && view.presence(host) !== "gone");
}

/** The hosts among them, each once. */
export function hostsOf(holdings: readonly Holding[]): HostId[] {
  return [...new Set(holdings.map(({ host }) => host))];
}

/** The hosts that could take a piece now, this one included, in the order in which the pack asks them. */
export async function candidatesFor(view: View, pack: PackId): Promise<Candidate[]> {
  const own = await view.store.availableBytes();
  const online = [...view.roster().members.values()].filter(({ host }) => host === view.self || view.presence(host) === "online");
  return rank(
    pack,
    online.map(({ host, zone, capacityBytes }) => ({ host, zone, freeBytes: host === view.self ? own : (view.freeBytes(host) ?? capacityBytes) })),
  );
}
