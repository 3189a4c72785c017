import type { Status } from "../door/index.ts";

/** Where whoever is on the local network finds the sites; undefined where they are not shown there. */
export function lanWords(lan: Status["lan"]): string | undefined {
  if (lan === null) return undefined;
  if (lan.host !== null) return `sites are shown at ${lan.host}, each at a port of its own: see "holdfast sites"`;
  return "there is none: this machine has no private IPv4 address and no unique local one of IPv6. Sites are shown as soon as it has one";
}
