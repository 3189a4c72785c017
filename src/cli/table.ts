/**
 * Words from elsewhere, made safe to print: a path or a host's name could carry the terminal's own commands.
 * Control characters and those that reverse the direction of writing become "�".
 */
export function printable(words: string): string {
  // eslint-disable-next-line no-control-regex
  return words.replaceAll(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
}

/** How many columns of a terminal the words take: none for combining marks, two for wide characters. */
export function widthOf(words: string): number {
  let width = 0;
  for (const { segment } of new Intl.Segmenter().segment(words)) width += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(segment) ? 2 : 1;
  return width;
}

export interface Column {
  readonly title: string;
  readonly right?: boolean;
}

/** Lines with aligned columns, two spaces between them and none at the ends of lines. Cells are made printable. */
export function table(columns: readonly (Column | string)[], rows: readonly (readonly string[])[]): string {
  const heads = columns.map((column) => (typeof column === "string" ? { title: column, right: false } : { right: false, ...column }));
  const cells = [heads.map((head) => head.title.toUpperCase()), ...rows.map((row) => row.map(printable))];
  const widths = heads.map((_, at) => Math.max(...cells.map((row) => widthOf(row[at] ?? ""))));
  return cells.map((row) => row.map((cell, at) => padded(cell, widths[at]!, heads[at]!.right)).join("  ").trimEnd()).join("\n") + "\n";
}

function padded(cell: string, width: number, right: boolean): string {
  const gap = " ".repeat(width - widthOf(cell));
  return right ? gap + cell : cell + gap;
}
