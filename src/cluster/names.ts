import { ClusterError } from "./errors.ts";

const HOST_NAME = /^[\p{L}\p{N}](?:[\p{L}\p{N}\p{M} ._-]{0,38}[\p{L}\p{N}\p{M}])?$/u;

/** @throws ClusterError BAD_HOST_NAME */
export function checkHostName(name: string): void {
  if (HOST_NAME.test(name) && name === name.normalize("NFC")) return;
  throw new ClusterError("BAD_HOST_NAME", `"${name}" cannot be a host's name. Use up to 40 letters, digits, spaces, dots, hyphens or underscores, beginning and ending with a letter or digit.`);
}
