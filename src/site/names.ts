import { SiteError } from "./errors.ts";
import { MAX_LETTERS, RESERVED, isSiteName, siteNameNear } from "./site-name.ts";

/**
 * The name as it is stored and shown: lower case.
 * @throws SiteError BAD_NAME that says what to type instead
 */
export function siteNameOf(typed: string): string {
  const label = typed.toLowerCase();
  if (isSiteName(label)) return label;
  const shown = JSON.stringify(typed.slice(0, 80));
  if (RESERVED.has(label)) throw new SiteError("BAD_NAME", `A site cannot be called ${shown}: that name is kept for the machine and for Holdfast itself. Type another one, for example "my-${label}".`);
  throw new SiteError("BAD_NAME", `A site cannot be called ${shown}: a name is 1 to ${MAX_LETTERS} letters a to z, digits and single hyphens, with no hyphen first or last. Type for example "${siteNameNear(typed) ?? "my-site"}".`);
}
