import { base32 } from "../../codec/index.ts";
import type { Env, Timer } from "../../platform/index.ts";
import { codeOf } from "../../platform/index.ts";
import type { Copies } from "../../pool/index.ts";
import type { FileInfo, Publication, PublishResult, Sites } from "../../site/index.ts";
import { DoorError } from "../errors.ts";

/** Each holds memory and space on disks. */
const OPEN_MAX = 8;
const IDLE_MS = 10 * 60_000;
const ID_BYTES = 16;

interface Open {
  readonly id: string;
  readonly site: string;
  readonly publication: Publication;
  readonly stop: AbortController;
  /** Files that were begun and did not come in whole. Nothing is published while there is one. */
  readonly failed: Set<string>;
  adding: number;
  isCommitting: boolean;
  timer: Timer | undefined;
}

/** A file as it arrives over a connection. */
export interface Upload {
  readonly path: string;
  /** As the client announced it. */
  readonly length: number;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Publications under way through the API: begun, filled file by file, and committed or aborted; aborted too when nothing happens for 10 minutes. */
export class Publications {
  readonly #env: Env;
  readonly #sites: Sites;
  readonly #open = new Map<string, Open>();
  #beginning = 0;

  constructor(env: Env, sites: Sites) {
    this.#env = env;
    this.#sites = sites;
  }

  /** @throws DoorError TOO_MANY_PUBLICATIONS; SiteError BAD_NAME, NAME_TAKEN */
  async begin(name: string, copies: Copies): Promise<string> {
    if (this.#open.size + this.#beginning >= OPEN_MAX) {
      throw new DoorError("TOO_MANY_PUBLICATIONS", `${OPEN_MAX} publications are under way on this host. Wait until one is done, or 10 minutes for one that was left behind.`);
    }
    const stop = new AbortController();
    this.#beginning += 1;
    try {
      const publication = await this.#sites.publish(name, { copies, signal: stop.signal });
      const open: Open = { id: base32(this.#env.random.bytes(ID_BYTES)), site: name, publication, stop, failed: new Set(), adding: 0, isCommitting: false, timer: undefined };
      this.#open.set(open.id, open);
      this.#rest(open);
      return open.id;
    } finally {
      this.#beginning -= 1;
    }
  }

  /**
   * Takes in one file, no faster than the site can.
   * @throws DoorError NO_PUBLICATION, PUBLICATION_BUSY, CHANGED when the bytes are not as many as announced; SiteError BAD_PATH, DUPLICATE_PATH
   */
  async add(id: string, upload: Upload): Promise<{ readonly site: string; readonly file: FileInfo }> {
    const open = this.#find(id);
    open.adding += 1;
    this.#wake(open);
    try {
      const file = await open.publication.add(upload.path, exactly(upload));
      open.failed.delete(upload.path);
      return { site: open.site, file };
    } catch (error) {
      // A second file under one path takes nothing away from the first.
      if (codeOf(error) !== "DUPLICATE_PATH") open.failed.add(upload.path);
      throw error;
    } finally {
      open.adding -= 1;
      this.#rest(open);
    }
  }

  /** @throws DoorError NO_PUBLICATION, PUBLICATION_BUSY, INCOMPLETE; SiteError EMPTY_SITE. The publication stays open then. */
  async commit(id: string): Promise<PublishResult> {
    const open = this.#find(id);
    if (open.adding > 0) throw busy("Files of this publication are still coming in. Commit when all have been answered.");
    const [missing] = open.failed;
    if (missing !== undefined) throw new DoorError("INCOMPLETE", `${missing}${open.failed.size > 1 ? ` and ${open.failed.size - 1} more` : ""} did not come in whole, so nothing was published. Send it again, or abort.`);
    open.isCommitting = true;
    this.#wake(open);
    try {
      const result = await open.publication.commit();
      this.#open.delete(id);
      return result;
    } finally {
      open.isCommitting = false;
      this.#rest(open);
    }
  }

  /** Takes everything back, files that are coming in included. @throws DoorError NO_PUBLICATION, PUBLICATION_BUSY */
  async abort(id: string): Promise<void> {
    await this.#abort(this.#find(id), "The publication was aborted.");
  }

  /** Aborts all that is open. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.#open.values()].map((open) => this.#abort(open, "The host is being stopped.")));
  }

  async #abort(open: Open, why: string): Promise<void> {
    this.#open.delete(open.id);
    this.#wake(open);
    open.stop.abort(new DoorError("NO_PUBLICATION", why));
    await open.publication.abort();
  }

  #find(id: string): Open {
    const open = this.#open.get(id);
    if (open === undefined) throw new DoorError("NO_PUBLICATION", "There is no such publication: it was committed or aborted, or nothing came for 10 minutes. Begin a new one.");
    if (open.isCommitting) throw busy("This publication is being committed.");
    return open;
  }

  #wake(open: Open): void {
    open.timer?.cancel();
    open.timer = undefined;
  }

  /** Counts the idle time from now, unless something is under way. */
  #rest(open: Open): void {
    if (open.adding > 0 || open.isCommitting || !this.#open.has(open.id)) return;
    this.#wake(open);
    open.timer = this.#env.timers.after(IDLE_MS, () => {
      this.#env.log.info("a publication was left behind and is aborted");
      this.#abort(open, "Nothing came for 10 minutes.").catch((error: unknown) => this.#env.log.warn("a publication could not be aborted", { error }));
    });
  }
}

function busy(message: string): DoorError {
  return new DoorError("PUBLICATION_BUSY", message);
}

/** The bytes as they come; fails at the end, and so fails the file, unless they are as many as announced. */
async function* exactly(upload: Upload): AsyncGenerator<Uint8Array> {
  let length = 0;
  try {
    for await (const chunk of upload.chunks) {
      length += chunk.length;
      yield chunk;
    }
  } catch (error) {
    throw changed(upload, length, error);
  }
  if (length !== upload.length) throw changed(upload, length, undefined);
}

function changed(upload: Upload, length: number, cause: unknown): DoorError {
  return new DoorError("CHANGED", `${upload.path} was announced with ${upload.length} bytes, but ${length} came. Did it change meanwhile? Send it again.`, { cause });
}
