import { Resolver } from "node:dns/promises";
import { codeOf } from "../platform/index.ts";

const TIMEOUT_MS = 3_000;
const TRIES = 2;
/** What a name server says when a name, or a record of this kind under it, does not exist. Everything else is no answer. */
const NONE = new Set(["ENOTFOUND", "ENODATA"]);

/**
 * Looks up the TXT records of names (RFC 1035, section 3.3.14), the strings of each joined.
 * @param servers addresses of name servers, with ports where they are not 53; empty: those of this machine
 */
export function nameTexts(servers: readonly string[]): (name: string) => Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  if (servers.length > 0) resolver.setServers(servers);
  return async (name) => {
    try {
      return (await resolver.resolveTxt(name)).map((strings) => strings.join(""));
    } catch (error) {
      if (NONE.has(codeOf(error) ?? "")) return [];
      throw error;
    }
  };
}
