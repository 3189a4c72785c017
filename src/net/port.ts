import type { HostId, InviteId } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";

/** Who is at the other end of a connection, judged by its key before anything else is said. */
export type Standing = "member" | "invite" | "stranger";

/** Judges a key at the moment of connecting and again at each stream. */
export type Admission = (key: HostId | InviteId) => Standing;

/** The one kind of request that an invite's peer may make. */
export const REDEEM = "cluster/redeem";

export interface RequestOptions {
  /** Milliseconds until the answer must be there. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** @param from the asking host's id, or the invite's id for REDEEM */
export type RequestHandler = (from: HostId, body: Uint8Array, signal: AbortSignal) => Promise<Uint8Array>;

/** Large content in both directions, frame by frame, on a connection of its own. */
export interface BulkStream {
  /**
   * Resolves when the other side has room again. A frame has at most MAX_BULK_FRAME bytes; its memory is lent to the stream and must
   * not change any more.
   * @throws NetError STALLED when the other side takes nothing for too long, CLOSED when it has finished, UNREACHABLE, REMOTE, TOO_LARGE
   */
  send(frame: Uint8Array): Promise<void>;
  /** Says that no more frames come from here. */
  finish(): Promise<void>;
  /**
   * The other side's frames until it has finished; each has memory of its own. While the reader is busy the other side may send only
   * what the receive budget allows. One reader at a time, who reads to the end or aborts.
   * @throws NetError STALLED when nothing comes for too long, UNREACHABLE, REMOTE
   */
  frames(): AsyncIterable<Uint8Array>;
  /** Ends both directions with an error. Idempotent. */
  abort(reason: Error): void;
}

/** The stream is finished when the handler returns, aborted when it throws; the opener then sees the handler's error code. */
export type BulkHandler = (from: HostId, header: Uint8Array, stream: BulkStream, signal: AbortSignal) => Promise<void>;

/** Largest body of a request or answer: a catch-up page of records fits, content does not. */
export const MAX_MESSAGE = 4 * 1024 * 1024;
/** Largest frame of a bulk stream: a MiB and its proof. */
export const MAX_BULK_FRAME = 1024 * 1024 + 64 * 1024;

export type PeerEvent = { readonly kind: "up" | "down"; readonly peer: HostId };

/**
 * Authenticated messages between member hosts. The other port behind which the simulator stands.
 * Small requests share a few long-lived streams; bulk has connections of its own, so heartbeats never wait behind it.
 */
export interface Transport {
  readonly self: HostId;
  /** The addresses under which others may reach this host, as multiaddrs without the peer id. */
  addresses(): readonly string[];
  /** Registers who answers requests of `kind`. An error thrown by the handler reaches the asker with its code. */
  handle(kind: string, handler: RequestHandler): void;
  handleBulk(kind: string, handler: BulkHandler): void;
  /**
   * @throws NetError UNREACHABLE (no connection), REMOTE (the handler threw; `remoteCode` says what), TOO_LARGE
   * @throws PlatformError DEADLINE; the signal's reason
   */
  request(to: HostId, kind: string, body: Uint8Array, options: RequestOptions): Promise<Uint8Array>;
  /**
   * Opens a stream once there is a place for it. The signal ends the stream whenever in its life it is aborted.
   * @throws NetError UNREACHABLE, REMOTE (refused; `remoteCode` says why), BUSY (the other side has no place: try later or another host)
   */
  openBulk(to: HostId, kind: string, header: Uint8Array, signal?: AbortSignal): Promise<BulkStream>;
  /**
   * Connects, or keeps the connection that is there. Addresses are multiaddrs, tried side by side; the other side must prove that it
   * is `peer`.
   * @throws NetError UNREACHABLE, STRANGER when `peer` is no member
   */
  connect(peer: HostId, addresses: readonly string[], signal?: AbortSignal): Promise<void>;
  /** Ends all connections with a host, for one that has been removed. */
  disconnect(peer: HostId): Promise<void>;
  /** The same list as long as nobody comes or goes. */
  connected(): readonly HostId[];
  /** The address at which a connected host was reached or from which it came. */
  remoteAddress(peer: HostId): string | undefined;
  /** How long the way to a connected host and back takes, in milliseconds; undefined until that is known. */
  roundTripMs(peer: HostId): number | undefined;
  /** Calls the listener at each change; the function returned ends that. */
  onPeer(listener: (event: PeerEvent) => void): () => void;
  /** Hosts of this network that announce themselves on the local network. Not yet connected. */
  onDiscovered(listener: (peer: HostId, addresses: readonly string[]) => void): () => void;
  close(): Promise<void>;
}

export interface InviteRequest {
  /** The invite's Ed25519 seed. */
  readonly seed: Uint8Array;
  /** Hosts that may be asked. One whose id is given must prove it; without an id, whoever answers is taken. */
  readonly entrances: readonly { readonly host: HostId | undefined; readonly addresses: readonly string[] }[];
  readonly body: Uint8Array;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface InviteAnswer {
  readonly body: Uint8Array;
  readonly from: HostId;
}

/** Makes a REDEEM request with an invite's key, before there is a host that could have a Transport. */
export type AskAsInvite = (env: Env, request: InviteRequest) => Promise<InviteAnswer>;
