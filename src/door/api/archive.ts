import { ZipEntry, createZipArchive } from "node:zlib";
import type { EntryView, RowInfo } from "../../drive/index.ts";
import { DoorError } from "../errors.ts";

// A private folder as one ZIP archive, written by the runtime while it is read; why by that is told in docs/decisions/archives.md. Nothing is
// compressed: most of what people keep is. So the archive's length is known before: names and sizes say it, by the layout that the runtime gives
// to what it is handed bit by bit (PKWARE's APPNOTE 6.3.10, 4.3.6 to 4.3.16; numbers in brackets are its sections).

/** What an archive tells of a file or folder. */
export type ArchiveRow = Pick<RowInfo, "path" | "kind" | "mode" | "modifiedMs" | "sizeBytes">;

/** Files whose contents are asked for together: small ones of one folder lie side by side. */
const TOGETHER = { rows: 64, bytes: 8 * 1024 * 1024 } as const;

const MAX_32 = 0xffff_ffff;
const MAX_16 = 0xffff;
/** Before a file or folder, and of it in the list at the end, besides its name (4.3.7, 4.3.12). */
const HEAD_BYTES = { local: 30, central: 46 } as const;
/** The moment in UTC, in both. */
const TIME_BYTES = 9;
/** Room for sizes of 64 bits before a file (4.5.3), and its checksum and sizes behind it (4.3.9). */
const STREAMED_BYTES = 20 + 24;
/** The end, and what ZIP64 puts before it (4.3.14 to 4.3.16). */
const END_BYTES = { plain: 22, zip64: 76 } as const;
/** The last second that fits. */
const SECONDS_MAX = 2 ** 31 - 1;

/** The entry's name is whatever its owner called it; in an archive it is one folder, wherever that is unpacked. */
function nameIn({ info }: EntryView, { path, kind }: ArchiveRow): string {
  const folder = info.name.replaceAll(/[/\\\p{Cc}]/gu, "_");
  return `${folder === "." || folder === ".." ? "_" : folder}/${path}${kind === "folder" ? "/" : ""}`;
}

/** How long the archive of these becomes. */
export function archiveBytes(view: EntryView, rows: readonly ArchiveRow[]): number {
  let [offset, listBytes] = [0, 0];
  for (const row of rows) {
    const said = Buffer.byteLength(nameIn(view, row)) + TIME_BYTES;
    // What does not fit into 32 bits stands in the list once more: a size twice, a place once.
    const wide = (row.sizeBytes >= MAX_32 ? 2 : 0) + (offset >= MAX_32 ? 1 : 0);
    listBytes += HEAD_BYTES.central + said + (wide === 0 ? 0 : 4 + 8 * wide);
    offset += HEAD_BYTES.local + said + (row.kind === "file" ? STREAMED_BYTES + row.sizeBytes : 0);
  }
  const isWide = rows.length >= MAX_16 || offset >= MAX_32 || listBytes >= MAX_32;
  return offset + listBytes + END_BYTES.plain + (isWide ? END_BYTES.zip64 : 0);
}

/** The archive under the entry's name, in the order of the rows. What is read of it is asked for when it is taken. */
export function archiveOf(view: EntryView, rows: readonly ArchiveRow[], signal: AbortSignal): AsyncIterable<Uint8Array> {
  return createZipArchive(items(view, rows, signal));
}

async function* items(view: EntryView, rows: readonly ArchiveRow[], signal: AbortSignal): AsyncGenerator<ZipEntry> {
  for (const near of together(rows)) {
    const content = new Cut(view.together(near.filter(({ kind }) => kind === "file").map(({ path }) => path), { signal, isKept: false }));
    try {
      for (const row of near) yield itemOf(nameIn(view, row), row, content);
    } finally {
      await content.close();
    }
  }
}

function* together(rows: readonly ArchiveRow[]): Generator<readonly ArchiveRow[]> {
  let [first, bytes] = [0, 0];
  for (const [at, { sizeBytes }] of rows.entries()) {
    bytes += sizeBytes;
    if (at + 1 - first < TOGETHER.rows && bytes < TOGETHER.bytes) continue;
    yield rows.slice(first, at + 1);
    [first, bytes] = [at + 1, 0];
  }
  yield rows.slice(first);
}

function itemOf(name: string, { kind, mode, modifiedMs, sizeBytes }: ArchiveRow, content: Cut): ZipEntry {
  // A moment on an even second would be told in the host's local time alone; with a millisecond more the second is told in UTC beside it.
  const seconds = Math.min(Math.max(Math.floor(modifiedMs / 1000), 0), SECONDS_MAX);
  // oxlint-disable-next-line no-restricted-globals -- the runtime takes the moment as a Date; no clock is read
  const facts = { mode, modified: new Date(seconds * 1000 + 1) };
  if (kind === "folder") return ZipEntry.createSync(name, new Uint8Array(0), facts);
  return ZipEntry.createStream(name, content.next(sizeBytes), { ...facts, method: "store" });
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
