import type { HostId } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import type { Channel } from "./channel.ts";
import { unreachable } from "./errors.ts";
import type { PeerEvent } from "./port.ts";

export interface Link {
  readonly channel: Channel;
  readonly address: string;
}

/**
 * The channels to each host, normally one. When both sides dialled at once there are two, and both sides keep the same one: that of
 * the host with the lesser id. The other is retired by its opener once nothing is under way on it, so nothing is lost.
 */
export class Links {
  readonly #env: Env;
  readonly #self: HostId;
  readonly #links = new Map<HostId, Link[]>();
  #connected: readonly HostId[] = [];
  readonly #listeners = new Set<(event: PeerEvent) => void>();

  constructor(env: Env, self: HostId) {
    this.#env = env;
    this.#self = self;
  }

  /** The channel has greeted and may be used. */
  add(link: Link): void {
    const { peer } = link.channel;
    const superseded = (this.#links.get(peer) ?? []).filter(({ channel }) => supersedes(link.channel, channel));
    for (const { channel } of superseded) channel.abort(unreachable(peer, "it has opened a new connection and given this one up."));
    const links = this.#links.get(peer) ?? [];
    this.#links.set(peer, [...links, link]);
    if (links.length === 0) return this.#tell({ kind: "up", peer });
    // The other side may not have meant a second channel; then the first is dead, and asking shows it soon.
    for (const other of links) other.channel.probe();
    for (const each of [...links, link]) if (each.channel !== this.best(peer)?.channel && each.channel.opened) each.channel.retire();
  }

  remove(channel: Channel): void {
    const links = this.#links.get(channel.peer);
    const left = links?.filter((link) => link.channel !== channel) ?? [];
    if (links === undefined || left.length === links.length) return;
    if (left.length > 0) {
      this.#links.set(channel.peer, left);
      return;
    }
    this.#links.delete(channel.peer);
    this.#tell({ kind: "down", peer: channel.peer });
  }

  /** The link for new requests: an open one of the host with the lesser id, else whichever there is. */
  best(peer: HostId): Link | undefined {
    const open = (this.#links.get(peer) ?? []).filter(({ channel }) => channel.isOpen);
    const opensLesser = this.#self < peer;
    return open.find(({ channel }) => channel.opened === opensLesser) ?? open.at(-1);
  }

  /** The same list as long as nobody comes or goes. */
  connected(): readonly HostId[] {
    return this.#connected;
  }

  isConnected(peer: HostId): boolean {
    return this.#links.has(peer);
  }

  onPeer(listener: (event: PeerEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(event: PeerEvent): void {
    this.#connected = [...this.#links.keys()];
    this.#env.log.debug(event.kind === "up" ? "a host is connected" : "a host is disconnected", { peer: event.peer });
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#env.log.error("a listener to hosts failed", { error });
      }
    }
  }
}

/** Whether the newer channel shows that the older is given up: the other host was restarted, or its opener has opened again. */
function supersedes(newer: Channel, older: Channel): boolean {
  return newer.remoteIncarnation !== older.remoteIncarnation || newer.opened === older.opened;
}
