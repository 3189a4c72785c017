import type { PackId } from "../codec/index.ts";
import type { Places } from "../pool/index.ts";
import { DriveError } from "./errors.ts";
import type { BlobRef, ListRef, PlacedRef, Row } from "./formats.ts";
import { MAX_BLOBS_IN_LIST, MAX_BLOBS_IN_ROW, blobListCodec } from "./formats.ts";

/** Stores a blob of a list's text and says what it is called. */
export type PutList = (text: Uint8Array) => Promise<BlobRef>;

/** The packs that a page or a list names, numbered as they come. */
export class PackTable {
  readonly #numbers = new Map<PackId, number>();

  get packs(): readonly PackId[] {
    return [...this.#numbers.keys()];
  }

  /** The blob with the number of the pack in which it lies. @throws DriveError CLOSED when it lies nowhere any more */
  place(ref: BlobRef, places: Pick<Places, "get">): PlacedRef {
    const pack = places.get(ref.id)?.pack;
    if (pack === undefined) throw gone();
    const known = this.#numbers.get(pack) ?? this.#numbers.size;
    this.#numbers.set(pack, known);
    const { digest, id, length } = ref;
    return { digest, id, length, pack: known };
  }
}

interface WrittenList {
  readonly ref: BlobRef;
  readonly blobs: number;
  readonly sizeBytes: number;
}

/**
 * The blobs of one file as they come. A file of many gigabytes has so many that they are put into lists, each written when its blobs have
 * their places, so that few of them are in memory at a time.
 */
export class ContentDraft {
  readonly #full: (readonly BlobRef[])[] = [];
  readonly #lists: WrittenList[] = [];
  #open: BlobRef[] = [];
  #sizeBytes = 0;

  /** Of all blobs together. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** How many blobs and lists the file's row names, once all lists are written. */
  get refs(): number {
    return this.#open.length + this.#lists.length;
  }

  /** True when `writeLists` has something to write. */
  add(ref: BlobRef): boolean {
    this.#open.push(ref);
    this.#sizeBytes += ref.length;
    if (this.#open.length < MAX_BLOBS_IN_LIST) return this.#full.length > 0;
    this.#full.push(this.#open);
    this.#open = [];
    return true;
  }

  /** No more blobs come. */
  close(): void {
    const isInRow = this.#full.length + this.#lists.length === 0 && this.#open.length <= MAX_BLOBS_IN_ROW;
    if (isInRow || this.#open.length === 0) return;
    this.#full.push(this.#open);
    this.#open = [];
  }

  /** Writes the lists whose blobs all have their places. */
  async writeLists(places: Pick<Places, "has" | "get">, put: PutList): Promise<void> {
    for (let next = this.#full[0]; next !== undefined && next.every(({ id }) => places.has(id)); next = this.#full[0]) {
      this.#full.shift();
      const table = new PackTable();
      const blobs = next.map((ref) => table.place(ref, places));
      const sizeBytes = next.reduce((sum, { length }) => sum + length, 0);
      this.#lists.push({ ref: await put(blobListCodec.encode({ packs: table.packs, blobs })), blobs: next.length, sizeBytes });
    }
  }

  /** What the file's row says of it, once all lists are written and placed. @throws DriveError CLOSED when a part of it lies nowhere any more */
  content(table: PackTable, places: Pick<Places, "get">): Pick<Row, "blobs" | "lists"> {
    if (this.#full.length > 0) throw gone();
    const lists = this.#lists.map(({ ref, blobs, sizeBytes }): ListRef => ({ ...table.place(ref, places), blobs, sizeBytes }));
    return { blobs: this.#open.map((ref) => table.place(ref, places)), lists };
  }
}

function gone(): DriveError {
  return new DriveError("CLOSED", "A pack that this content relies on was deleted meanwhile. Put it again.");
}
