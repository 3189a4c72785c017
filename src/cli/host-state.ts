import type { HostRow } from "../door/index.ts";

/** How a host stands, in the words of the command line and of the Browser. @param emptying how far it is, when it is being emptied */
export function stateOf({ presence, isDraining, isSuspect }: Pick<HostRow, "presence" | "isDraining" | "isSuspect">, emptying = "being emptied"): string {
  return [presence, ...(isDraining ? [emptying] : []), ...(isSuspect ? ["suspect"] : [])].join(", ");
}
