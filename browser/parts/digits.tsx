import type { JSX } from "preact";
import { inGroups } from "../../src/cli/nearby-words.ts";

/** Six digits that two people compare. */
export function Digits({ digits }: { readonly digits: string }): JSX.Element {
  return <p class="digits">{inGroups(digits)}</p>;
}
