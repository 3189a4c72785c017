import { SiteError } from "./errors.ts";

/** A DNS label (RFC 1035, with the leading digit of RFC 1123). */
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const MAX_LETTERS = 63;

/**
 * Names that mean something else where sites are addressed: the machine itself, Holdfast's own pages, and `wpad`, from which some
 * systems would take their proxy settings. `www` is free.
 */
const RESERVED: ReadonlySet<string> = new Set(["api", "holdfast", "local", "localhost", "wpad"]);

/** Whether the text can name a site as it stands: a lower-case DNS label that is not reserved. */
export function isSiteName(label: string): boolean {
  // RFC 5891, section 4.2.3.1: two hyphens in third place announce an encoding, through which one name could look like another.
  return LABEL.test(label) && label.slice(2, 4) !== "--" && !RESERVED.has(label);
}

/**
 * The name as it is stored and shown: lower case.
 * @throws SiteError BAD_NAME that says what to type instead
 */
export function siteNameOf(typed: string): string {
  const label = typed.toLowerCase();
  if (isSiteName(label)) return label;
  const shown = JSON.stringify(typed.slice(0, 80));
  if (RESERVED.has(label)) throw new SiteError("BAD_NAME", `A site cannot be called ${shown}: that name is kept for the machine and for Holdfast itself. Type another one, for example "my-${label}".`);
  throw new SiteError("BAD_NAME", `A site cannot be called ${shown}: a name is 1 to ${MAX_LETTERS} letters a to z, digits and single hyphens, with no hyphen first or last. Type for example "${suggestion(typed)}".`);
}

/** The nearest name that is allowed. */
function suggestion(typed: string): string {
  const plain = typed
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, MAX_LETTERS)
    .replace(/^-+|-+$/g, "");
  return isSiteName(plain) ? plain : "my-site";
}
