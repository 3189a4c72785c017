import type { JSX } from "preact";
import type { HostRow, WhereRow } from "../../src/door/index.ts";
import type { Lie } from "../pieces.ts";
import { gridOf } from "../pieces.ts";
import { texts } from "../texts.ts";

/** More rows than these nobody looks at; those that hold most come first then. */
const ROWS_MAX = 40;
/** The side of a pack's square, and from one to the next. */
const [SIDE, STEP] = [8, 10] as const;

/** Which pieces lie where: a row for each host, a square in it for each pack of which it has a piece. The words beside each row say the same. */
export function PiecesPicture({ where, hosts }: { readonly where: WhereRow; readonly hosts: readonly HostRow[] }): JSX.Element {
  const { columns, undrawn, rows } = gridOf(where.packs, hosts);
  if (columns === 0) return <p class="soft">{texts.pieces.none}</p>;
  const shown = rows.length <= ROWS_MAX ? rows : rows.toSorted((a, b) => b.pieces - a.pieces).slice(0, ROWS_MAX);
  const left = undrawn + where.more;
  return (
    <>
      <ul class="bars pieces">
        {shown.map(({ host, name, pieces, cells }) => (
          <li key={host}>
            <b>{name}</b>
            <svg viewBox={`0 0 ${columns * STEP} ${STEP}`} preserveAspectRatio="xMinYMid meet" aria-hidden="true">{cells.map((lie, at) => <Square key={at} lie={lie} x={at * STEP + 1} />)}</svg>
            <span class="soft">{texts.pieces.of(pieces, where.packs.length)}</span>
          </li>
        ))}
      </ul>
      <p class="soft legend">
        {(["here", "away", "doubtful"] as const).map((lie) => <span key={lie}><svg viewBox={`0 0 ${STEP} ${STEP}`} aria-hidden="true"><Square lie={lie} x={1} /></svg> {texts.pieces[lie]}</span>)}
      </p>
      {left > 0 || shown.length < rows.length ? <p class="soft">{texts.pieces.more(left, rows.length - shown.length)}</p> : null}
    </>
  );
}

/** Told apart by their form, so that colours are not needed. */
function Square({ lie, x }: { readonly lie: Lie | undefined; readonly x: number }): JSX.Element {
  switch (lie) {
    case "here":
      return <rect class="here" x={x} y={1} width={SIDE} height={SIDE} rx={1} />;
    case "away":
      return <rect class="away" x={x + 0.75} y={1.75} width={SIDE - 1.5} height={SIDE - 1.5} rx={1} />;
    case "doubtful":
      return <path class="doubtful" d={`M${x + 1} 2l6 6m0 -6l-6 6`} />;
    case undefined:
      return <circle class="none" cx={x + SIDE / 2} cy={5} r={0.9} />;
  }
}
