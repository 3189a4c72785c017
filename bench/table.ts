import { short } from "./figures.ts";
import type { Row } from "./plan.ts";

const HEADINGS = ["what", "figure", "beside", "ratio", "to reach", "what limits it"] as const;
/** The last column is prose and is wrapped by the terminal. */
const WIDEST = 58;

function cells(row: Row): string[] {
  const { beside, reach } = row;
  return [
    row.what,
    `${short(row.value)} ${row.unit}`,
    beside === undefined ? "" : `${short(beside.value)} ${beside.unit} (${beside.what})`,
    beside === undefined ? "" : short(row.value / beside.value),
    reach === undefined ? "" : `${reach.text}: ${reach.isReached ? "yes" : "NO"}`,
    row.limit,
  ];
}

/** All rows as one table in plain text. */
export function table(rows: readonly Row[]): string {
  const lines = [[...HEADINGS], ...rows.map(cells)];
  const widths = HEADINGS.map((_, column) => (column === HEADINGS.length - 1 ? 0 : Math.min(WIDEST, Math.max(...lines.map((line) => line[column]!.length)))));
  const drawn = lines.map((line) => line.map((cell, column) => cell.padEnd(widths[column]!)).join("  ").trimEnd());
  return [drawn[0]!, widths.map((width) => "-".repeat(width || HEADINGS.at(-1)!.length)).join("  "), ...drawn.slice(1)].join("\n");
}
