import { networkInterfaces } from "node:os";
import { addressSet } from "./address-set.ts";

/** Of one machine, of a home or an office, or of one cable (RFC 1918, RFC 3927). */
const NETWORKS = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"] as const;

/** Whether an IPv4 address belongs to a local network, this machine's own loopback included. */
export const isLocalNetwork: (address: string) => boolean = addressSet([...NETWORKS, "127.0.0.0/8"]);

/** This machine's addresses on its local networks. Those of homes come before those of machines within the machine. */
export function localNetworkAddresses(): string[] {
  const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const addresses = own.filter(({ family, internal, address }) => family === "IPv4" && !internal && isLocalNetwork(address)).map(({ address }) => address);
  const rank = (address: string): number => ["192.168.", "10.", "172."].findIndex((start) => address.startsWith(start)) >>> 0;
  return addresses.sort((a, b) => rank(a) - rank(b));
}

/** The first of them; undefined when this machine is in no local network. */
export function localNetworkAddress(): string | undefined {
  return localNetworkAddresses()[0];
}
