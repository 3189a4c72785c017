import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import { texts } from "../texts.ts";

const FIRST = 100;

/** A list of any length, of which so much is drawn as somebody looks at. */
export function Rows<Row>({ rows, keyOf, draw }: { readonly rows: readonly Row[]; readonly keyOf: (row: Row) => string; readonly draw: (row: Row) => ComponentChildren }): JSX.Element {
  const [shown, setShown] = useState(FIRST);
  const left = rows.length - shown;
  return (
    <>
      <ul class="rows">{rows.slice(0, shown).map((row) => <li key={keyOf(row)}>{draw(row)}</li>)}</ul>
      {left > 0 ? <p><button class="quiet" onClick={() => setShown(shown + 5 * FIRST)}>{texts.more(left)}</button></p> : null}
    </>
  );
}
