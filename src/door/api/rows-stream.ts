import type { ServerResponse } from "node:http";
import type { Stalls } from "../gateway/stalls.ts";
import type { Traffic } from "../traffic.ts";
import type { Call } from "./route.ts";

/** What is made into text before it is handed to the connection. */
const BATCH_CHARS = 64 * 1024;

/** How a list stands on the wire. */
interface Form {
  readonly type: string;
  readonly open: string;
  readonly between: string;
  readonly close: string;
}

const NDJSON = "application/x-ndjson";
/** The media types in which a list is answered. */
export const LIST_TYPES = ["application/json", NDJSON] as const;
const LINES: Form = { type: NDJSON, open: "", between: "\n", close: "\n" };

/** One object per line for whoever accepts that, else one JSON object with the list in it. */
function formFor(accept: string | undefined, listName: string): Form {
  if (accept?.includes(NDJSON) === true) return LINES;
  return { type: "application/json", open: `{"${listName}":[`, between: ",\n", close: "]}\n" };
}

/** Answers with a list of any length. @throws as `sendRows` does */
export async function answerRows({ stalls, traffic }: { readonly stalls: Stalls; readonly traffic: Traffic }, { incoming, outgoing }: Call, listName: string, rows: AsyncIterable<object>): Promise<"sent"> {
  await sendRows(outgoing, stalls, traffic, formFor(incoming.headers.accept, listName), rows);
  return "sent";
}

/**
 * Sends a list of any length, row by row, no faster than it is read. An error before the first batch is thrown and can still be answered;
 * after it the connection is closed, so that a list that ends too early does not look whole.
 */
async function sendRows(response: ServerResponse, stalls: Stalls, traffic: Traffic, form: Form, rows: AsyncIterable<object>): Promise<void> {
  let text = form.open;
  let count = 0;
  try {
    for await (const row of rows) {
      text += (count++ === 0 ? "" : form.between) + JSON.stringify(row);
      if (text.length < BATCH_CHARS) continue;
      const taken = write(response, traffic, form, text);
      text = "";
      if (!taken) await stalls.drained(response);
    }
    write(response, traffic, form, text + (count === 0 && form === LINES ? "" : form.close));
    response.end();
  } catch (error) {
    if (response.headersSent) response.destroy();
    throw error;
  }
}

function write(response: ServerResponse, traffic: Traffic, form: Form, text: string): boolean {
  if (!response.headersSent) {
    response.writeHead(200, ["Content-Type", form.type, "Cache-Control", "no-store", "X-Content-Type-Options", "nosniff"]);
    traffic.count(200, 0);
  }
  traffic.bytes += Buffer.byteLength(text);
  return response.write(text);
}
