import type { Entries, RowFacts, RowInfo, Upload, UploadOptions, UploadResult } from "../../drive/index.ts";
import type { Env } from "../../platform/index.ts";
import { readBundle } from "./bundle.ts";
import type { Arrival } from "./intake.ts";
import { Intake } from "./intake.ts";

/** Of one bundle: so the thread that seals never waits for the next. */
const FILES_AT_ONCE = 32;

/** Private content on its way in through the API. */
export class Uploads {
  readonly #entries: Entries;
  readonly #intake: Intake<UploadResult, Upload>;

  constructor(env: Env, entries: Entries) {
    this.#entries = entries;
    this.#intake = new Intake(env, { one: "upload", done: "kept", none: "NO_UPLOAD", busy: "UPLOAD_BUSY", tooMany: "TOO_MANY_UPLOADS" });
  }

  /** @throws DoorError TOO_MANY_UPLOADS; DriveError NO_ACCOUNT; DaemonError NO_ACCOUNT_KEY */
  begin(options: Omit<UploadOptions, "signal">): Promise<string> {
    return this.#intake.begin((signal) => this.#entries.put({ ...options, signal }));
  }

  /** @throws DoorError NO_UPLOAD, UPLOAD_BUSY, CHANGED; DriveError BAD_PATH, DUPLICATE_PATH, TREE_TOO_LARGE */
  add(id: string, facts: RowFacts, file: Arrival): Promise<RowInfo> {
    return this.#intake.add(id, file, (upload, chunks) => upload.add(facts, chunks));
  }

  /**
   * Takes in a bundle of small files, which counts as come in when all of them have.
   * @param bundle its path is what it is called in messages
   * @throws as `add` does; DoorError BAD_REQUEST
   */
  addBundle(id: string, bundle: Arrival): Promise<RowInfo[]> {
    return this.#intake.add(id, bundle, async (upload, chunks) => {
      const files = await readBundle(chunks);
      const rows: RowInfo[] = [];
      for (let at = 0; at < files.length; at += FILES_AT_ONCE) rows.push(...(await Promise.all(files.slice(at, at + FILES_AT_ONCE).map(({ facts, content }) => upload.add(facts, content)))));
      return rows;
    });
  }

  /** @throws DoorError NO_UPLOAD, UPLOAD_BUSY; DriveError BAD_PATH, DUPLICATE_PATH, TREE_TOO_LARGE */
  addFolders(id: string, folders: readonly RowFacts[]): void {
    this.#intake.session(id).addFolders(folders);
  }

  /** @throws DoorError NO_UPLOAD, UPLOAD_BUSY, INCOMPLETE. The upload stays open then. */
  commit(id: string): Promise<UploadResult> {
    return this.#intake.commit(id);
  }

  /** @throws DoorError NO_UPLOAD, UPLOAD_BUSY */
  abort(id: string): Promise<void> {
    return this.#intake.abort(id);
  }

  close(): Promise<void> {
    return this.#intake.close();
  }
}
