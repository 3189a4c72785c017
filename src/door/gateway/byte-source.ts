import type { ServerResponse } from "node:http";
import type { Env } from "../../platform/index.ts";
import { withDeadline } from "../../platform/index.ts";
import type { VisitCounter } from "../../site/index.ts";
import { DoorError } from "../errors.ts";
import type { Stalls } from "./stalls.ts";
import { clientGone } from "./stalls.ts";

/** Whoever clicked a link waits no longer than this for an answer, if only to hear that no host has the file. */
const FIRST_BYTE_MS = 30_000;

/** Content from somewhere. `read` stops at the signal. */
export interface ByteStream {
  /** For messages: "/video.mp4 of blog". */
  readonly what: string;
  /** Left out: nobody knows before the end. */
  readonly length?: number;
  /** Its chunks are views of something larger that stays in memory with them, for all who are sent any of it. */
  readonly areViews?: boolean;
  read(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** Content of a known length. */
export interface ByteSource extends ByteStream {
  readonly length: number;
}

function wrongLength(source: ByteStream): DoorError {
  return new DoorError("INTERNAL", `Reading ${source.what} gave another number of bytes than the ${source.length} that it has. Publish the site again.`);
}

/**
 * All of it, in memory of its own: a chunk may be a view of something larger.
 * @throws PlatformError DEADLINE, and whatever the source throws
 */
export function collect(env: Env, source: ByteSource): Promise<Buffer> {
  return withDeadline(env, FIRST_BYTE_MS, `Reading ${source.what}`, undefined, async (signal) => {
    const bytes = Buffer.allocUnsafeSlow(source.length);
    let filled = 0;
    for await (const chunk of source.read(signal)) {
      if (filled + chunk.length > bytes.length) throw wrongLength(source);
      bytes.set(chunk, filled);
      filled += chunk.length;
    }
    if (filled !== bytes.length) throw wrongLength(source);
    return bytes;
  });
}

/**
 * Sends the bytes as they come, never more of them in memory than one chunk. `sendHead` is called when the first is there, so that a
 * failure before that can still be answered. A failure after it closes the connection: a body that is too short must not look whole.
 * The reading is aborted when the client goes away.
 * @throws before `sendHead`: PlatformError DEADLINE, and whatever the source throws; after it: DoorError CLIENT_GONE, or the source's error
 */
export async function stream(env: Env, response: ServerResponse, source: ByteStream, stalls: Stalls, traffic: VisitCounter, sendHead: () => void): Promise<void> {
  if (response.destroyed || response.closed) throw clientGone();
  const reading = new AbortController();
  const close = (): void => reading.abort(clientGone());
  response.once("close", close);
  const chunks = source.read(reading.signal)[Symbol.asyncIterator]();
  try {
    let next = await withDeadline(env, FIRST_BYTE_MS, `Reading ${source.what}`, reading.signal, () => chunks.next());
    sendHead();
    let sent = 0;
    for (; next.done !== true; next = await chunks.next()) {
      const chunk = next.value;
      sent += chunk.length;
      if (source.length !== undefined && sent > source.length) throw wrongLength(source);
      traffic.sent(chunk.length);
      if (!response.write(chunk)) await stalls.drained(response, source.areViews === true ? chunk : undefined);
      reading.signal.throwIfAborted();
    }
    if (source.length !== undefined && sent !== source.length) throw wrongLength(source);
    response.end();
  } catch (error) {
    if (response.headersSent) response.destroy();
    throw error;
  } finally {
    response.off("close", close);
    reading.abort(clientGone());
    // A source that is in the middle of a read ends when that does; nobody waits for it.
    void chunks.return?.().catch(() => {});
  }
}
