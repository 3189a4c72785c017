import type { Entries } from "../../drive/index.ts";
import type { SiteDesk } from "./site-routes.ts";
import { AS_DATA } from "./site-routes.ts";
import type { Uploads } from "./uploads.ts";

/** What the routes about private content need of the door. */
export type EntryDesk = Pick<SiteDesk, "env" | "stalls" | "traffic"> & { readonly entries: Entries; readonly uploads: Uploads };

/** Heads of an answer with private bytes: they are for nobody's cache, and no browser may show them on this origin. */
export const AS_PRIVATE_DATA = ["Content-Type", "application/octet-stream", ...AS_DATA, "Cache-Control", "no-store", "X-Content-Type-Options", "nosniff"];

/** The same under the name with which a web browser saves it (RFC 6266, RFC 8187). */
export function asPrivateFile(name: string): readonly string[] {
  const encoded = encodeURIComponent(name.toWellFormed()).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
  return AS_PRIVATE_DATA.map((value) => (value === "attachment" ? `attachment; filename*=UTF-8''${encoded}` : value));
}
