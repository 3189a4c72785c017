import { join, sep } from "node:path";
import { CliError } from "../errors.ts";

/** What Windows takes for something else than a part of a name. */
const FORBIDDEN = process.platform === "win32" ? /[\0\\:*?"<>|]/ : /\0/;

/**
 * Where a site's path goes below `root`. The path was checked when it was published, by a host that may be hostile: it
 * is checked again here.
 * @throws CliError UNSAFE_PATH
 */
export function placeBelow(root: string, path: string): string {
  const parts = path.split("/");
  const isBad = path === "" || path.length > 4096 || parts.some((part) => part === "" || part === "." || part === ".." || FORBIDDEN.test(part) || Buffer.byteLength(part) > 255);
  const place = join(root, ...parts);
  if (isBad || !place.startsWith(root.endsWith(sep) ? root : root + sep)) throw new CliError("UNSAFE_PATH", `The site has a file whose path cannot be written safely: ${JSON.stringify(path)}. Nothing was kept; tell the site's owner.`);
  return place;
}
