import { Resolver } from "node:dns/promises";
import { codeOf } from "../platform/index.ts";
import { NetError } from "./errors.ts";

const TIMEOUT_MS = 3_000;
const TRIES = 2;
/** What a name server says when a name, or a record of this kind under it, does not exist. Everything else is no answer. */
const NONE = new Set(["ENOTFOUND", "ENODATA"]);

/**
 * Looks up the TXT records of names (RFC 1035, section 3.3.14), the strings of each joined.
 * @param servers addresses of name servers, with ports where they are not 53; empty: those of this machine
 * @throws NetError BAD_ADDRESS
 */
export function nameTexts(servers: readonly string[]): (name: string) => Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  try {
    if (servers.length > 0) resolver.setServers(servers);
  } catch (error) {
    throw new NetError("BAD_ADDRESS", `"${servers.join(" ").slice(0, 80)}" names no name server. Type its IP address with --dns, and :PORT behind it where that is not 53: 192.0.2.53, [2001:db8::53]:5353.`, { cause: error });
  }
  return async (name) => {
    try {
      return (await resolver.resolveTxt(name)).map((strings) => strings.join(""));
    } catch (error) {
      if (NONE.has(codeOf(error) ?? "")) return [];
      throw error;
    }
  };
}
