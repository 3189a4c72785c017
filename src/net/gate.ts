import type { Connection, ConnectionGater, PeerId } from "@libp2p/interface";
import type { HostId } from "../codec/index.ts";
import { shortId } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import { endConnection } from "./end-connection.ts";
import { NetError } from "./errors.ts";
import { hostIdOf } from "./peer-id.ts";
import type { Admission, Standing } from "./port.ts";

/** A control and a bulk connection, both twice when both sides dial at once, and one of each about to end. */
const CONNECTIONS_PER_MEMBER = 6;
const CONNECTIONS_PER_INVITE = 2;
/** All invites' connections together. */
const INVITE_CONNECTIONS = 16;
/** A connection on which nothing of ours begins within this time is ended, in milliseconds. */
const IDLE_MS = 10_000;

/** Judges whoever connects, right after TLS has proved the key, and keeps the number of connections within bounds. */
export class Gate {
  readonly #env: Env;
  readonly #admission: Admission;
  readonly #connections = new Map<HostId, Set<Connection>>();
  readonly #used = new WeakSet<Connection>();

  constructor(env: Env, admission: Admission) {
    this.#env = env;
    this.#admission = admission;
  }

  /** libp2p's hooks; true refuses. They are asked before any stream exists. */
  get gater(): ConnectionGater {
    return {
      denyInboundEncryptedConnection: (peer) => this.#denies(peer),
      denyOutboundEncryptedConnection: (peer) => this.standing(peer) !== "member",
    };
  }

  standing(peer: PeerId): Standing {
    const key = hostIdOf(peer);
    return key === undefined ? "stranger" : this.#admission(key);
  }

  opened(connection: Connection): void {
    const key = hostIdOf(connection.remotePeer);
    if (key === undefined) return endConnection(connection, new NetError("STRANGER", "The key of a connection is not an Ed25519 key."));
    const known = this.#connections.get(key) ?? new Set();
    this.#connections.set(key, known.add(connection));
    // Those that this host made are ended by whoever made them.
    if (connection.direction === "outbound") return;
    this.#env.timers.after(IDLE_MS, () => {
      if (!this.#used.has(connection)) endConnection(connection, new NetError("STALLED", "A connection was opened and not used."));
    });
  }

  closed(connection: Connection): void {
    const key = hostIdOf(connection.remotePeer);
    if (key === undefined) return;
    const known = this.#connections.get(key);
    known?.delete(connection);
    if (known?.size === 0) this.#connections.delete(key);
  }

  /** The connection carries something, and ends when that does. */
  use(connection: Connection): void {
    this.#used.add(connection);
  }

  connectionsOf(host: HostId): readonly Connection[] {
    return [...(this.#connections.get(host) ?? [])];
  }

  all(): readonly Connection[] {
    return [...this.#connections.values()].flatMap((each) => [...each]);
  }

  #denies(peer: PeerId): boolean {
    const key = hostIdOf(peer);
    const standing = this.standing(peer);
    if (key === undefined || standing === "stranger") {
      this.#env.log.debug("a stranger was refused", { key: key === undefined ? peer.toString() : shortId(key) });
      return true;
    }
    const present = this.#connections.get(key)?.size ?? 0;
    if (standing === "member") return present >= CONNECTIONS_PER_MEMBER;
    return present >= CONNECTIONS_PER_INVITE || this.#inviteConnections() >= INVITE_CONNECTIONS;
  }

  #inviteConnections(): number {
    let count = 0;
    for (const [key, connections] of this.#connections) if (this.#admission(key) !== "member") count += connections.size;
    return count;
  }
}
