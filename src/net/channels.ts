import type { Connection, Stream } from "@libp2p/interface";
import type { HostId } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import { raceAbort } from "../platform/index.ts";
import type { AnswererLimits } from "./answerer.ts";
import { Channel } from "./channel.ts";
import { INCARNATION_BYTES } from "./control-frames.ts";
import { closeConnection, endConnection } from "./end-connection.ts";
import { NetError } from "./errors.ts";
import { FairTurns } from "./fair-turns.ts";
import type { Handlers } from "./handlers.ts";
import type { Liveness } from "./keepalive.ts";
import type { Links } from "./links.ts";
import { StreamWire } from "./stream-wire.ts";

/** A side that does not greet within this many milliseconds is dropped. */
const GREETING_MS = 5_000;
/** What an invite's peer may do: a few short requests, within half a minute. */
const INVITE_LIMITS: AnswererLimits = { requestsAtOnce: 1, requestsInAll: 4, bodyBytes: 64 * 1024 };
const INVITE_MS = 30_000;

export interface ChannelsParts {
  readonly links: Links;
  readonly handlers: Handlers;
  readonly liveness: Liveness;
  readonly onWantBulk: (peer: HostId) => void;
}

/** Makes channels over connections, greets, and hands the greeted ones of members to the links. */
export class Channels {
  readonly #env: Env;
  readonly #parts: ChannelsParts;
  /** New at each start, so that others know that what this host promised before is void. */
  readonly #incarnation: Uint8Array;
  readonly #turns = new FairTurns();

  constructor(env: Env, parts: ChannelsParts) {
    this.#env = env;
    this.#parts = parts;
    this.#incarnation = env.random.bytes(INCARNATION_BYTES);
  }

  /** @throws NetError UNREACHABLE when the other side does not greet; the signal's reason */
  async open(peer: HostId, connection: Connection, stream: Stream, signal: AbortSignal): Promise<void> {
    const channel = this.#make(peer, true, connection, stream);
    try {
      await raceAbort(channel.greeted, signal);
    } catch (error) {
      channel.abort(error as Error);
      throw error;
    }
    this.#link(channel, connection);
  }

  accept(peer: HostId, connection: Connection, stream: Stream): void {
    const channel = this.#make(peer, false, connection, stream);
    this.#greetedInTime(channel, () => this.#link(channel, connection));
  }

  acceptInvite(peer: HostId, connection: Connection, stream: Stream): void {
    const channel = this.#make(peer, false, connection, stream, INVITE_LIMITS);
    this.#greetedInTime(channel, () => {});
    this.#env.timers.after(INVITE_MS, () => channel.abort(new NetError("STALLED", "An invite's connection lasts half a minute.")));
  }

  #make(peer: HostId, opened: boolean, connection: Connection, stream: Stream, limits?: AnswererLimits): Channel {
    const { links, handlers, liveness, onWantBulk } = this.#parts;
    const plan = {
      peer,
      opened,
      incarnation: this.#incarnation,
      liveness,
      ...(limits === undefined ? {} : { limits }),
      dispatch: async (kind: string, body: Uint8Array, signal: AbortSignal) => {
        const turn = this.#turns.next(peer);
        if (turn !== undefined) await turn;
        signal.throwIfAborted();
        return handlers.request(peer, kind, body, signal);
      },
      onWantBulk: () => {
        if (limits === undefined && opened) onWantBulk(peer);
      },
      onClosed: (channel: Channel, cause: Error | undefined) => {
        links.remove(channel);
        if (cause === undefined) void closeConnection(connection);
        else endConnection(connection, cause);
      },
    };
    return new Channel(this.#env, plan, (events) => new StreamWire(this.#env, stream, events));
  }

  #link(channel: Channel, connection: Connection): void {
    // It may have ended in the moment between the greeting and here; then it was never there.
    if (channel.isOpen) this.#parts.links.add({ channel, address: connection.remoteAddr.decapsulate("/p2p").toString() });
  }

  #greetedInTime(channel: Channel, then: () => void): void {
    const timer = this.#env.timers.after(GREETING_MS, () => channel.abort(new NetError("PROTOCOL", "The other host did not greet.")));
    channel.greeted.then(then, () => {}).finally(() => timer.cancel());
  }
}
