// A twin of the pool for this room's tests. Checks what it is given as the real one would, and more.

import type { BlobId, HostId, NamespaceId, PackId } from "../../codec/index.ts";
import { DAG_PB, RAW, blobIdOf, codecOfBlobId, idFromBytes, utf8 } from "../../codec/index.ts";
import { sha256 } from "../../crypto/index.ts";
import type { PackContent, PackInfo, Pool, Redundancy, Standing, StoredPack } from "../../pool/index.ts";
import { MAX_PACK_BLOBS, MAX_PACK_BYTES, SEGMENT_BYTES } from "../../pool/index.ts";
import { namedId } from "./records.ts";

interface FakePack {
  readonly namespace: NamespaceId;
  readonly content: PackContent;
  readonly redundancy: Redundancy;
}

/** One pool for all hosts of a test. */
export class FakePool implements Pool {
  readonly #packs = new Map<PackId, FakePack>();
  /** Awaited by each `store`, so that a test can hold packs back or make them fail. */
  beforeStore: (content: PackContent) => Promise<void> = async () => {};
  beforeRead: () => Promise<void> = async () => {};
  /** Packs that are known, but that nobody has said to hold. */
  readonly unheld = new Set<PackId>();
  /** Sizes of all packs that were ever stored. */
  readonly storedBytes: number[] = [];
  #stores = 0;
  #inFlightBytes = 0;
  mostInFlightBytes = 0;

  get count(): number {
    return this.#packs.size;
  }

  async store(namespace: NamespaceId, content: PackContent, redundancy: Redundancy, signal?: AbortSignal): Promise<StoredPack> {
    checkContent(content);
    this.#inFlightBytes += content.bytes.length;
    this.mostInFlightBytes = Math.max(this.mostInFlightBytes, this.#inFlightBytes);
    try {
      await this.beforeStore(content);
      signal?.throwIfAborted();
    } finally {
      this.#inFlightBytes -= content.bytes.length;
    }
    const pack = idFromBytes<PackId>(sha256(utf8(`pack ${this.#stores++}`)));
    this.#packs.set(pack, { namespace, content, redundancy });
    this.storedBytes.push(content.bytes.length);
    return { pack, sizeBytes: content.bytes.length, holders: [namedId<HostId>("a")], wanted: 1, safe: true };
  }

  async remove(namespace: NamespaceId, packs: readonly PackId[]): Promise<void> {
    for (const pack of packs) {
      if (this.#packs.get(pack)?.namespace !== namespace) throw new Error("a pack is removed that is not there");
      this.#packs.delete(pack);
    }
  }

  info(namespace: NamespaceId, pack: PackId): PackInfo | undefined {
    const found = this.#packs.get(pack);
    if (found?.namespace !== namespace) return undefined;
    const holders = this.unheld.has(pack) ? [] : [namedId<HostId>("a")];
    return { pack, sizeBytes: found.content.bytes.length, redundancy: found.redundancy, blobs: found.content.blobs, pieces: holders.map((host) => ({ host, index: 0 })), holders, maybe: [] };
  }

  *packs(namespace: NamespaceId): Generator<PackInfo> {
    for (const pack of this.#packs.keys()) {
      const info = this.info(namespace, pack);
      if (info !== undefined) yield info;
    }
  }

  async *read(namespace: NamespaceId, pack: PackId, offset: number, length: number): AsyncGenerator<Uint8Array> {
    await this.beforeRead();
    const found = this.#packs.get(pack);
    if (found?.namespace !== namespace || this.unheld.has(pack)) throw new Error("UNAVAILABLE");
    if (offset + length > found.content.bytes.length) throw new Error("BAD_RANGE");
    for (let at = offset; at < offset + length; at += SEGMENT_BYTES) yield found.content.bytes.subarray(at, Math.min(at + SEGMENT_BYTES, offset + length));
  }

  standing(namespace: NamespaceId): Standing {
    const packs = [...this.packs(namespace)];
    const survives = this.survives(namespace, packs.map(({ pack }) => pack));
    return { packs: packs.length, holders: new Set(packs.flatMap(({ holders }) => holders)), survives, survivesNow: survives };
  }

  survives(namespace: NamespaceId, packs: Iterable<PackId>): number {
    const survived = [...packs].map((pack) => {
      const redundancy = this.info(namespace, pack)?.redundancy ?? { kind: "copies", copies: 1 };
      if (redundancy.kind === "code") return redundancy.m;
      return redundancy.copies === "all" ? 9 : redundancy.copies - 1;
    });
    return Math.min(...survived);
  }

  zones(): number {
    return 9;
  }

  /** The ids of all blobs that are there now. */
  blobs(): Set<BlobId> {
    return new Set([...this.#packs.values()].flatMap(({ content }) => content.blobs.map(({ id }) => id)));
  }
}

function checkContent({ bytes, blobs }: PackContent): void {
  let end = 0;
  for (const { id, offset, length } of blobs) {
    const digest = sha256(bytes.subarray(offset, offset + length));
    if (offset !== end || length === 0 || blobIdOf(codecOfBlobId(id) === RAW ? RAW : DAG_PB, digest) !== id) throw new Error("a blob is not where its pack says");
    end = offset + length;
  }
  if (end !== bytes.length || bytes.length > MAX_PACK_BYTES || blobs.length > MAX_PACK_BLOBS) throw new Error("a pack is larger than it may be, or has bytes of no blob");
}
