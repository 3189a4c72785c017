import type { JSX } from "preact";

/** Six digits in two groups, so that they are read without a slip. */
export function inGroups(digits: string): string {
  return `${digits.slice(0, 3)} ${digits.slice(3)}`;
}

/** Six digits that two people compare. */
export function Digits({ digits }: { readonly digits: string }): JSX.Element {
  return <p class="digits">{inGroups(digits)}</p>;
}
