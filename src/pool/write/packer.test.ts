import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import type { BlobId, PackId } from "../../codec/index.ts";
import { RAW, blobIdOf } from "../../codec/index.ts";
import { sha256 } from "../../crypto/index.ts";
import { Limiter } from "../../platform/index.ts";
import type { PackContent, StoredPack } from "../port.ts";
import { MAX_BLOB_BYTES, MAX_PACK_BYTES } from "../port.ts";
import type { Extent } from "./packer.ts";
import { Packer } from "./packer.ts";

/** Keeps what it is given as it is at that moment, and gives the memory back. */
class Kept {
  readonly packs = new Map<PackId, Uint8Array>();
  readonly places = new Map<BlobId, Extent>();
  readonly packer: Packer;

  constructor() {
    this.packer = new Packer({ places: this.places, flights: new Limiter(2 * MAX_PACK_BYTES), signal: new AbortController().signal, store: (content) => this.#store(content) });
  }

  async #store({ bytes, release }: PackContent): Promise<StoredPack> {
    const pack = `pack ${this.packs.size}` as PackId;
    this.packs.set(pack, bytes.slice());
    await Promise.resolve();
    release?.();
    return { pack, sizeBytes: bytes.length, holders: [], wanted: 1, safe: true };
  }

  bytesOf(id: BlobId): Uint8Array {
    const { pack, offset, length } = this.places.get(id)!;
    return this.packs.get(pack)!.subarray(offset, offset + length);
  }
}

const idOf = (bytes: Uint8Array): BlobId => blobIdOf(RAW, sha256(bytes));
const blob = (number: number, length: number): Uint8Array => new Uint8Array(length).fill(number % 251).fill(number >> 8, 0, 1);

test("each blob lies where the packer says, and a file's in one stretch of a pack, in whatever order they come", async () => {
  const blobs = fc.array(fc.record({ length: fc.integer({ min: 2, max: MAX_BLOB_BYTES / 4 }), group: fc.integer({ min: 1, max: 3 }) }), { maxLength: 200 });
  await fc.assert(
    fc.asyncProperty(blobs, async (all) => {
      const kept = new Kept();
      const given = all.map(({ length, group }, number) => ({ bytes: blob(number, length), group }));
      for (const { bytes, group } of given) await kept.packer.put(idOf(bytes), bytes, group);
      await kept.packer.flush();
      for (const { bytes } of given) assert.deepEqual(kept.bytesOf(idOf(bytes)), bytes);
      for (const pack of kept.packs.keys()) {
        const within = given.map(({ bytes, group }) => ({ group, place: kept.places.get(idOf(bytes))! })).filter(({ place }) => place.pack === pack);
        const groups = within.sort((a, b) => a.place.offset - b.place.offset).map(({ group }) => group);
        assert.deepEqual(groups, groups.toSorted((a, b) => a - b));
      }
    }),
    { numRuns: 10 },
  );
});

test("packs that follow each other use the same memory, and a small one takes little", async () => {
  const kept = new Kept();
  const memory = new Set<ArrayBufferLike>();
  const packer = new Packer({ places: new Map<BlobId, Extent>(), flights: new Limiter(MAX_PACK_BYTES), signal: new AbortController().signal, store: async (content) => {
    memory.add(content.bytes.buffer);
    content.release?.();
    return { pack: `pack ${memory.size}` as PackId, sizeBytes: content.bytes.length, holders: [], wanted: 1, safe: true };
  } });
  for (let number = 0; number < 80; number += 1) await packer.put(idOf(blob(number, MAX_BLOB_BYTES)), blob(number, MAX_BLOB_BYTES), 1);
  await packer.flush();
  assert.equal(packer.stored.length, 5);
  assert.ok(memory.size <= 3, `${memory.size} of 5`);
  await kept.packer.put(idOf(blob(1, 10)), blob(1, 10), 1);
  await kept.packer.flush();
  assert.equal([...kept.packs.values()][0]!.length, 10);
});
