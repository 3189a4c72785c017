import type { JSX } from "preact";

/** Fronds on a rock, for places where nothing is yet. */
export function Shore(): JSX.Element {
  return (
    <svg class="shore" viewBox="0 0 240 120" aria-hidden="true">
      <path class="rock" d="M18 112c14-22 34-17 47-27 11-8 22-16 39-11 15 4 21-5 37-2 17 3 21 15 37 17 20 2 31 9 44 23Z" />
      <g class="frond" fill="none" stroke-linecap="round" stroke-width="3">
        <path d="M88 78c-9-17 9-28 0-46-3-6-2-11 1-17" />
        <path d="M121 72c8-20-9-30 1-50 3-6 2-10-1-14" />
        <path d="M152 76c-7-14 8-23 1-38" />
      </g>
      <g class="leaf">
        <path d="M87 61c-11 1-17-3-20-11 10-2 17 2 20 11ZM91 46c9 0 15-4 18-12-10 0-16 4-18 12ZM86 30c-9 0-14-4-16-11 9 0 14 4 16 11Z" />
        <path d="M123 55c-10 1-16-3-19-11 10-1 16 3 19 11ZM119 40c9 0 16-4 19-13-11 0-17 5-19 13ZM124 24c-8 0-13-4-15-10 8 0 13 3 15 10Z" />
        <path d="M151 62c9 0 14-3 17-10-9-1-15 3-17 10ZM155 49c-8 0-13-3-15-10 8 0 13 4 15 10Z" />
      </g>
      <g class="root" fill="none" stroke-linecap="round" stroke-width="3">
        <path d="M88 78c-3 6-9 6-13 13M88 78c-1 7-5 8-6 14M88 78c2 7 6 8 8 13M121 72c-4 6-10 6-13 13M121 72v15M121 72c3 7 9 7 13 14M152 76c-3 6-8 6-11 12M152 76v13M152 76c3 6 8 6 12 12" />
      </g>
      <g class="bubble"><circle cx="188" cy="52" r="3.5" /><circle cx="196" cy="36" r="2.5" /><circle cx="60" cy="44" r="3" /><circle cx="52" cy="26" r="2" /><circle cx="190" cy="20" r="1.8" /></g>
    </svg>
  );
}
