import type { JSX } from "preact";

/** The holdfast: a frond, and the root by which it clings. Drawn for the size of a line of text. */
export function Mark(): JSX.Element {
  return (
    <svg class="mark" viewBox="0 0 64 64" aria-hidden="true">
      <g fill="none" stroke-linecap="round" stroke-width="5">
        <path class="frond" d="M32 40C26 30 38 22 31 9" />
        <path class="root" d="M32 38c-3 8-13 6-17 16M32 38c-1 8-6 9-8 17M32 38v18M32 38c1 8 6 9 8 17M32 38c3 8 13 6 17 16" />
      </g>
      <path class="leaf" d="M31 29c-8 1-13-3-15-9 8-1 13 2 15 9ZM33 21c7 0 12-4 13-10-7 0-12 3-13 10Z" />
    </svg>
  );
}
