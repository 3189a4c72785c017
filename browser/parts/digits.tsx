import type { JSX } from "preact";

/** Six digits that two people compare, in two groups so that they are read without a slip. */
export function Digits({ digits }: { readonly digits: string }): JSX.Element {
  return <p class="digits">{digits.slice(0, 3)} {digits.slice(3)}</p>;
}
