import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { sha256 } from "../../crypto/index.ts";
import { hex } from "../../codec/index.ts";
import { readIfPresent } from "../../platform/index.ts";
import { acceptedEncodings } from "../gateway/accept-encoding.ts";
import { compress } from "../gateway/compress.ts";
import { listsTag } from "../gateway/conditions.ts";
import type { Traffic } from "../traffic.ts";

/** What the build leaves, and nothing else, is given out. */
const TYPES: Readonly<Record<string, string>> = { "browser.js": "text/javascript; charset=utf-8", "browser.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml" };
const PREFIX = "/browser/";
const TAG_LETTERS = 32;

interface BuiltFile {
  readonly type: string;
  readonly tag: string;
  readonly plain: Uint8Array;
  readonly gzipped: Uint8Array;
}

/** The Browser's script, style and icon, as `npm ci` built them. A checkout in which nothing was built has none. */
export class BrowserFiles {
  readonly #folders: readonly string[];
  readonly #traffic: Traffic;
  #files: Promise<ReadonlyMap<string, BuiltFile>> | undefined;

  constructor(folders: readonly string[], traffic: Traffic) {
    this.#folders = folders;
    this.#traffic = traffic;
  }

  serves(target: string): boolean {
    return target.startsWith(PREFIX);
  }

  async areBuilt(): Promise<boolean> {
    return (await this.#load()).size > 0;
  }

  /** False when there is no such file, and then nothing was sent. */
  async answer(request: IncomingMessage, response: ServerResponse, target: string): Promise<boolean> {
    const file = (await this.#load()).get(target.split("?", 1)[0]!.slice(PREFIX.length));
    if (file === undefined) return false;
    const isGzipped = acceptedEncodings(request.headers["accept-encoding"] ?? "").includes("gzip");
    const tag = isGzipped ? `"${file.tag}.gzip"` : `"${file.tag}"`;
    // No age: after an upgrade the next look has the new script, and on one machine asking costs nothing.
    const headers = ["ETag", tag, "Cache-Control", "no-cache", "Vary", "Accept-Encoding", "X-Content-Type-Options", "nosniff", "Cross-Origin-Resource-Policy", "same-origin"];
    const known = request.headers["if-none-match"];
    if (known !== undefined && listsTag(known, tag, "weak")) return this.#send(response, 304, headers, undefined);
    const body = isGzipped ? file.gzipped : file.plain;
    const coding = isGzipped ? ["Content-Encoding", "gzip"] : [];
    return this.#send(response, 200, [...headers, ...coding, "Content-Type", file.type, "Content-Length", String(body.length)], body);
  }

  #send(response: ServerResponse, status: number, headers: readonly string[], body: Uint8Array | undefined): true {
    response.writeHead(status, [...headers]);
    response.end(body);
    this.#traffic.count(status, response.req.method === "HEAD" ? 0 : (body?.length ?? 0));
    return true;
  }

  /** Read with the first page that asks: a host that nobody looks at does without. */
  #load(): Promise<ReadonlyMap<string, BuiltFile>> {
    this.#files ??= load(this.#folders).catch((error: unknown) => {
      // What could not be read once may be read the next time.
      this.#files = undefined;
      throw error;
    });
    return this.#files;
  }
}

async function load(folders: readonly string[]): Promise<ReadonlyMap<string, BuiltFile>> {
  for (const folder of folders) {
    const files = await filesIn(folder);
    if (files.size === Object.keys(TYPES).length) return files;
  }
  return new Map();
}

async function filesIn(folder: string): Promise<ReadonlyMap<string, BuiltFile>> {
  const files = new Map<string, BuiltFile>();
  for (const [name, type] of Object.entries(TYPES)) {
    const plain = await readIfPresent(join(folder, name));
    if (plain !== undefined) files.set(name, { type, tag: hex(sha256(plain)).slice(0, TAG_LETTERS), plain, gzipped: await compress(plain, "gzip") });
  }
  return files;
}
