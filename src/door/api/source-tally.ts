import type { SourceReport } from "../../pool/index.ts";

export const SOURCES_TRAILER = "Holdfast-Sources";

/** What came from one host in one way. */
export interface SourceRow {
  readonly host: string;
  readonly via: SourceReport["via"];
  readonly bytes: number;
  /** Of all requests to it, one added to the other, though several run at a time. */
  readonly elapsedMs: number;
}

/** Where the bytes of an answer came from: pieces, which are encrypted and may be more than the answer. */
export class SourceTally {
  readonly #rows = new Map<string, SourceRow>();

  readonly add = ({ host, via, bytes, elapsedMs }: SourceReport): void => {
    const key = `${host} ${via}`;
    const before = this.#rows.get(key);
    this.#rows.set(key, { host, via, bytes: bytes + (before?.bytes ?? 0), elapsedMs: elapsedMs + (before?.elapsedMs ?? 0) });
  };

  /** JSON that a header can carry. */
  text(): string {
    return JSON.stringify(Array.from(this.#rows.values(), (row) => ({ ...row, elapsedMs: Math.round(row.elapsedMs) })));
  }
}
