// How private content comes in. Files come in any order, several at a time. A thread cuts each where its content says, hashes, encrypts under
// a key that follows from the person's and the text, and hashes again: that is the blob's id. Blobs that a pack of this person holds already are
// not sent; the others fill packs, which go to their hosts while the next one fills. A large file's blobs are listed in blobs of their own.
//
// Commit sends what is left, then the pages of the tree, then one record, sealed like the rest: the entry. It is the one moment at which
// anything becomes visible. Whoever aborts leaves packs that nothing needs: they may be another upload's meanwhile, on this host or on another of
// the person's, so that only their owner's scan takes them away.

import type { BlobId, NamespaceId, PackId } from "../codec/index.ts";
import { PathSet, RAW, blobIdOf, hex } from "../codec/index.ts";
import { Limiter, codeOf, raceAbort } from "../platform/index.ts";
import type { Extent, PackContent, Places, Redundancy, StoredPack } from "../pool/index.ts";
import { MAX_PACK_BYTES, Packer } from "../pool/index.ts";
import type { BlobIndex } from "./blob-index.ts";
import { ContentDraft } from "./content-draft.ts";
import { DriveError } from "./errors.ts";
import type { BlobRef, EntryText } from "./formats.ts";
import { MAX_ROWS, MODE_BITS, numberOfKind } from "./formats.ts";
import type { PrivateKeys, Purpose } from "./keys.ts";
import type { EntryInfo, RowFacts, RowInfo, Upload, UploadOptions, UploadResult } from "./port.ts";
import type { SealedChunk } from "./seal-protocol.ts";
import type { Sealer } from "./sealer.ts";
import type { RowDraft } from "./tree-writer.ts";
import { TreeSize, TreeWriter } from "./tree-writer.ts";

/** Packs on their way while another fills. */
const PACKS_UNDER_WAY = 2;
/** Before a pack that too few hosts took is offered again. */
const PAUSES_MS = [2_000, 5_000, 15_000, 30_000] as const;
/** Blobs of lists and pages lie behind those of files. */
const LISTINGS = Number.MAX_SAFE_INTEGER - 1;

export interface UploadParts {
  readonly namespace: NamespaceId;
  readonly keys: PrivateKeys;
  readonly sealer: Pick<Sealer, "seal">;
  readonly index: BlobIndex;
  readonly options: UploadOptions;
  readonly redundancy: Redundancy;
  store(content: PackContent, signal: AbortSignal): Promise<StoredPack>;
  pause(ms: number, signal: AbortSignal): Promise<void>;
  /** Whether a pack that is there will do for what was asked. */
  suits(pack: PackId): boolean;
  /** Whether no pack that was sent since this upload began can have been deleted by now. */
  ownStay(): boolean;
  /**
   * Makes the entry visible.
   * @param doubtful tells which of the packs may have been deleted by now. @throws DriveError CLOSED when one of them has been, or may be soon
   */
  writeEntry(text: Omit<EntryText, "createdMs">, packs: Iterable<PackId>, doubtful: () => readonly PackId[]): Promise<{ readonly entry: EntryInfo; readonly safe: boolean; readonly survives: number }>;
  /** Called once, when nothing more will happen. */
  ended(): void;
}

export class PrivateUpload implements Upload {
  readonly #with: UploadParts;
  readonly #cancel = new AbortController();
  readonly #signal: AbortSignal;
  readonly #paths = new PathSet((code, message) => new DriveError(code, message));
  readonly #rows = new Map<string, RowDraft>();
  readonly #size = new TreeSize();
  readonly #adding = new Set<Promise<unknown>>();
  readonly #packer: Packer;
  readonly #places: Places;
  #begun = 0;
  #isSpread = true;
  #isClosed = false;
  #committing: Promise<UploadResult> | undefined;
  #aborting: Promise<void> | undefined;

