import type { ServerResponse } from "node:http";
import type { Env } from "../../platform/index.ts";
import type { Stalls } from "../gateway/stalls.ts";
import type { Traffic } from "../traffic.ts";

/** A connection on which nothing is said for long is taken for dead, here and by whatever lies in between. */
const PULSE_MS = 20_000;

/** Aborts what is done for a reader who has gone. */
export function untilClosed(response: ServerResponse): AbortSignal {
  const stop = new AbortController();
  response.once("close", () => stop.abort(new Error("nobody listens any more")));
  return stop.signal;
}

/**
 * Sends rows as they come, one object per line, until they or the connection end. A reader that is slow holds up the rows, which wait where
 * they are stored and not here. An empty line now and then shows that the feed is alive.
 */
export async function sendFeed(env: Env, response: ServerResponse, stalls: Stalls, traffic: Traffic, rows: AsyncIterable<object>): Promise<void> {
  response.writeHead(200, ["Content-Type", "application/x-ndjson", "Cache-Control", "no-store", "X-Content-Type-Options", "nosniff"]);
  response.flushHeaders();
  traffic.count(200, 0);
  let pulse = env.timers.after(PULSE_MS, beat);
  function beat(): void {
    if (!response.writableNeedDrain) response.write("\n");
    pulse = env.timers.after(PULSE_MS, beat);
  }
  try {
    for await (const row of rows) {
      const text = `${JSON.stringify(row)}\n`;
      traffic.bytes += Buffer.byteLength(text);
      if (!response.write(text)) await stalls.drained(response);
    }
    response.end();
  } catch (error) {
    response.destroy();
    throw error;
  } finally {
    pulse.cancel();
  }
}
