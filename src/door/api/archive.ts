import type { EntryView, RowInfo } from "../../drive/index.ts";
import { DoorError } from "../errors.ts";
import type { ZipItem } from "../zip.ts";
import { ZipWriter } from "../zip.ts";

/** Files whose contents are asked for together: small ones of one folder lie side by side. */
const TOGETHER = { rows: 64, bytes: 8 * 1024 * 1024 } as const;

/** The entry's name is whatever its owner called it; in an archive it is one folder, wherever that is unpacked. */
export function itemOf({ info }: EntryView, row: RowInfo): ZipItem {
  const folder = info.name.replaceAll(/[/\\\p{Cc}]/gu, "_");
  return { ...row, name: `${folder === "." || folder === ".." ? "_" : folder}/${row.path}` };
}

/** A private folder as one archive, under its name, in the order of its paths. What is read of it is asked for when it is taken, and no sooner. */
export async function* archiveOf(view: EntryView, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const writer = new ZipWriter();
  let [rows, bytes]: [RowInfo[], number] = [[], 0];
  for await (const row of view.rows(signal)) {
    rows.push(row);
    bytes += row.sizeBytes;
    if (rows.length < TOGETHER.rows && bytes < TOGETHER.bytes) continue;
    yield* written(writer, view, rows, signal);
    [rows, bytes] = [[], 0];
  }
  yield* written(writer, view, rows, signal);
  yield* writer.end();
}

async function* written(writer: ZipWriter, view: EntryView, rows: readonly RowInfo[], signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const content = new Cut(view.together(rows.filter(({ kind }) => kind === "file").map(({ path }) => path), { signal, isKept: false }));
  try {
    for (const row of rows) {
      if (row.kind === "folder") yield writer.folder(itemOf(view, row));
      else yield* writer.file(itemOf(view, row), content.next(row.sizeBytes));
    }
  } finally {
    await content.close();
  }
}

/** Bytes that come in one run, cut into the files that they are. */
class Cut {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  async *next(length: number): AsyncGenerator<Uint8Array> {
    for (let left = length; left > 0; ) {
      if (this.#rest.length === 0) {
        const { done, value } = await this.#chunks.next();
        if (done === true) throw new DoorError("INTERNAL", `The files of an archive end ${left} bytes too early.`);
        this.#rest = value;
      }
      const part = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(part.length);
      left -= part.length;
      if (part.length > 0) yield part;
    }
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
