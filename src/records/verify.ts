import { isGenuine } from "../cluster/index.ts";
import type { NetworkId } from "../codec/index.ts";
import { bytesOfId, equalBytes, hex } from "../codec/index.ts";
import { leafHash, merkleRootFromPath, sha256, verify } from "../crypto/index.ts";
import type { Proven, Tree } from "./batch.ts";
import { taken, treeOf } from "./batch.ts";
import { highest } from "./context.ts";
import { RecordsError } from "./errors.ts";
import { MAX_KEY_BYTES } from "./limits.ts";
import type { Parcel } from "./parcel.ts";
import type { RecordBody, Seal } from "./record.ts";
import { recordCodec, sealCodec, signedBytes } from "./record.ts";

/** Seals whose signatures have been verified; records of one batch come at many times and from many sides. */
const CACHED_SEALS = 4096;

/** Proves records that come from outside: the host's signature, the Merkle path, the author's delegation, and that they make sense. */
export class Verifier {
  readonly #network: NetworkId;
  readonly #seals = new Map<string, Seal>();

  constructor(network: NetworkId) {
    this.#network = network;
  }

  /**
   * All records of a parcel, in its order.
   * @throws RecordsError BAD_SEAL, BAD_RECORD; CodecError. Nothing of the parcel is to be used then: an honest host sends only what it has proven.
   */
  open(parcel: Parcel): Proven[] {
    return reassemble(parcel, parcel.seals.map((bytes) => this.#seal(bytes)));
  }

  #seal(bytes: Uint8Array): Seal {
    const name = hex(sha256(bytes));
    const known = this.#seals.get(name);
    if (known !== undefined) return known;
    const seal = sealCodec.decode(bytes);
    checkSeal(seal, this.#network);
    if (this.#seals.size >= CACHED_SEALS) this.#seals.delete(this.#seals.keys().next().value!);
    this.#seals.set(name, seal);
    return seal;
  }
}

/**
 * Puts the records of a parcel together with their seals and paths, and checks that they belong together. Whether a seal is genuine is
 * the caller's to know: this host's own outbox needs no proof.
 * @param seals the parcel's, decoded, in its order
 * @throws RecordsError BAD_SEAL, BAD_RECORD; CodecError
 */
export function reassemble(parcel: Parcel, seals: readonly Seal[]): Proven[] {
  const hashes = parcel.items.map(({ leaf }) => leafHash(leaf));
  const trees = wholeBatches(parcel, seals, hashes);
  return parcel.items.map((item, at) => {
    const seal = seals[item.seal];
    if (seal === undefined) throw new RecordsError("BAD_SEAL", "A record names a seal that did not come with it.");
    const whole = trees.get(item.seal);
    const path = whole?.paths[item.index] ?? item.path;
    const root = whole?.root ?? merkleRootFromPath(hashes[at]!, item.index, seal.count, path);
    if (root === undefined || !equalBytes(root, seal.root)) throw new RecordsError("BAD_SEAL", "A record does not lead to its batch's root.");
    const body = recordCodec.decode(item.leaf);
    checkBody(body, seal);
    return { ...taken(body, { seal: parcel.seals[item.seal]!, index: item.index, path, leaf: item.leaf }), hash: hashes[at]!, batch: seal.batch };
  });
}

/** The trees of batches that are there as a whole, by the place of their seal. */
function wholeBatches(parcel: Parcel, seals: readonly Seal[], hashes: readonly Uint8Array[]): Map<number, Tree> {
  const leaves = new Map<number, Uint8Array[]>();
  parcel.items.forEach((item, at) => {
    const count = seals[item.seal]?.count ?? 1;
    if (count === 1 || item.path.length > 0) return;
    const found = leaves.get(item.seal) ?? [];
    if (item.index >= count || found[item.index] !== undefined) throw new RecordsError("BAD_SEAL", "A batch does not have the records that its seal counts.");
    found[item.index] = hashes[at]!;
    leaves.set(item.seal, found);
  });
  const trees = new Map<number, Tree>();
  for (const [place, found] of leaves) {
    const count = seals[place]!.count;
    if (found.length !== count || Object.keys(found).length !== count) throw new RecordsError("BAD_SEAL", "A batch travels without paths and is not whole.");
    trees.set(place, treeOf(found));
  }
  return trees;
}

function checkSeal(seal: Seal, network: NetworkId): void {
  if (seal.network !== network) throw new RecordsError("BAD_SEAL", "A batch is of another network.");
  if (seal.batch < 1 || seal.count < 1 || seal.actor.incarnation < 1) throw new RecordsError("BAD_SEAL", "A batch has no number, no records or no incarnation.");
  if (!verify(bytesOfId(seal.actor.host), signedBytes(seal), seal.signature)) throw new RecordsError("BAD_SEAL", "A batch's signature is not its host's.");
  const delegation = seal.delegation;
  if (delegation === null) return;
  if (delegation.network !== network || delegation.host !== seal.actor.host) throw new RecordsError("BAD_SEAL", "A batch's delegation is for another network or host.");
  if (!isGenuine(delegation)) throw new RecordsError("BAD_SEAL", "A batch's delegation is not signed by the person it names.");
}

function checkBody(body: RecordBody, seal: Seal): void {
  const { actor, counter } = body.dot;
  if (actor.host !== seal.actor.host || actor.incarnation !== seal.actor.incarnation) throw new RecordsError("BAD_SEAL", "A record's dot is another actor's than its batch.");
  if (body.author !== null && body.author !== seal.delegation?.account) throw new RecordsError("BAD_SEAL", "A record names an author who did not delegate to its host.");
  if (counter < 1 || highest(body.context, actor) >= counter) {
    // Whoever takes counter n has taken only smaller ones for this key. A greater one would kill versions that are yet to be written.
    throw new RecordsError("BAD_RECORD", "A record claims that its writer had read its own or a later version.");
  }
  if (body.key === "" || !isKey(body.key)) throw new RecordsError("BAD_RECORD", "A record's key is empty or not well formed.");
}

/** Text of 1 to MAX_KEY_BYTES bytes in UTF-8. */
export function isKey(key: string): boolean {
  return key !== "" && key.isWellFormed() && Buffer.byteLength(key) <= MAX_KEY_BYTES;
}
