import { isIPv4, isIPv6 } from "node:net";
import { multiaddr } from "@multiformats/multiaddr";
import { NetError } from "./errors.ts";

/** Bounds what a roster or a file can make us keep and dial. */
const MAX_ADDRESS_LETTERS = 255;
const HOSTS = new Set(["ip4", "ip6", "dns", "dns4", "dns6"]);
const EXAMPLES = 'Type it as 192.168.1.5:4281, [2001:db8::5]:4281, attic.example:4281 or /ip4/192.168.1.5/tcp/4281.';

function bad(text: string, why: string): never {
  throw new NetError("BAD_ADDRESS", `"${text.slice(0, 80)}" is not an address that can be used: ${why}. ${EXAMPLES}`);
}

/**
 * Turns what a person types for another host, or a multiaddr from a roster, into a TCP multiaddr without a peer id.
 * Spec: https://github.com/multiformats/multiaddr
 * @throws NetError BAD_ADDRESS, saying what to type
 */
export function parseAddress(typed: string): string {
  const text = typed.trim();
  if (text.length === 0) bad(typed, "it is empty");
  if (text.length > MAX_ADDRESS_LETTERS) bad(typed, `it has more than ${MAX_ADDRESS_LETTERS} letters`);
  const address = text.startsWith("/") ? fromMultiaddr(text) : fromHostPort(text);
  if (address.endsWith("/tcp/0")) bad(typed, "its port is 0");
  return address;
}

/**
 * What a person types for --listen: an address as above, a bare port or *:port for every interface. Port 0 takes any free port.
 * @returns the multiaddrs to listen on
 * @throws NetError BAD_ADDRESS
 */
export function parseListenAddress(typed: string): string[] {
  const text = typed.trim();
  const everywhere = /^(?:\*?:)?(\d{1,6})$/.exec(text)?.[1];
  if (everywhere !== undefined) {
    const port = checkPort(typed, everywhere);
    return [`/ip4/0.0.0.0/tcp/${port}`, `/ip6/::/tcp/${port}`];
  }
  if (text.length > MAX_ADDRESS_LETTERS) bad(typed, `it has more than ${MAX_ADDRESS_LETTERS} letters`);
  const address = text.startsWith("/") ? fromMultiaddr(text) : fromHostPort(text);
  if (address.startsWith("/dns")) bad(typed, "a host listens on an IP address of its own, not on a name");
  return [address];
}

/** The same addresses, those that hold on one machine only at the end. */
export function farthestFirst(addresses: readonly string[]): string[] {
  const isLoopback = (address: string): boolean => address.startsWith("/ip4/127.") || address.startsWith("/ip6/::1/");
  return [...addresses.filter((each) => !isLoopback(each)), ...addresses.filter(isLoopback)];
}

/** host and port of a multiaddr from this file. */
export function hostAndPort(address: string): { readonly host: string; readonly port: number } {
  const [, , host = "", , port = "0"] = address.split("/");
  return { host, port: Number(port) };
}

function fromMultiaddr(text: string): string {
  let components;
  try {
    components = multiaddr(text).getComponents();
  } catch {
    return bad(text, "it is not a multiaddr");
  }
  const [host, tcp, ...rest] = components;
  if (host === undefined || !HOSTS.has(host.name) || host.value === undefined) bad(text, "it begins with neither an IP address nor a name");
  if (tcp?.name !== "tcp" || tcp.value === undefined) bad(text, "Holdfast speaks TCP, and no TCP port follows");
  // The other side proves its key; a peer id in the address would only be a second place to get it wrong.
  if (rest.length > 1 || (rest[0] !== undefined && rest[0].name !== "p2p")) bad(text, "something follows the TCP port");
  return `/${host.name}/${host.value}/tcp/${checkPort(text, tcp.value)}`;
}

function fromHostPort(text: string): string {
  const found = /^(?:\[([^[\]]*)\]|([^:[\]]+)):(\d{1,6})$/.exec(text);
  if (found === null) return bad(text, isIPv6(text) ? "an IPv6 address stands in brackets, and a port follows" : "the port is missing or not a number");
  const port = checkPort(text, found[3]!);
  const bracketed = found[1];
  if (bracketed !== undefined) {
    if (bracketed.includes("%")) bad(text, "an address with a zone holds for one interface of one machine only");
    if (!isIPv6(bracketed)) bad(text, "there is no IPv6 address in the brackets");
    // One address has many spellings in IPv6; the multiaddr has one.
    return fromMultiaddr(`/ip6/${bracketed}/tcp/${port}`);
  }
  const host = found[2]!;
  if (isIPv4(host)) return `/ip4/${host}/tcp/${port}`;
  if (/^[\d.]+$/.test(host)) bad(text, "an IPv4 address has four numbers from 0 to 255");
  if (!isHostName(host)) bad(text, `"${host.slice(0, 60)}" is neither an IP address nor the name of a machine`);
  return `/dns/${host.toLowerCase()}/tcp/${port}`;
}

function checkPort(text: string, port: string): number {
  const number = Number(port);
  return Number.isInteger(number) && number >= 0 && number <= 65_535 ? number : bad(text, "a port is a number from 1 to 65535");
}

/** RFC 1123, section 2.1. */
function isHostName(name: string): boolean {
  return name.length <= 253 && name.split(".").every((label) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i.test(label));
}
