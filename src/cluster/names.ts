import { ClusterError } from "./errors.ts";

const HOST_NAME = /^[\p{L}\p{N}](?:[\p{L}\p{N}\p{M} ._-]{0,38}[\p{L}\p{N}\p{M}])?$/u;

export function isHostName(name: string): boolean {
  return HOST_NAME.test(name) && name === name.normalize("NFC");
}

/** @throws ClusterError BAD_HOST_NAME */
export function checkHostName(name: string): void {
  if (isHostName(name)) return;
  throw new ClusterError("BAD_HOST_NAME", `"${name}" cannot be a host's name. Use up to 40 letters, digits, spaces, dots, hyphens or underscores, beginning and ending with a letter or digit.`);
}
