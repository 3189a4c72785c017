import { freePortPair, isFreePort } from "../net/index.ts";
import type { DataDirectory, Settings } from "./directory.ts";

export interface WantedPorts {
  readonly httpPort?: number;
  readonly peerPort?: number;
}

export interface Ports {
  readonly httpPort: number;
  readonly peerPort: number;
}

/**
 * The ports to listen on: those that were asked for, else those used before while they are free, else the next free pair, which is then
 * kept. A host keeps its ports so that bookmarks and other hosts find it again.
 */
export async function choosePorts(directory: DataDirectory, settings: Settings, wanted: WantedPorts): Promise<Ports> {
  const kept: WantedPorts = await keptPorts(settings);
  const known = { httpPort: wanted.httpPort ?? kept.httpPort, peerPort: wanted.peerPort ?? kept.peerPort };
  if (known.httpPort !== undefined && known.peerPort !== undefined) return { httpPort: known.httpPort, peerPort: known.peerPort };
  const free = await freePortPair();
  const ports = { httpPort: known.httpPort ?? free.httpPort, peerPort: known.peerPort ?? free.peerPort };
  await directory.writeSettings({ ...settings, httpPort: wanted.httpPort ?? ports.httpPort, peerPort: wanted.peerPort ?? ports.peerPort });
  return ports;
}

async function keptPorts({ httpPort, peerPort }: Settings): Promise<WantedPorts> {
  const areFree = httpPort !== undefined && peerPort !== undefined && (await isFreePort(httpPort)) && (await isFreePort(peerPort));
  return areFree ? { httpPort, peerPort } : {};
}
