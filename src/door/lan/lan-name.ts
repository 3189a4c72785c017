const AUTHORITY = /^(?<name>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;
const ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[.*\])$/;
/** What routers and machines call their own (RFC 6762, RFC 8375, and what is usual). */
const LOCAL_ENDS = [".local", ".home.arpa", ".lan", ".internal"];

/**
 * Whether a Host header names a machine of the local network: an address, a name without a dot, or one under an ending that is not part of
 * the wide web. Any other name may be bound to this address by a stranger, whose page could then read the site (DNS rebinding).
 */
export function isLanName(host: string): boolean {
  const name = AUTHORITY.exec(host)?.groups?.["name"]?.toLowerCase();
  if (name === undefined) return false;
  return ADDRESS.test(name) || !name.includes(".") || LOCAL_ENDS.some((end) => name.endsWith(end));
}
