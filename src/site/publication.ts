// How a site is published. Files come in any order, several at a time. Each is cut into chunks of 1 MiB; a chunk is a blob, named by its
// hash, and blobs that the current head's packs hold are not sent again. The others fill packs, which go to as many hosts as were asked
// for while the next one fills. The tree above the chunks, made of file nodes and directory blocks, gives the files the ids they have in
// IPFS; it goes, with the manifest, into packs on all hosts, so that every host can list and check everything by itself.
//
// Commit sends what is left, writes the directory blocks, then the manifest, which needs the places of all content, then the head. The
// head is the one moment at which anything becomes visible. Whoever does not commit aborts, and the packs sent so far are given back; or
// leaves, and the next publication finds them: what was cut off goes on where it was, to the pack that was being filled.

import type { BlobId, NamespaceId, PackId } from "../codec/index.ts";
import { PathSet, RAW, blobIdOf } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import { Limiter, cancellable } from "../platform/index.ts";
import type { Copies, Extent, PackContent, PackInfo, Pool, StoredPack } from "../pool/index.ts";
import { MAX_BLOB_BYTES, MAX_PACK_BYTES, Packer, isReadable } from "../pool/index.ts";
import { SiteError } from "./errors.ts";
import type { BlobPlace, Head } from "./head.ts";
import type { Manifest } from "./manifest.ts";
import { MAX_FILES } from "./manifest-format.ts";
import type { ListedFile, WrittenPage } from "./manifest-writer.ts";
import { indexOf, joined, writePages } from "./manifest-writer.ts";
import { mediaTypeOf } from "./media-type.ts";
import type { FileInfo, Publication, PublishOptions, PublishResult } from "./port.ts";
import { placedPacks, placesOf } from "./reuse.ts";
import { writeTree } from "./tree.ts";
import { isRulesFile } from "./web/web-rules.ts";
import type { DagNode } from "./unixfs/block.ts";
import { rawLeaf } from "./unixfs/block.ts";
import { FileDag, chunksOf, nodeOfFile } from "./unixfs/file.ts";
import { UNIXFS_V1_2025 } from "./unixfs/profile.ts";

/** What a publication builds on. */
export interface Base {
  readonly head: Head;
  readonly manifest: Manifest;
}

/** A head but for its number, which it gets when it is written. */
export interface HeadDraft {
  readonly root: BlobId;
  readonly manifest: BlobPlace;
  readonly files: number;
  readonly sizeBytes: number;
  /** All packs on which it relies. */
  readonly packs: readonly PackId[];
}

export interface PublicationParts {
  readonly namespace: NamespaceId;
  readonly pool: Pool;
  readonly options: PublishOptions;
  readonly base: Base | undefined;
  /** Packs of older versions and of publications that were cut off, which it may rely on. */
  readonly spare: readonly PackInfo[];
  /** Whether those packs are there, and nobody has begun to let them go. */
  areThere(packs: readonly PackId[]): Promise<boolean>;
  /** Whether no pack that was sent since this publication began can have been deleted by now. */
  ownStay(): boolean;
  wallMs(): number;
  /** Makes the tree the site's current one. */
  writeHead(draft: HeadDraft): Promise<PublishResult>;
  /** Whether a head that has become visible relies on one of the packs. */
  isAnyUsed(packs: ReadonlySet<PackId>): boolean;
  /** Called once, when nothing more will happen. */
  ended(): void;
}

interface AddedFile {
  readonly path: string;
  readonly node: DagNode;
  readonly type: string;
  /** Where its content lies, once that is sent. */
  readonly extents: () => Iterable<Extent>;
}

function infoOf({ path, node, type }: AddedFile): FileInfo {
  return { path, id: node.id, sizeBytes: node.sizeBytes, type };
}

// Groups of blobs in the packs on all hosts: what is read together lies together.
const FILE_NODES = 0;
const FOLDERS = 1;
const PAGES = 2;
const NOTHING = new Uint8Array(0);

export class SitePublication implements Publication {
  readonly #with: PublicationParts;
  readonly #cancel = new AbortController();
  readonly #signal: AbortSignal;
  readonly #paths = new PathSet((code, message) => new SiteError(code, message));
  readonly #files = new Map<string, AddedFile>();
  readonly #adding = new Set<Promise<unknown>>();
  /** Content, on as many hosts as asked for. */
  readonly #content: Packer;
  /** What every host has: the tree and the manifest. */
  readonly #everywhere: Packer;
  /** Content that every host has, because it says how to serve the rest. In packs of its own: the manifest names its places, so it is sent before. */
  #rules: Packer | undefined;
  readonly #packers: Packer[];
  /** The bytes of one full pack may be on their way while another fills. */
  readonly #flights = new Limiter(MAX_PACK_BYTES);
  /** By copies wanted, the packs of the version before that have as many. */
  readonly #placedPacks = new Map<Copies, ReadonlySet<PackId>>();
  #begun = 0;
  #committing: Promise<PublishResult> | undefined;
  #isCommitted = false;
  #aborting: Promise<void> | undefined;

