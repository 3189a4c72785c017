/** Of rows that have keys: those that are new or different, and the keys of those that are no more. */
export interface Changes<Row> {
  readonly set: readonly Row[];
  readonly gone: readonly string[];
}

/** Remembers what one reader was told, and finds what they have to be told next. */
export class Told<Row> {
  readonly #keyOf: (row: Row) => string;
  #known: ReadonlyMap<string, string> | undefined;

  constructor(keyOf: (row: Row) => string) {
    this.#keyOf = keyOf;
  }

  /** Undefined when there is nothing new; the first time everything, also when it is nothing. */
  next(rows: readonly Row[]): Changes<Row> | undefined {
    const known = new Map<string, string>();
    const set: Row[] = [];
    const before = this.#known;
    for (const row of rows) {
      const [key, text] = [this.#keyOf(row), JSON.stringify(row)];
      known.set(key, text);
      if (before?.get(key) !== text) set.push(row);
    }
    const gone = [...(before?.keys() ?? [])].filter((key) => !known.has(key));
    this.#known = known;
    return before !== undefined && set.length + gone.length === 0 ? undefined : { set, gone };
  }
}
