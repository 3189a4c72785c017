import type { NamespaceId } from "../codec/index.ts";
import { RAW, blobIdOf, bytesOfId, concatBytes, fromBase32, utf8 } from "../codec/index.ts";
import { derive, seal, unseal } from "../crypto/index.ts";
import type { BlobRef, EntryText, SealedEntry } from "./formats.ts";
import { entryTextCodec, sealedEntryCodec } from "./formats.ts";
import type { EntryId } from "./namespace.ts";
import type { BlobKey } from "./seal-text.ts";
import { sealText, unsealText } from "./seal-text.ts";

/** What a blob is for. Each purpose has a key of its own. */
export type Purpose = "content" | "list" | "tree";

/** One number for each value of a byte. */
const GEAR_BYTES = 256 * 4;

export interface SealedBlob {
  readonly ref: BlobRef;
  readonly sealed: Uint8Array;
}

/**
 * A person's keys for their private content in one network, one for each purpose. Blobs are sealed under keys that follow from a secret and
 * the text: the same text of the same person gives the same blob, which is then stored once; two persons' blobs have nothing in common, so
 * nobody can find out by an id whether somebody else has a known file.
 */
export class PrivateKeys {
  /** Chooses where content is cut, so that the lengths of blobs tell nothing of it. 1,024 bytes. */
  readonly gear: Uint8Array;
  readonly #namespace: NamespaceId;
  readonly #blobs: Readonly<Record<Purpose, BlobKey>>;
  readonly #entries: Uint8Array;

  /** @param seed the account's */
  constructor(seed: Uint8Array, namespace: NamespaceId) {
    this.#namespace = namespace;
    this.gear = derive(seed, `private chunking ${namespace}`, GEAR_BYTES);
    this.#entries = derive(seed, `private entries ${namespace}`);
    const of = (purpose: Purpose): BlobKey => ({ key: derive(seed, `private ${purpose} ${namespace}`), about: concatBytes(utf8(`holdfast private ${purpose}`), bytesOfId(namespace)) });
    this.#blobs = { content: of("content"), list: of("list"), tree: of("tree") };
  }

  of(purpose: Purpose): BlobKey {
    return this.#blobs[purpose];
  }

  sealBlob(purpose: Purpose, text: Uint8Array): SealedBlob {
    const { digest, idDigest, sealed } = sealText(this.of(purpose), text);
    return { ref: { digest, id: blobIdOf(RAW, idDigest), length: text.length }, sealed };
  }

  /** @throws CryptoError TAMPERED */
  unsealBlob(purpose: Purpose, ref: BlobRef, sealed: Uint8Array): Uint8Array {
    return unsealText(this.of(purpose), ref.digest, sealed);
  }

  /** @param nonce random */
  sealEntry(id: EntryId, text: EntryText, nonce: Uint8Array): Uint8Array {
    return sealedEntryCodec.encode({ nonce, sealed: seal(this.#entryKey(id), nonce, this.#aboutEntry(id), entryTextCodec.encode(text)) });
  }

  /** @throws CodecError; CryptoError TAMPERED, also for another entry's record or another person's */
  unsealEntry(id: EntryId, value: Uint8Array): EntryText {
    const { nonce, sealed }: SealedEntry = sealedEntryCodec.decode(value);
    return entryTextCodec.decode(unseal(this.#entryKey(id), nonce, this.#aboutEntry(id), sealed));
  }

  #entryKey(id: EntryId): Uint8Array {
    return derive(this.#entries, `entry ${id}`);
  }

  #aboutEntry(id: EntryId): Uint8Array {
    return concatBytes(utf8("holdfast private entry"), bytesOfId(this.#namespace), fromBase32(id));
  }
}
