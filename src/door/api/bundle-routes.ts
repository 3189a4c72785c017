import { FetchTogether, PrivateRow, privateRow } from "../entry-rows.ts";
import { DoorError } from "../errors.ts";
import { stream } from "../gateway/byte-source.ts";
import { list, object } from "../schema.ts";
import { arrivalOf } from "./arrival.ts";
import type { EntryDesk } from "./entry-desk.ts";
import { AS_PRIVATE_DATA } from "./entry-desk.ts";
import type { Answer, Call, Route } from "./route.ts";
import { ok } from "./route.ts";
import { SOURCES_TRAILER, SourceTally } from "./source-tally.ts";

/** A bundle is in memory as a whole. */
const MAX_BUNDLE_BYTES = 8 * 1024 * 1024;

/** Small files many at a time: a request for each would cost more than what is done with it. */
export function bundleRoutes(desk: EntryDesk): readonly Route[] {
  return [
    {
      method: "PUT",
      path: "/api/uploads/{id}/bundles/{number}",
      name: "uploadBundle",
      summary: 'Send many small files at once, 8 MiB at most: a line of JSON, {"files":[{"path","mode","modifiedMs","sizeBytes"}]}, and then the bytes of all of them. Another number for each bundle',
      takes: "bytes",
      gives: { 200: { description: "All came in whole", schema: object({ rows: list(PrivateRow) }) } },
      handle: (call) => addBundle(desk, call),
    },
    {
      method: "POST",
      path: "/api/entries/{id}/bundle",
      name: "entryBundle",
      summary: "The bytes of many private files, one behind the other in the order asked for. The trailer Holdfast-Sources says what came from where",
      takes: FetchTogether,
      gives: { 200: { description: "The bytes", mediaTypes: ["application/octet-stream"] } },
      handle: (call) => sendBundle(desk, call),
    },
  ];
}

async function addBundle(desk: EntryDesk, call: Call): Promise<Answer> {
  const bundle = arrivalOf(call.incoming, `Bundle ${call.param("number")}`);
  if (bundle.length > MAX_BUNDLE_BYTES) throw new DoorError("BODY_TOO_LARGE", `A bundle has ${MAX_BUNDLE_BYTES} bytes at most. Send fewer files at once, and large ones by themselves.`);
  const rows = await desk.uploads.addBundle(call.param("id"), bundle);
  return ok({ rows: rows.map(privateRow) });
}

async function sendBundle(desk: EntryDesk, call: Call): Promise<"sent"> {
  const { outgoing } = call;
  const { paths } = call.body<{ readonly paths: readonly string[] }>();
  const view = await desk.entries.open(call.param("id"));
  let length = 0;
  for (const path of paths) {
    const file = await view.file(path);
    if (file === undefined) throw new DoorError("NO_FILE", `There is no file ${JSON.stringify(path)} in it.`);
    length += file.sizeBytes;
  }
  const sources = new SourceTally();
  const read = async function* (signal: AbortSignal): AsyncGenerator<Uint8Array> {
    yield* view.together(paths, { signal, onSource: sources.add, isKept: false });
    outgoing.addTrailers([[SOURCES_TRAILER, sources.text()]]);
  };
  await stream(desk.env, outgoing, { what: `${paths.length} private files of ${length} bytes`, length, read }, desk.stalls, desk.traffic, () => {
    outgoing.writeHead(200, [...AS_PRIVATE_DATA, "Trailer", SOURCES_TRAILER]);
    desk.traffic.count(200, 0);
  });
  return "sent";
}
