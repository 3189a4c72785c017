import type { SourceRow } from "../../door/index.ts";

/** Where the bytes of many files came from, one row for each host and way. */
export class Sources {
  readonly #rows = new Map<string, SourceRow>();

  /** @param said as the host said it of one file, if it did */
  add(said: string | undefined): void {
    if (said === undefined) return;
    for (const row of JSON.parse(said) as SourceRow[]) {
      const key = `${row.host} ${row.via}`;
      const before = this.#rows.get(key);
      this.#rows.set(key, { ...row, bytes: row.bytes + (before?.bytes ?? 0), elapsedMs: row.elapsedMs + (before?.elapsedMs ?? 0) });
    }
  }

  /** Who gave the most comes first. */
  rows(): readonly SourceRow[] {
    return [...this.#rows.values()].sort((a, b) => b.bytes - a.bytes);
  }
}
