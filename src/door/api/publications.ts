import type { BlobId } from "../../codec/index.ts";
import type { Env } from "../../platform/index.ts";
import type { Copies } from "../../pool/index.ts";
import type { FileInfo, Publication, PublishResult, Sites } from "../../site/index.ts";
import type { Arrival } from "./intake.ts";
import { Intake } from "./intake.ts";

/** A publication and the name under which it was begun. */
interface Named {
  readonly site: string;
  readonly publication: Publication;
  commit(): Promise<PublishResult>;
  abort(): Promise<void>;
  leave(): Promise<void>;
}

/** Publications under way through the API. */
export class Publications {
  readonly #sites: Sites;
  readonly #intake: Intake<PublishResult, Named>;

  constructor(env: Env, sites: Sites) {
    this.#sites = sites;
    this.#intake = new Intake(env, { one: "publication", done: "published", none: "NO_PUBLICATION", busy: "PUBLICATION_BUSY", tooMany: "TOO_MANY_PUBLICATIONS" });
  }

  /** @throws DoorError TOO_MANY_PUBLICATIONS; SiteError BAD_NAME, NAME_TAKEN */
  begin(name: string, copies: Copies, isPreview: boolean): Promise<string> {
    return this.#intake.begin(async (signal) => {
      const publication = await this.#sites.publish(name, { copies, isPreview, signal });
      return { site: name, publication, commit: () => publication.commit(), abort: () => publication.abort(), leave: () => publication.leave() };
    });
  }

  /** @throws DoorError NO_PUBLICATION, PUBLICATION_BUSY, CHANGED; SiteError BAD_PATH, DUPLICATE_PATH */
  add(id: string, file: Arrival): Promise<{ readonly site: string; readonly file: FileInfo }> {
    return this.#intake.add(id, file, async ({ site, publication }, chunks) => ({ site, file: await publication.add(file.path, chunks) }));
  }

  /**
   * Takes in those of the files that the version before has, without their bytes, and says which they were.
   * @throws DoorError NO_PUBLICATION, PUBLICATION_BUSY; SiteError DUPLICATE_PATH
   */
  keep(id: string, files: readonly { readonly path: string; readonly id: BlobId }[]): Promise<string[]> {
    return this.#intake.during(id, async ({ publication }) => {
      const kept: string[] = [];
      for (const file of files) if ((await publication.keep(file.path, file.id)) !== undefined) kept.push(file.path);
      return kept;
    });
  }

  /** @throws DoorError NO_PUBLICATION, PUBLICATION_BUSY, INCOMPLETE; SiteError EMPTY_SITE. The publication stays open then; any other failure is final. */
  commit(id: string): Promise<PublishResult> {
    return this.#intake.commit(id);
  }

  /** @throws DoorError NO_PUBLICATION, PUBLICATION_BUSY */
  abort(id: string): Promise<void> {
    return this.#intake.abort(id);
  }

  /** @throws DoorError NO_PUBLICATION, PUBLICATION_BUSY */
  leave(id: string): Promise<void> {
    return this.#intake.leave(id);
  }

  close(): Promise<void> {
    return this.#intake.close();
  }
}
