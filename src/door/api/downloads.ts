import type { EntryView, PrivateFile } from "../../drive/index.ts";
import type { Env } from "../../platform/index.ts";
import { DoorError } from "../errors.ts";
import { stream } from "../gateway/byte-source.ts";
import { Codes } from "../codes.ts";
import { body, object, text } from "../schema.ts";
import type { ArchiveRow } from "./archive.ts";
import { archiveBytes, archiveOf } from "./archive.ts";
import type { EntryDesk } from "./entry-desk.ts";
import { asPrivateFile } from "./entry-desk.ts";
import { sendPrivateFile } from "./private-content.ts";
import type { Call, Route } from "./route.ts";

// A web browser saves what it is led to, and sends no token along: the page asks for an address that is good for a moment, and leads it there.
// Whoever followed it may come again, for the rest of a file whose connection broke.
// The file, or the folder as one archive, is decrypted here and goes out as it comes, so that its size is nobody's concern.

const GOOD_FOR_MS = 60_000;
/** From the end of the last request on: so long a machine may sleep, or somebody look for the button with which to go on. */
const FOLLOWED_FOR_MS = 3_600_000;
const PATH = "/api/downloads/";
const BYTES = { mediaTypes: ["application/octet-stream"] } as const;

const BeginDownload = body({ path: { ...text, description: "of one file; left out: all of it, a folder as a .zip" } }, { $id: "BeginDownload", optional: ["path"] });
const DownloadAddress = object({ address: { type: "string", description: "of this host; gives the content to whoever asks within a minute, and again for an hour after that" } }, { $id: "Download" });

interface Wanted {
  readonly id: string;
  readonly path: string | undefined;
}

interface Download extends Wanted {
  /** Requests that are being answered: one that broke may be noticed after the one that goes on. */
  running: number;
}

/** What may be downloaded by whoever has its address. */
export class Downloads {
  readonly #codes: Codes<Download>;

  constructor(env: Env) {
    this.#codes = new Codes(env, GOOD_FOR_MS);
  }

  begin(wanted: Wanted): string {
    return PATH + this.#codes.make({ ...wanted, running: 0 });
  }

  /** Whether a request is let in by its address alone. @param target path and query, as they came */
  admits(method: string | undefined, target: string): boolean {
    return method === "GET" && target.startsWith(PATH) && this.#codes.knows(target.slice(PATH.length));
  }

  /**
   * Has what is wanted sent. The address is good until all who ask have been answered, however long it takes, and for an hour more.
   * @throws DoorError NO_FILE, and what sending throws
   */
  async follow(code: string, send: (wanted: Wanted) => Promise<"sent">): Promise<"sent"> {
    const wanted = this.#codes.use(code, Number.POSITIVE_INFINITY);
    if (wanted === undefined) throw new DoorError("NO_FILE", "This address is too old. The page makes a new one.");
    wanted.running += 1;
    try {
      return await send(wanted);
    } finally {
      wanted.running -= 1;
      if (wanted.running === 0) this.#codes.use(code, FOLLOWED_FOR_MS);
    }
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
      gives: { 201: { description: "The address; whoever has it gets the content", schema: DownloadAddress } },
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
      summary: "The content of such an address, which needs no token; of a file one range of it with Range",
      gives: { 200: { description: "The bytes", ...BYTES }, 206: { description: "A part of a file", ...BYTES } },
      handle: (call) => downloads.follow(call.param("id"), async (wanted) => {
        const view = await desk.entries.open(wanted.id);
        const file = await wantedOf(view, wanted.path);
        return file === "all" ? sendArchive(desk, call, view) : sendPrivateFile(desk, call, file, file.path.split("/").at(-1)!);
      }),
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

async function sendArchive(desk: EntryDesk, { outgoing }: Call, view: EntryView): Promise<"sent"> {
  const rows: ArchiveRow[] = [];
  for await (const { path, kind, mode, modifiedMs, sizeBytes } of view.rows()) {
    if (outgoing.destroyed) return "sent";
    rows.push({ path, kind, mode, modifiedMs, sizeBytes });
  }
  const length = archiveBytes(view, rows);
  await stream(desk.env, outgoing, { what: `an archive of ${length} bytes`, length, read: (signal) => archiveOf(view, rows, signal) }, desk.stalls, desk.traffic, () => {
    outgoing.writeHead(200, [...asPrivateFile(`${view.info.name}.zip`), "Content-Length", String(length)]);
    desk.traffic.count(200, 0);
  });
  return "sent";
}

/** A request as a log may name it: logs are shown to others, and the address of a download lets in whoever has it. */
export function withoutCode(target: string): string {
  return target.startsWith(PATH) ? PATH : target;
}