  constructor(parts: PublicationParts) {
    this.#with = parts;
    const outer = parts.options.signal;
    this.#signal = outer === undefined ? this.#cancel.signal : AbortSignal.any([outer, this.#cancel.signal]);
    this.#content = this.#packer(parts.options.copies);
    this.#everywhere = this.#packer("all");
    this.#packers = [this.#content, this.#everywhere];
  }

  add(path: string, source: AsyncIterable<Uint8Array>): Promise<FileInfo> {
    const adding = this.#add(path, source);
    this.#adding.add(adding);
    return adding.finally(() => this.#adding.delete(adding));
  }

  /** Once: asked again it gives the same, or fails as it did. While there is nothing to publish it stays open. */
  async commit(): Promise<PublishResult> {
    if (this.#committing === undefined) this.#assertOpen();
    if (this.#adding.size === 0) this.#assertFilled();
    this.#committing ??= this.#commit();
    return this.#committing;
  }

  abort(): Promise<void> {
    this.#aborting ??= this.#abort(false);
    return this.#aborting;
  }

  leave(): Promise<void> {
    this.#aborting ??= this.#abort(true);
    return this.#aborting;
  }

  #assertOpen(): void {
    this.#signal.throwIfAborted();
    if (this.#committing !== undefined) throw new SiteError("CLOSED", "This publication is being committed or has been. Begin another one for further changes.");
  }

  #assertFilled(): void {
    if (this.#files.size === 0) throw new SiteError("EMPTY_SITE", "There is no file to publish. Choose a folder with at least one readable file in it.");
  }

  /** Made when there is something for it: each packer looks through all blobs that are there already. */
  #forRules(): Packer {
    if (this.#rules === undefined) {
      this.#rules = this.#packer("all");
      this.#packers.push(this.#rules);
    }
    return this.#rules;
  }

  #packer(copies: Copies): Packer {
    const { pool, namespace, base, spare } = this.#with;
    const store = (content: PackContent): Promise<StoredPack> => pool.store(namespace, content, { kind: "copies", copies }, this.#signal);
    return new Packer({ places: placesOf(pool, namespace, base?.manifest, copies, spare), flights: this.#flights, signal: this.#signal, store });
  }

  async #add(path: string, source: AsyncIterable<Uint8Array>): Promise<FileInfo> {
    this.#assertOpen();
    if (this.#files.size + this.#adding.size >= MAX_FILES) throw new SiteError("SITE_TOO_LARGE", `A site has at most ${MAX_FILES} files. Publish the rest under another name.`);
    this.#paths.take(path);
    try {
      const file = await this.#take(path, source);
      this.#files.set(path, file);
      return infoOf(file);
    } catch (error) {
      this.#paths.release(path);
      throw error;
    }
  }

  async keep(path: string, id: BlobId): Promise<FileInfo | undefined> {
    this.#assertOpen();
    const taken = this.#files.get(path);
    // Whoever did not hear the answer asks again.
    if (taken?.node.id === id) return infoOf(taken);
    const before = this.#with.base?.manifest.file(path);
    if (before?.id !== id || this.#files.size + this.#adding.size >= MAX_FILES) return undefined;
    const placed = this.#placed(isRulesFile(path) ? "all" : this.#with.options.copies);
    if (!before.extents.every(({ pack }) => placed.has(pack))) return undefined;
    const node = await nodeOfFile(id, before.sizeBytes);
    // Of a file of several chunks the node that joins them must be kept as well; several nodes would have to be read to be known.
    if (node === undefined || (before.sizeBytes > UNIXFS_V1_2025.chunkBytes && !this.#everywhere.places.has(id))) return undefined;
    this.#paths.take(path);
    if (this.#everywhere.places.has(id)) await this.#everywhere.put(id, NOTHING, FILE_NODES);
    const { type, extents } = before;
    const kept: AddedFile = { path, node, type, extents: () => extents };
    this.#files.set(path, kept);
    return infoOf(kept);
  }

  #placed(copies: Copies): ReadonlySet<PackId> {
    const { pool, namespace, base } = this.#with;
    const known = this.#placedPacks.get(copies) ?? placedPacks(pool, namespace, base?.manifest, copies);
    this.#placedPacks.set(copies, known);
    return known;
  }

  async #take(path: string, source: AsyncIterable<Uint8Array>): Promise<AddedFile> {
    const group = this.#begun++;
    const chunks: DagNode[] = [];
    const packer = isRulesFile(path) ? this.#forRules() : this.#content;
    const dag = new FileDag((id, bytes) => this.#everywhere.put(id, bytes, FILE_NODES), UNIXFS_V1_2025.width);
    let type: string | undefined;
    for await (const chunk of chunksOf(cancellable(source, this.#signal), UNIXFS_V1_2025.chunkBytes)) {
      type ??= mediaTypeOf(path, chunk);
      const leaf = rawLeaf(chunk);
      await packer.put(leaf.id, chunk, group);
      await dag.add(leaf);
      chunks.push(leaf);
    }
    return { path, node: await dag.finish(), type: type ?? mediaTypeOf(path, new Uint8Array(0)), extents: () => chunks.map(({ id }) => packer.places.get(id)!) };
  }

  async #commit(): Promise<PublishResult> {
    await Promise.allSettled(this.#adding);
    this.#assertFilled();
    await this.#content.flush();
    await this.#rules?.flush();
    const root = await writeTree(this.#files.values(), (id, bytes) => this.#everywhere.put(id, bytes, FOLDERS));
    const draft = this.#unchanged(root) ?? (await this.#writeManifest(root));
    await this.#assertThere(draft);
    this.#signal.throwIfAborted();
    const result = await this.#with.writeHead(draft);
    this.#isCommitted = true;
    this.#with.ended();
    return result;
  }

  /** Another host of this person may have cleaned up meanwhile. */
  async #assertThere({ packs }: HeadDraft): Promise<void> {
    const used = this.#doubtful(packs);
    // A machine that slept meanwhile may have come to doubt more.
    if ((used.length === 0 || (await this.#with.areThere(used))) && this.#doubtful(packs).length === used.length) return;
    throw new SiteError("CLOSED", "Content of earlier, on which this publication relies, is being deleted, or too few hosts are in reach to tell. Publish again.");
  }

  /** Those that were there before. What it has sent itself, too, when it took so long, or its machine slept so long, that it may have gone again. */
  #doubtful(packs: readonly PackId[]): PackId[] {
    const own = this.#with.ownStay() ? [] : this.#packers.flatMap((packer) => packer.stored);
    const doubtful = new Set([...this.#with.spare.map(({ pack }) => pack), ...own]);
    return packs.filter((pack) => doubtful.has(pack));
  }

  /** The head before as a draft, when it has the same tree, nothing had to be sent, and its manifest can be read by others too. */
  #unchanged(root: DagNode): HeadDraft | undefined {
    const { base, pool, namespace } = this.#with;
    if (base === undefined || base.head.root !== root.id || !this.#packers.every((packer) => packer.isUntouched)) return undefined;
    const infos = base.manifest.packs.map((pack) => pool.info(namespace, pack));
    if (infos.some((info) => info === undefined || !isReadable(info))) return undefined;
    const { manifest, files, sizeBytes } = base.head;
    return { root: root.id, manifest, files, sizeBytes, packs: base.manifest.packs };
  }

  async #writeManifest(root: DagNode): Promise<HeadDraft> {
    const pages: (WrittenPage & { readonly id: BlobId })[] = [];
    for (const page of writePages(this.#listed())) {
      const id = blobIdOf(RAW, sha256(page.bytes));
      await this.#everywhere.put(id, page.bytes, PAGES);
      pages.push({ first: page.first, files: page.files, id, bytes: page.bytes });
    }
    let index: { readonly id: BlobId; readonly bytes: Uint8Array } | undefined;
    let packs: PackId[] = [];
    const place = await this.#everywhere.finish(MAX_BLOB_BYTES, (here) => {
      packs = this.#packsUsed();
      index = indexOf(packs, pages, here, this.#everywhere.places);
      return index;
    });
    const sizeBytes = [...this.#files.values()].reduce((sum, { node }) => sum + node.sizeBytes, 0);
    return { root: root.id, manifest: { id: index!.id, ...place }, files: this.#files.size, sizeBytes, packs: [...packs, place.pack] };
  }

  /** The files as the manifest lists them. A file that has not changed keeps the time at which it came. */
  *#listed(): Generator<ListedFile> {
    const now = this.#with.wallMs();
    for (const file of this.#files.values()) {
      const { path, node, type } = file;
      const before = this.#with.base?.manifest.file(path);
      const modifiedMs = before?.id === node.id ? before.modifiedMs : now;
      yield { path, id: node.id, sizeBytes: node.sizeBytes, type, modifiedMs, extents: joined(file.extents()) };
    }
  }

  /** The packs that are known while the last one is still open. */
  #packsUsed(): PackId[] {
    const packs = new Set<PackId>();
    for (const file of this.#files.values()) for (const { pack } of file.extents()) packs.add(pack);
    for (const pack of this.#everywhere.used) packs.add(pack);
    return [...packs];
  }

  /** The packs on which it relies, and those that it has stored, which no head names yet. */
  packsInUse(): ReadonlySet<PackId> {
    return new Set(this.#packers.flatMap((packer) => [...packer.used, ...packer.stored]));
  }

  /** @param isLeft what was sent stays, so that the next publication need not send it again; unused, it goes in time as other content does */
  async #abort(isLeft: boolean): Promise<void> {
    this.#cancel.abort(new SiteError("CLOSED", "This publication was ended. Begin another one."));
    await this.#committing?.catch(() => undefined);
    if (this.#isCommitted) return;
    await Promise.allSettled(this.#adding);
    await Promise.all(this.#packers.map((packer) => packer.settle()));
    const { pool, namespace } = this.#with;
    // Should the head have become visible although writing it was reported as failed, its packs must stay.
    const sent = this.#packers.flatMap((packer) => packer.stored);
    const isVisible = sent.length > 0 && this.#with.isAnyUsed(new Set(sent));
    try {
      if (sent.length > 0 && !isVisible && !isLeft) await pool.remove(namespace, sent);
    } finally {
      this.#with.ended();
    }
  }
}
