import { createServer } from "node:net";
import { codeOf } from "../platform/index.ts";
import { NetError } from "./errors.ts";

/** The doors bind the loopback addresses, the transport every interface; a port is free when both would succeed. */
const PROBED = ["127.0.0.1", "::1", "0.0.0.0", "::"] as const;
const PAIRS_TRIED = 500;

export interface PortPair {
  readonly httpPort: number;
  readonly peerPort: number;
}

/** Why `host` and `port` cannot be bound, as the system's code, or undefined when they can. */
export function bindFault(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) => resolve(codeOf(error) ?? "UNKNOWN"));
    server.listen({ host, port, exclusive: true, ipv6Only: host.includes(":") }, () => server.close(() => resolve(undefined)));
  });
}

/** Says that this machine has no such address at all, which is no reason against the others. */
export function isAbsentAddress(fault: string): boolean {
  return fault === "EADDRNOTAVAIL" || fault === "EAFNOSUPPORT" || fault === "EINVAL";
}

/** Whether `port` can be bound on 127.0.0.1, on ::1 where it exists, and on every interface. */
export async function isFreePort(port: number): Promise<boolean> {
  for (const host of PROBED) {
    const fault = await bindFault(host, port);
    if (fault !== undefined && !(host.includes(":") && isAbsentAddress(fault))) return false;
  }
  return true;
}

/**
 * The first free pair of neighbouring ports from `from` on, in steps of two: 4280 and 4281, 4282 and 4283, and so on.
 * @throws NetError PORT_TAKEN when there is none within the next thousand
 */
export async function freePortPair(from = 4280, taken: ReadonlySet<number> = new Set()): Promise<PortPair> {
  const last = Math.min(from + 2 * PAIRS_TRIED, 65_534);
  for (let port = from; port <= last; port += 2) {
    if (!taken.has(port) && !taken.has(port + 1) && (await isFreePort(port)) && (await isFreePort(port + 1))) return { httpPort: port, peerPort: port + 1 };
  }
  throw new NetError("PORT_TAKEN", `No two neighbouring ports from ${from} to ${last + 1} are free. Choose some with --http-port and --peer-port.`);
}
