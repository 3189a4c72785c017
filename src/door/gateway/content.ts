import type { SiteFile, SiteInfo } from "../../site/index.ts";
import type { Encoding } from "./accept-encoding.ts";

/** Bytes that never change under their key, wherever they come from. */
export interface Content {
  /** What the memory keeps them under. */
  readonly key: string;
  readonly sizeBytes: number;
  /** For messages: "/video.mp4 of blog". */
  readonly what: string;
  /** How they are compressed; undefined: not at all. */
  readonly encoding: Encoding | undefined;
  /** Made by this host, at the price of its processor; reading it makes it anew. */
  readonly isMade?: true;
  read(offset: number, length: number, signal?: AbortSignal): AsyncIterable<Uint8Array>;
}

/** Whose file it is. */
export type Owner = Pick<SiteInfo, "name" | "namespace">;

/**
 * A file's own bytes. Nobody has compared them with the file's id, which is its publisher's word: so what is remembered under it is this site's
 * alone, or one site's bytes could be shown as another's, and of this size alone, which a list may give otherwise in another row.
 * @param encoding when they are another file's, compressed beforehand
 */
export function contentOf(site: Owner, file: SiteFile, encoding?: Encoding): Content {
  return { key: `${site.namespace} ${file.id} ${file.sizeBytes}`, sizeBytes: file.sizeBytes, what: `/${file.path} of ${site.name}`, encoding, read: (offset, length, signal) => file.read(offset, length, signal) };
}
