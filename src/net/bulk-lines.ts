import type { Connection, Stream } from "@libp2p/interface";
import type { HostId } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import { raceAbort, withDeadline } from "../platform/index.ts";
import { STREAMS_PER_PEER } from "./bulk-service.ts";
import type { Dialer } from "./dialer.ts";
import { dialFailure } from "./dialer.ts";
import { closeConnection, endConnection } from "./end-connection.ts";
import { NetError, unreachable } from "./errors.ts";
import type { Links } from "./links.ts";
import { BULK_LINE_PROTOCOL, BULK_PROTOCOL } from "./protocols.ts";

/** How long the other side may take to make the connection that was asked of it, in milliseconds. */
const WANTED_MS = 8_000;
/** How long a connection that is there may take to begin a stream. */
const STREAM_MS = 10_000;

export interface BulkLinesParts {
  readonly links: Links;
  readonly dialer: Dialer;
  /** A connection without streams is ended after so many milliseconds. */
  readonly idleMs: number;
}

/**
 * The connections for bulk, one to each host that has use for it: heartbeats then never stand in one queue with content. Whoever
 * dialled the control connection dials this one too, since only they know an address that works; the other side asks them to.
 * A marker stream, without content, tells the other side what the connection is for.
 */
export class BulkLines {
  readonly #env: Env;
  readonly #parts: BulkLinesParts;
  /** The newest connection to each host, for new streams. */
  readonly #lines = new Map<HostId, Connection>();
  /** All that are open, also those that only wait for the end of their streams. */
  readonly #open = new Map<HostId, Set<Connection>>();
  readonly #making = new Map<HostId, Promise<Connection>>();
  readonly #awaited = new Map<HostId, (line: Connection) => void>();

  constructor(env: Env, parts: BulkLinesParts) {
    this.#env = env;
    this.#parts = parts;
  }

  /**
   * The connection to `peer` that is there, or a new one.
   * @throws NetError UNREACHABLE
   */
  get(peer: HostId): Promise<Connection> {
    const present = this.#lines.get(peer);
    if (present?.status === "open") return Promise.resolve(present);
    const making = this.#making.get(peer) ?? this.#make(peer).finally(() => this.#making.delete(peer));
    this.#making.set(peer, making);
    return making;
  }

  /**
   * A new stream for bulk to `peer`.
   * @throws NetError UNREACHABLE; the signal's reason
   */
  async openStream(peer: HostId, signal: AbortSignal): Promise<Stream> {
    // The connection may have been ended as idle in this very moment; a second one is then made.
    const line = await raceAbort(this.get(peer), signal);
    try {
      return await this.#newStreamOn(line, signal);
    } catch {
      signal.throwIfAborted();
      if (this.#lines.get(peer) === line) this.#lines.delete(peer);
    }
    try {
      return await this.#newStreamOn(await raceAbort(this.get(peer), signal), signal);
    } catch (error) {
      signal.throwIfAborted();
      throw unreachable(peer, "a bulk stream to it could not be begun. Try again.", error);
    }
  }

  /** The other side marked this connection as one for bulk. */
  marked(peer: HostId, connection: Connection): void {
    this.#keep(peer, connection);
    this.#awaited.get(peer)?.(connection);
  }

  /** The other side, which cannot dial this host, wants a connection for bulk. */
  wanted(peer: HostId): void {
    this.get(peer).catch((error: unknown) => this.#env.log.debug("a connection for bulk could not be made", { peer, error }));
  }

  /** Ends all streams for bulk with a host that counts as gone. */
  drop(peer: HostId, reason: Error): void {
    for (const line of this.#open.get(peer) ?? []) endConnection(line, reason);
  }

  #newStreamOn(line: Connection, signal: AbortSignal): Promise<Stream> {
    return line.newStream([BULK_PROTOCOL], { signal: AbortSignal.any([signal, AbortSignal.timeout(STREAM_MS)]), maxOutboundStreams: 2 * STREAMS_PER_PEER });
  }

  async #make(peer: HostId): Promise<Connection> {
    const link = this.#parts.links.best(peer);
    if (link === undefined) throw unreachable(peer, "it is not connected.");
    if (link.channel.opened) return this.#dial(peer, link.address);
    const arrived = Promise.withResolvers<Connection>();
    this.#awaited.set(peer, arrived.resolve);
    link.channel.wantBulk();
    try {
      return await withDeadline(this.#env, WANTED_MS, "Waiting for a connection for bulk", undefined, () => arrived.promise);
    } catch (error) {
      throw unreachable(peer, "it made no connection for bulk.", error);
    } finally {
      this.#awaited.delete(peer);
    }
  }

  async #dial(peer: HostId, address: string): Promise<Connection> {
    try {
      const line = await this.#parts.dialer.first([{ peer, address }], new AbortController().signal, async (connection, signal) => {
        await connection.newStream([BULK_LINE_PROTOCOL], { signal });
        return connection;
      });
      if (!this.#parts.links.isConnected(peer)) {
        endConnection(line, new NetError("CLOSED", "The host was disconnected meanwhile."));
        throw new Error("it was disconnected meanwhile");
      }
      this.#keep(peer, line);
      return line;
    } catch (error) {
      throw unreachable(peer, `a connection for bulk failed (${dialFailure(error)}).`, error);
    }
  }

  #keep(peer: HostId, line: Connection): void {
    this.#lines.set(peer, line);
    const open = this.#open.get(peer) ?? new Set();
    this.#open.set(peer, open.add(line));
    line.addEventListener("close", () => this.#closed(peer, line));
    if (line.direction === "outbound") this.#watchIdle(peer, line);
  }

  // Only the side that dialled ends it, so that the two never end it for each other's sake in the same moment.
  #watchIdle(peer: HostId, line: Connection): void {
    this.#env.timers.after(this.#parts.idleMs, () => {
      if (line.status !== "open") return;
      if (line.streams.some(({ protocol }) => protocol === BULK_PROTOCOL || protocol === "")) return this.#watchIdle(peer, line);
      if (this.#lines.get(peer) === line) this.#lines.delete(peer);
      void closeConnection(line);
    });
  }

  #closed(peer: HostId, line: Connection): void {
    if (this.#lines.get(peer) === line) this.#lines.delete(peer);
    const open = this.#open.get(peer);
    open?.delete(line);
    if (open?.size === 0) this.#open.delete(peer);
  }
}
