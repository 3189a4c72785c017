import { networkInterfaces } from "node:os";
import { addressSet } from "./address-set.ts";

/** Of one machine, of a home or an office, or of one cable (RFC 1918, RFC 3927). */
const NETWORKS = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"] as const;

/** The same by IPv6: networks that nobody routes to the wide web, of one cable, and this machine itself (RFC 4193, RFC 4291). */
const NETWORKS_6 = ["fc00::/7", "fe80::/10", "::1"] as const;

/** Whether an IPv4 address belongs to a local network, this machine's own loopback included. */
export const isLocalNetwork: (address: string) => boolean = addressSet([...NETWORKS, "127.0.0.0/8"]);

const isOfLan = addressSet([...NETWORKS, "127.0.0.0/8", ...NETWORKS_6]);

const isLasting = addressSet([NETWORKS_6[0]]);

/** The same for IPv6 as well. An address of one cable comes with the interface's name behind it. */
export function isLanAddress(address: string): boolean {
  return isOfLan(address.replace(/%.*$/, ""));
}

/** This machine's addresses on its local networks. Those of homes come before those of machines within the machine. */
export function localNetworkAddresses(): string[] {
  const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const addresses = own.filter(({ family, internal, address }) => family === "IPv4" && !internal && isLocalNetwork(address)).map(({ address }) => address);
  const rank = (address: string): number => ["192.168.", "10.", "172."].findIndex((start) => address.startsWith(start)) >>> 0;
  return addresses.sort((a, b) => rank(a) - rank(b));
}

/**
 * The announced addresses that may lead somewhere. Whoever is set up on this machine announces its other addresses too: what leads to its loopback
 * is left out while it has such, since a stranger's announcement is no reason to knock at what listens for this machine alone.
 * @param announced multiaddrs
 * @param own this machine's addresses on its local networks
 */
export function withoutLoopback(announced: readonly string[], own: readonly string[]): readonly string[] {
  return own.length === 0 ? announced : announced.filter((address) => !address.startsWith("/ip4/127."));
}

/** Where a browser on the local network finds this machine, as it stands in a link: by IPv4 where it can. Undefined when there is no such address. */
export function localNetworkHost(): string | undefined {
  const [first] = localNetworkAddresses();
  if (first !== undefined) return first;
  const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  // No browser opens a link to an address of one cable: it needs the name that the interface has on the browser's own machine.
  const lasting = own.find(({ family, internal, address }) => family === "IPv6" && !internal && isLasting(address));
  return lasting && `[${lasting.address}]`;
}
