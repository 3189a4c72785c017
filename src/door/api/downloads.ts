import type { EntryView, PrivateFile } from "../../drive/index.ts";
import type { Env } from "../../platform/index.ts";
import { DoorError } from "../errors.ts";
import { stream } from "../gateway/byte-source.ts";
import { OneTimeCodes } from "../one-time-codes.ts";
import { body, object, text } from "../schema.ts";
import { ZipLength } from "../zip.ts";
import { archiveOf, itemOf } from "./archive.ts";
import type { EntryDesk } from "./entry-desk.ts";
import { asPrivateFile } from "./entry-desk.ts";
import type { Call, Route } from "./route.ts";

// A web browser saves what it is led to, and sends no token along: the page asks for an address that is good once and shortly, and leads it there.
// The file, or the folder as one archive, is decrypted here and goes out as it comes, so that its size is nobody's concern.

const GOOD_FOR_MS = 60_000;
const PATH = "/api/downloads/";

const BeginDownload = body({ path: { ...text, description: "of one file; left out: all of it, a folder as a .zip" } }, { $id: "BeginDownload", optional: ["path"] });
const Download = object({ address: { type: "string", description: "of this host; gives the content once, within a minute" } }, { $id: "Download" });

interface Wanted {
  readonly id: string;
  readonly path: string | undefined;
}

/** What may be downloaded by whoever has its address. */
export class Downloads {
  readonly #codes: OneTimeCodes<Wanted>;

  constructor(env: Env) {
    this.#codes = new OneTimeCodes(env, GOOD_FOR_MS);
  }

  begin(wanted: Wanted): string {
    return PATH + this.#codes.make(wanted);
  }

  /** Whether a request is let in by its address alone. @param target path and query, as they came */
  admits(method: string | undefined, target: string): boolean {
    return method === "GET" && target.startsWith(PATH) && this.#codes.knows(target.slice(PATH.length));
  }

  take(code: string): Wanted | undefined {
    return this.#codes.spend(code);
  }
}

export function downloadRoutes(desk: EntryDesk, downloads: Downloads): readonly Route[] {
  return [
    {
      method: "POST",
      path: "/api/entries/{id}/downloads",
      name: "beginDownload",
      summary: "Make an address from which a web browser saves a private file, or a folder as one .zip",
      takes: BeginDownload,
      gives: { 201: { description: "The address; whoever has it gets the content, once", schema: Download } },
      handle: async (call) => {
        const wanted = { id: call.param("id"), path: call.body<{ readonly path?: string }>().path };
        // What cannot be read is said now, where the page can show it.
        await wantedOf(await desk.entries.open(wanted.id), wanted.path);
        return { status: 201, json: { address: downloads.begin(wanted) } };
      },
    },
    {
      method: "GET",
      path: `${PATH}{id}`,
      name: "download",
      summary: "The content of such an address, which needs no token",
      gives: { 200: { description: "The bytes", mediaTypes: ["application/octet-stream"] } },
      handle: async (call) => {
        const wanted = downloads.take(call.param("id"));
        if (wanted === undefined) throw new DoorError("NO_FILE", "This address was used, or is older than a minute. The page makes a new one.");
        const view = await desk.entries.open(wanted.id);
        const file = await wantedOf(view, wanted.path);
        return file === "all" ? sendArchive(desk, call, view) : sendFile(desk, call, file);
      },
    },
  ];
}

/** The file that is meant, or "all" of a folder. @throws DoorError NO_FILE */
async function wantedOf(view: EntryView, path = view.info.kind === "file" ? view.info.name : undefined): Promise<PrivateFile | "all"> {
  if (path === undefined) return "all";
  const file = await view.file(path);
  if (file === undefined) throw new DoorError("NO_FILE", `There is no file ${JSON.stringify(path)} in it.`);
  return file;
}

async function sendFile(desk: EntryDesk, call: Call, file: PrivateFile): Promise<"sent"> {
  return send(desk, call, file.path.split("/").at(-1)!, file.sizeBytes, (signal) => file.read(0, file.sizeBytes, { signal, isKept: false }));
}

async function sendArchive(desk: EntryDesk, call: Call, view: EntryView): Promise<"sent"> {
  const length = new ZipLength();
  for await (const row of view.rows()) {
    if (call.outgoing.destroyed) return "sent";
    length.add(itemOf(view, row));
  }
  return send(desk, call, `${view.info.name}.zip`, length.bytes, (signal) => archiveOf(view, signal));
}

async function send(desk: EntryDesk, { outgoing }: Call, name: string, length: number, read: (signal: AbortSignal) => AsyncIterable<Uint8Array>): Promise<"sent"> {
  await stream(desk.env, outgoing, { what: `a download of ${length} bytes`, length, read }, desk.stalls, desk.traffic, () => {
    outgoing.writeHead(200, [...asPrivateFile(name), "Content-Length", String(length)]);
    desk.traffic.count(200, 0);
  });
  return "sent";
}
