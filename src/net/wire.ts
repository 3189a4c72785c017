import type { FrameSink } from "./frame-reader.ts";

/** What comes from a wire. `head` and `frame` may throw, which ends the wire with that error. */
export interface WireEvents extends FrameSink {
  /** The wire is at an end: by an error, or because the other side closed it after its last frame. Called once. */
  closed(error: Error | undefined): void;
}

/**
 * Frames in order, both ways, over one stream. It reads always: how much may come is agreed on one layer above, because a
 * paused yamux stream holds up to a whole window in memory that nobody counts.
 */
export interface Wire {
  /** Queues one frame. The parts must not change any more. After the end of the wire it does nothing. */
  send(type: number, ...parts: readonly Uint8Array[]): void;
  /** Bytes that `send` has taken and the stream has not. */
  readonly queuedBytes: number;
  /** Milliseconds for which bytes have waited without any of them moving; 0 when none waits. */
  stuckForMs(): number;
  /** Bytes received so far. */
  readonly receivedBytes: number;
  /** Resolves when there is room for more, also when the wire is at an end. */
  room(): Promise<void>;
  /** Ends this side after what is queued. */
  close(): void;
  /** Ends both directions at once; the other side sees no more than that. */
  abort(error: Error): void;
}

/** Above this many queued bytes a sender waits for room. One bulk frame fits. */
export const WIRE_QUEUE_BYTES = 1024 * 1024;
