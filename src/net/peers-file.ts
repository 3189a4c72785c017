import type { HostId } from "../codec/index.ts";
import { CodecError, idFromText } from "../codec/index.ts";
import { parseAddress } from "./address.ts";
import { NetError } from "./errors.ts";

const MAX_LINES = 10_000;
const MAX_ADDRESSES = 16;

export interface KnownPeer {
  readonly peer: HostId;
  /** Multiaddrs, best first. */
  readonly addresses: readonly string[];
  /** For people only. */
  readonly name?: string;
}

/** The text that `hosts --addresses` writes: a line per host with its id, its addresses and, after a #, its name. */
export function formatPeersFile(peers: Iterable<KnownPeer>): string {
  const lines = [...peers].filter(({ addresses }) => addresses.length > 0).map(({ peer, addresses, name }) => [peer, ...addresses, ...(name === undefined ? [] : [`# ${oneLine(name)}`])].join(" "));
  return ["# Hosts of a Holdfast network: id, addresses. Read by: holdfast up --peers FILE", ...lines, ""].join("\n");
}

/**
 * Reads what `formatPeersFile` or a person wrote. Empty lines and what follows a # are left out.
 * @throws NetError BAD_ADDRESS, naming the line
 */
export function parsePeersFile(text: string): KnownPeer[] {
  const lines = text.split(/\r?\n/);
  if (lines.length > MAX_LINES) throw new NetError("BAD_ADDRESS", `The list of peers has more than ${MAX_LINES} lines. Is it the right file?`);
  return lines.flatMap((line, at) => {
    const [id, ...addresses] = line.replace(/#.*$/, "").trim().split(/[\s,]+/).filter((word) => word !== "");
    return id === undefined ? [] : [parseLine(at + 1, id, addresses)];
  });
}

function parseLine(number: number, id: string, addresses: readonly string[]): KnownPeer {
  try {
    const peer = idFromText<HostId>(id);
    if (addresses.length === 0 || addresses.length > MAX_ADDRESSES) throw new NetError("BAD_ADDRESS", `1 to ${MAX_ADDRESSES} addresses follow a host's id, not ${addresses.length}.`);
    return { peer, addresses: addresses.map(parseAddress) };
  } catch (error) {
    if (!(error instanceof CodecError) && !(error instanceof NetError)) throw error;
    throw new NetError("BAD_ADDRESS", `Line ${number} of the list of peers: ${error.message} A line is a host's id and its addresses, as "holdfast hosts --addresses" writes it.`, { cause: error });
  }
}

function oneLine(name: string): string {
  return name.replaceAll(/\s+/g, " ");
}
