import type { PrivateFile } from "../../drive/index.ts";
import { stream } from "../gateway/byte-source.ts";
import { listsTag } from "../gateway/conditions.ts";
import { parseRange } from "../gateway/ranges.ts";
import type { EntryDesk } from "./entry-desk.ts";
import { AS_PRIVATE_DATA, asPrivateFile } from "./entry-desk.ts";
import type { Call } from "./route.ts";
import { SOURCES_TRAILER, SourceTally } from "./source-tally.ts";

/** Sends a private file, or the one range of it that is asked for. @param savedAs the name under which a web browser is to save it; left out: it shows it */
export async function sendPrivateFile(desk: EntryDesk, call: Call, file: PrivateFile, savedAs?: string): Promise<"sent"> {
  const { range, "if-range": known, "if-match": meant } = call.incoming.headers;
  const etag = `"${file.sha256}"`;
  const tag = ["ETag", etag, ...(savedAs === undefined ? AS_PRIVATE_DATA : asPrivateFile(savedAs)), "Accept-Ranges", "bytes"];
  // Firefox goes on with a download in these words, Chromium with If-Range.
  if (meant !== undefined && !listsTag(meant, etag, "strong")) return sendHead(desk, call, 412, [...tag, "Content-Length", "0"]);
  // Whoever goes on with another file's part gets all of this one. No date is announced, so none can be meant (RFC 9110, 13.1.5).
  const asked = range === undefined || (known !== undefined && known !== etag) ? "whole" : parseRange(range, file.sizeBytes);
  if (asked === "unsatisfiable") return sendHead(desk, call, 416, [...tag, "Content-Range", `bytes */${file.sizeBytes}`, "Content-Length", "0"]);
  // Of several ranges none is answered alone: the whole file is, which is always allowed.
  const part = asked === "whole" || asked.length > 1 ? undefined : asked[0];
  const [first, length] = part === undefined ? [0, file.sizeBytes] : [part.first, part.last - part.first + 1];
  const within = part === undefined ? [] : ["Content-Range", `bytes ${first}-${part.last}/${file.sizeBytes}`];
  return send(desk, call, { status: part === undefined ? 200 : 206, headers: [...tag, ...within], first, length, isSaved: savedAs !== undefined }, file);
}

interface Reply {
  readonly status: number;
  readonly headers: readonly string[];
  readonly first: number;
  readonly length: number;
  readonly isSaved: boolean;
}

async function send(desk: EntryDesk, call: Call, { status, headers, first, length, isSaved }: Reply, file: PrivateFile): Promise<"sent"> {
  const { incoming, outgoing } = call;
  if (length === 0) return sendHead(desk, call, status, [...headers, "Content-Length", "0"]);
  // Whoever takes trailers writes the content down, and is told behind it where it came from.
  const sources = incoming.headers["te"]?.includes("trailers") === true ? new SourceTally() : undefined;
  const framing = sources === undefined ? ["Content-Length", String(length)] : ["Trailer", SOURCES_TRAILER];
  const read = async function* (signal: AbortSignal): AsyncGenerator<Uint8Array> {
    yield* file.read(first, length, { signal, onSource: sources?.add, isKept: sources === undefined && !isSaved });
    if (sources !== undefined) outgoing.addTrailers([[SOURCES_TRAILER, sources.text()]]);
  };
  await stream(desk.env, outgoing, { what: `a private file of ${file.sizeBytes} bytes`, length, read }, desk.stalls, desk.traffic, () => {
    outgoing.writeHead(status, [...headers, ...framing]);
    desk.traffic.count(status, 0);
  });
  return "sent";
}

function sendHead(desk: EntryDesk, { outgoing }: Call, status: number, headers: readonly string[]): "sent" {
  outgoing.writeHead(status, [...headers]);
  outgoing.end();
  desk.traffic.count(status, 0);
  return "sent";
}
