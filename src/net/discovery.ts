import type { PeerDiscovery, PeerInfo } from "@libp2p/interface";
import type { MulticastDNSComponents } from "@libp2p/mdns";
import { mdns } from "@libp2p/mdns";
import type { HostId, NetworkId } from "../codec/index.ts";
import { bytesOfId, hex } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import type { Env } from "../platform/index.ts";
import { messageOf } from "../platform/index.ts";
import { farthestFirst, parseAddress } from "./address.ts";
import { hostIdOf } from "./peer-id.ts";

/**
 * Milliseconds between two questions to the local network. Whoever announces itself hears its own question and answers it, so that it is found
 * at once when it comes; those who only look need not ask often.
 */
const ASK_EVERY_MS = 10_000;
const LOOK_EVERY_MS = 60_000;
const ADDRESSES_MAX = 16;

type StartedDiscovery = PeerDiscovery & { start(): Promise<void>; stop(): Promise<void> };

export interface DiscoveryPlan {
  readonly name: string;
  /** Finds others, and says nothing of itself. */
  readonly onlyLooks?: boolean;
}

/** The service under which machines on which a host is being set up are found, by hosts of whatever network. */
export const APPLICANTS_NAME = "_hf-new._udp.local";

export type DiscoveryListener = (peer: HostId, addresses: readonly string[]) => void;

/** The service under which hosts of one network find each other. The network's id is not told to the neighbours, only a hash of it. */
export function discoveryNameOf(network: NetworkId): string {
  return `_hf-${hex(sha256(bytesOfId(network))).slice(0, 10)}._udp.local`;
}

/**
 * Announces this host on the local network by multicast DNS and reports others (RFC 6762, libp2p's discovery/mdns.md). It stands
 * beside libp2p and not in it: there, every answer from the local network would go into the peer store, unasked and unbounded.
 */
export class Discovery {
  readonly #env: Env;
  readonly #service: StartedDiscovery;
  readonly #listeners = new Set<DiscoveryListener>();

  constructor(env: Env, { name, onlyLooks = false }: DiscoveryPlan, components: MulticastDNSComponents) {
    this.#env = env;
    this.#service = mdns({ serviceTag: name, interval: onlyLooks ? LOOK_EVERY_MS : ASK_EVERY_MS, broadcast: !onlyLooks })(components) as StartedDiscovery;
    this.#service.addEventListener("peer", (event: CustomEvent<PeerInfo>) => this.#found(event.detail));
  }

  /** A machine without multicast is no reason not to run: the failure is logged, and nobody is found. */
  async start(): Promise<void> {
    try {
      await this.#service.start();
    } catch (error) {
      this.#env.log.info("hosts on the local network cannot be discovered", { reason: messageOf(error) });
    }
  }

  async stop(): Promise<void> {
    await this.#service.stop();
  }

  onDiscovered(listener: DiscoveryListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #found({ id, multiaddrs }: PeerInfo): void {
    const peer = hostIdOf(id);
    const addresses = farthestFirst(multiaddrs.slice(0, ADDRESSES_MAX).flatMap((address) => usable(address.toString())));
    if (peer === undefined || addresses.length === 0) return;
    for (const listener of this.#listeners) listener(peer, addresses);
  }
}

function usable(address: string): string[] {
  try {
    return [parseAddress(address)];
  } catch {
    return [];
  }
}
