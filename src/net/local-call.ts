import type { Connection, Stream } from "@libp2p/interface";
import type { HostId } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import { withDeadline } from "../platform/index.ts";
import type { AnswererLimits } from "./answerer.ts";
import { Channel } from "./channel.ts";
import { INCARNATION_BYTES } from "./control-frames.ts";
import { endConnection } from "./end-connection.ts";
import { NetError } from "./errors.ts";
import { LIVENESS } from "./keepalive.ts";
import type { RequestOptions } from "./port.ts";
import { StreamWire } from "./stream-wire.ts";

/** A few short requests, of which some are given up and made anew; all else is no use that was meant. */
const LIMITS: AnswererLimits = { requestsAtOnce: 4, requestsInAll: 64, bodyBytes: 1024 };
const ANSWER_BYTES_MAX = 8 * 1024;

/**
 * A connection between a machine on which a host is being set up and a host of a network: requests in both directions. Each side proves a key that it
 * made for this purpose, so nothing is known of the other but that it stays the same.
 */
export interface LocalCall {
  /** The keys of both ends. */
  readonly self: HostId;
  readonly peer: HostId;
  /** Where the other end is, as a multiaddr. */
  readonly address: string;
  /**
   * @throws NetError UNREACHABLE, REMOTE with the code of the refusal, PROTOCOL
   * @throws PlatformError DEADLINE; the signal's reason
   */
  ask(kind: string, body: Uint8Array, options: RequestOptions): Promise<Uint8Array>;
  /** Aborted when the connection is at an end. */
  readonly ended: AbortSignal;
  end(): void;
}

/** Answers what comes on a call. What it throws reaches the asker with its code. */
export type AnswerCall = (call: LocalCall, kind: string, body: Uint8Array, signal: AbortSignal) => Promise<Uint8Array>;

export interface CallEnds {
  readonly self: HostId;
  readonly peer: HostId;
  /** Whether this side has dialled. */
  readonly opened: boolean;
  readonly connection: Connection;
  readonly stream: Stream;
  readonly answer: AnswerCall;
}

export class ChannelCall implements LocalCall {
  readonly self: HostId;
  readonly peer: HostId;
  readonly address: string;
  readonly #env: Env;
  readonly #channel: Channel;
  readonly #ended = new AbortController();

  constructor(env: Env, { self, peer, opened, connection, stream, answer }: CallEnds) {
    this.#env = env;
    this.self = self;
    this.peer = peer;
    this.address = connection.remoteAddr.decapsulate("/p2p").toString();
    this.#channel = new Channel(env, {
      peer,
      opened,
      incarnation: env.random.bytes(INCARNATION_BYTES),
      liveness: LIVENESS,
      limits: LIMITS,
      answerBytesMax: ANSWER_BYTES_MAX,
      dispatch: (kind, body, signal) => answer(this, kind, body, signal),
      onWantBulk: () => {},
      onClosed: (_channel, cause) => {
        const reason = cause ?? new NetError("CLOSED", "The connection was ended.");
        endConnection(connection, reason);
        this.#ended.abort(reason);
      },
    }, (events) => new StreamWire(env, stream, events));
  }

  /** Resolves when the other side has greeted. @throws NetError UNREACHABLE */
  get greeted(): Promise<void> {
    return this.#channel.greeted;
  }

  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  ask(kind: string, body: Uint8Array, { timeoutMs, signal }: RequestOptions): Promise<Uint8Array> {
    return withDeadline(this.#env, timeoutMs, `Asking ${this.address}`, signal, (limited) => this.#channel.ask(kind, body, limited));
  }

  end(): void {
    this.#channel.abort(new NetError("CLOSED", "This side ended the connection."));
  }
}
