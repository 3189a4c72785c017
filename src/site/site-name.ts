// What can be a site's name. Of nothing but letters: the Browser's pages use it as it stands.

/** A DNS label (RFC 1035, with the leading digit of RFC 1123). */
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
export const MAX_LETTERS = 63;

/**
 * Names that mean something else where sites are addressed: the machine itself, Holdfast's own pages, and `wpad`, from which some
 * systems would take their proxy settings. `www` is free.
 */
export const RESERVED: ReadonlySet<string> = new Set(["api", "holdfast", "local", "localhost", "wpad"]);

/** Whether the text can name a site as it stands: a lower-case DNS label that is not reserved. */
export function isSiteName(label: string): boolean {
  // RFC 5891, section 4.2.3.1: two hyphens in third place announce an encoding, through which one name could look like another.
  return LABEL.test(label) && label.slice(2, 4) !== "--" && !RESERVED.has(label);
}

/** The nearest name that is allowed; undefined when none is near. */
export function siteNameNear(typed: string): string | undefined {
  const plain = typed
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, MAX_LETTERS)
    .replace(/^-+|-+$/g, "");
  return isSiteName(plain) ? plain : undefined;
}
