import { EVERYWHERE } from "../cluster/index.ts";
import type { HostId } from "../codec/index.ts";
import type { DeliveryItem } from "./delivery.ts";
import type { Holdings } from "./holdings.ts";
import type { ClusterView } from "./port.ts";

/** Where a record goes. */
export interface Route {
  /** The other hosts where the layout wants it. */
  readonly targets: readonly HostId[];
  /** Those, and the hosts that are read until the targets are ready. */
  readonly recipients: readonly HostId[];
  /** So many targets are out of reach. */
  readonly missing: number;
  /** Whether the layout wants it here too. */
  readonly isWantedHere: boolean;
  /** Hosts in reach that may stand in for them, best first. */
  readonly spares: readonly HostId[];
}

export interface RouterParts {
  readonly cluster: ClusterView;
  readonly holdings: Holdings;
  /** Whether a host does not answer, although it is connected. */
  readonly isResting: (host: HostId) => boolean;
}

/** Finds where records go as things are now. Many records go the same way, so it is asked anew for each delivery or look at all of them. */
export function routes({ cluster, holdings, isResting }: RouterParts): (item: DeliveryItem) => Route {
  const online = new Set(cluster.online());
  const known = new Map<string, Route>();
  const find = ({ group, genesis }: DeliveryItem): Route => {
    const recipients = holdings.recipients(group, genesis);
    if (group === EVERYWHERE) return { targets: recipients, recipients, missing: 0, isWantedHere: true, spares: [] };
    const isReachable = (host: HostId): boolean => online.has(host) && !isResting(host);
    const targets = holdings.targets(group, genesis).filter((host) => host !== holdings.self);
    const missing = targets.filter((host) => !isReachable(host)).length;
    const isSpare = (host: HostId): boolean => host !== holdings.self && isReachable(host) && !recipients.includes(host);
    return { targets, recipients, missing, isWantedHere: holdings.isTarget(genesis, group), spares: missing === 0 ? [] : cluster.preferenceList(group).filter(isSpare) };
  };
  return (item) => {
    const name = `${item.group} ${item.genesis.replicas}`;
    const route = known.get(name) ?? find(item);
    known.set(name, route);
    return route;
  };
}