  constructor(parts: UploadParts) {
    this.#with = parts;
    const outer = parts.options.signal;
    this.#signal = outer === undefined ? this.#cancel.signal : AbortSignal.any([outer, this.#cancel.signal]);
    const places = new OwnPlaces(parts, (pack) => this.#packer.used.has(pack));
    this.#places = places;
    this.#packer = new Packer({
      places,
      flights: new Limiter(PACKS_UNDER_WAY * MAX_PACK_BYTES),
      signal: this.#signal,
      store: async (content) => {
        const stored = await this.#store(content);
        if (stored.holders.length < stored.wanted || !stored.safe) this.#isSpread = false;
        return stored;
      },
    });
  }

  /** Packs that were there before this upload. Its own ones, too, when it took so long, or its machine slept so long, that they may have gone again. */
  #doubtful(): PackId[] {
    const own = new Set(this.#with.ownStay() ? this.#packer.stored : []);
    return [...this.#packer.used].filter((pack) => !own.has(pack));
  }

  /**
   * Hosts that took packs of this upload a moment ago and are out of reach now may be back soon: what took hours is not given up for that.
   * Whoever takes nothing from the beginning is believed at once.
   */
  async #store(content: PackContent): Promise<StoredPack> {
    for (const pauseMs of this.#packer.stored.length === 0 ? [] : PAUSES_MS) {
      try {
        return await this.#with.store(content, this.#signal);
      } catch (error) {
        if (codeOf(error) !== "NO_SPACE") throw error;
        await this.#with.pause(pauseMs, this.#signal);
      }
    }
    return this.#with.store(content, this.#signal);
  }

  /** The packs on which it relies by now. */
  get packs(): ReadonlySet<PackId> {
    return this.#packer.used;
  }

  add(file: RowFacts, source: AsyncIterable<Uint8Array>): Promise<RowInfo> {
    const adding = this.#add(file, source);
    this.#adding.add(adding);
    return adding.finally(() => this.#adding.delete(adding));
  }

  addFolders(folders: readonly RowFacts[]): void {
    for (const { path, mode, modifiedMs } of folders) {
      this.#assertRoom();
      this.#paths.takeFolder(path);
      this.#keep({ path, kind: numberOfKind("folder"), mode: mode & MODE_BITS, modifiedMs, sizeBytes: 0, digest: NO_DIGEST, content: undefined });
    }
  }

  /** Once: asked again it gives the same, or fails as it did. */
  async commit(): Promise<UploadResult> {
    if (this.#committing === undefined) this.#assertOpen();
    this.#committing ??= this.#commit();
    return this.#committing;
  }

  abort(): Promise<void> {
    this.#aborting ??= this.#abort();
    return this.#aborting;
  }

  #assertOpen(): void {
    this.#signal.throwIfAborted();
    if (this.#isClosed || this.#committing !== undefined) throw new DriveError("CLOSED", "This upload is being committed, or has ended. Begin another one.");
  }

  #assertRoom(): void {
    this.#assertOpen();
    if (this.#rows.size >= MAX_ROWS) throw new DriveError("TREE_TOO_LARGE", `An entry has at most ${MAX_ROWS.toLocaleString("en")} files and folders. Put a part of them by itself.`);
    this.#assertListed();
  }

  #assertListed(): void {
    if (this.#size.isTooLarge) throw new DriveError("TREE_TOO_LARGE", `The ${this.#rows.size.toLocaleString("en")} files and folders so far have paths too long for one entry to list. Put a part of them by itself.`);
  }

  #keep(row: RowDraft): void {
    this.#rows.set(row.path, row);
    this.#size.add(row.path, row.content?.refs ?? 0);
  }

  async #add({ path, mode, modifiedMs }: RowFacts, source: AsyncIterable<Uint8Array>): Promise<RowInfo> {
    this.#assertRoom();
    this.#paths.take(path);
    try {
      const content = new ContentDraft();
      const group = (this.#begun += 1);
      const { sizeBytes, digest } = await this.#with.sealer.seal(source, (chunk) => this.#take(content, chunk, group), this.#signal);
      content.close();
      // An entry of such a file would be kept, and could never be read.
      if (content.sizeBytes !== sizeBytes) throw new DriveError("CLOSED", `${JSON.stringify(path)} came out of sealing with other bytes than were given. Put it again.`);
      this.#keep({ path, kind: numberOfKind("file"), mode: mode & MODE_BITS, modifiedMs, sizeBytes, digest, content });
      return { path, kind: "file", mode: mode & MODE_BITS, modifiedMs, sizeBytes, sha256: hex(digest) };
    } catch (error) {
      this.#paths.release(path);
      throw error;
    }
  }

  async #take(content: ContentDraft, { digest, idDigest, length, sealed }: SealedChunk, group: number): Promise<void> {
    if (length === 0) return;
    const id = blobIdOf(RAW, idDigest);
    await this.#packer.put(id, sealed, group);
    if (content.add({ digest, id, length })) await this.#writeLists(content);
  }

  #writeLists(content: ContentDraft): Promise<void> {
    return content.writeLists(this.#places, (text) => this.#put("list", text));
  }

  async #put(purpose: Purpose, text: Uint8Array): Promise<BlobRef> {
    const { ref, sealed } = this.#with.keys.sealBlob(purpose, text);
    await this.#packer.put(ref.id, sealed, LISTINGS);
    return ref;
  }

  async #commit(): Promise<UploadResult> {
    await raceAbort(Promise.allSettled(this.#adding), this.#signal);
    this.#assertListed();
    await this.#packer.flush();
    for (const { content } of this.#rows.values()) if (content !== undefined) await this.#writeLists(content);
    await this.#packer.flush();
    const writer = new TreeWriter();
    await writer.write(this.#rows.values(), this.#places, (text) => this.#put("tree", text));
    await this.#packer.flush();
    this.#signal.throwIfAborted();
    const { options, redundancy } = this.#with;
    const rows = [...this.#rows.values()];
    const files = rows.filter(({ content }) => content !== undefined).length;
    const sizeBytes = rows.reduce((sum, row) => sum + row.sizeBytes, 0);
    const written = await this.#with.writeEntry({ name: options.name, kind: numberOfKind(options.kind), files, folders: rows.length - files, sizeBytes, ...writer.tree(this.#places) }, this.#packer.used, () => this.#doubtful());
    this.#end();
    return { ...written, redundancy, isSpread: this.#isSpread };
  }

  async #abort(): Promise<void> {
    this.#cancel.abort(new DriveError("CLOSED", "This upload was aborted. Begin another one."));
    await Promise.allSettled([...this.#adding, ...(this.#committing === undefined ? [] : [this.#committing])]);
    await this.#packer.settle();
    this.#end();
  }

  #end(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#with.ended();
  }
}

const NO_DIGEST = new Uint8Array(32);

/**
 * Where blobs lie that need not be sent: in packs that this upload relies on, those that it has sent among them, and in others that suit it.
 * A pack that is relied on stays so, since blobs were left out for it: whether it may be is asked once, when the entry is written.
 */
class OwnPlaces implements Places {
  readonly #with: Pick<UploadParts, "index" | "suits">;
  readonly #isRelied: (pack: PackId) => boolean;

  constructor(parts: Pick<UploadParts, "index" | "suits">, isRelied: (pack: PackId) => boolean) {
    this.#with = parts;
    this.#isRelied = isRelied;
  }

  has(id: BlobId): boolean {
    return this.get(id) !== undefined;
  }

  get(id: BlobId): Extent | undefined {
    const { index, suits } = this.#with;
    return index.find(id, undefined, this.#isRelied) ?? index.find(id, undefined, suits);
  }

  set(_: BlobId, { pack }: Extent): void {
    this.#with.index.learn(pack);
  }
}
