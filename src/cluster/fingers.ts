import type { HostId } from "../codec/index.ts";
import { bytesOfId } from "../codec/index.ts";

const RING = 2 ** 32;

function placeOf(host: HostId): number {
  const bytes = bytesOfId(host);
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}

/**
 * Whom a host passes news on to: the next on the ring of all ids, and the first beyond half of the ring, beyond a quarter of it, and so on,
 * about log2 n in all. What one tells is everywhere after as many steps, and a host that comes or goes changes the choice of few others.
 * The fingers of Chord (Stoica and others, 2001).
 */
export function fingersOf(self: HostId, peers: readonly HostId[]): readonly HostId[] {
  const own = placeOf(self);
  const ring = peers.map((peer) => ({ peer, ahead: (placeOf(peer) - own + RING) % RING })).sort((a, b) => a.ahead - b.ahead);
  const fingers = new Set(ring.slice(0, 1).map(({ peer }) => peer));
  for (let part = 2; part <= peers.length; part *= 2) {
    const finger = ring.find(({ ahead }) => ahead >= RING / part);
    if (finger !== undefined) fingers.add(finger.peer);
  }
  return [...fingers];
}
