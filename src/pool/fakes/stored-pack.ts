import { delegate, namespaceIdOf } from "../../cluster/index.ts";
import type { AccountId, NamespaceId, PackId } from "../../codec/index.ts";
import { idFromBytes } from "../../codec/index.ts";
import { createCoder } from "../../erasure/index.ts";
import type { Slice } from "../../erasure/index.ts";
import type { PackContent, Redundancy } from "../port.ts";
import { rootOf } from "../layout/leaves.ts";
import { sliced } from "../layout/slices.ts";
import { labelCodec } from "../record/label.ts";
import { encodeBody, packIdOf, signPack } from "../record/pack-record.ts";
import type { Village, Villager } from "./village.ts";
import { keyOf } from "./village.ts";

/** A pack that the first host of a village has stored. */
export interface PackInVillage {
  readonly village: Village;
  readonly pack: PackId;
  readonly what: PackContent;
  readonly holders: readonly Villager[];
  /** A host that holds nothing, where there is one. */
  readonly reader: Villager;
}

export async function storedIn(village: Village, what: PackContent, redundancy: Redundancy): Promise<PackInVillage> {
  const { pack } = await village.at(0).pool.store(village.namespace, what, redundancy);
  const holders = village.holding(pack);
  return { village, pack, what, holders, reader: village.villagers.find((villager) => !holders.includes(villager))! };
}

/** The content of a coded pack from k of its pieces alone. @param like says how long it is, and where its blobs lie */
export function decoded(k: number, m: number, kept: readonly Slice[], like: PackContent): Uint8Array {
  const data = Array.from({ length: k }, (_, index) => kept.find((piece) => piece.index === index) ?? { index, bytes: new Uint8Array(kept[0]!.bytes.length) });
  createCoder().reconstruct(k, m, kept, data.filter((piece) => !kept.includes(piece)));
  const content = new Uint8Array(like.bytes.length);
  for (const { offset, length, sliceOffset, sliceBytes } of sliced(like.blobs, k)) {
    const blob = Buffer.concat(data.map((piece) => piece.bytes.subarray(sliceOffset, sliceOffset + sliceBytes)));
    content.set(blob.subarray(0, length), offset);
  }
  return content;
}

/** A pack of one copy whose owner is a key that belongs to no person, signed as any other. */
export interface PackOfNobody {
  readonly owner: AccountId;
  readonly namespace: NamespaceId;
  readonly pack: PackId;
  readonly root: Uint8Array;
  readonly record: Uint8Array;
  readonly label: Uint8Array;
}

export function packOfNobody({ genesis, network }: Village, { host, key }: Villager, bytes: Uint8Array, seed = 0): PackOfNobody {
  const ownerKey = keyOf("a key made a moment ago");
  const owner = idFromBytes<AccountId>(ownerKey.publicKey);
  const nobodys = { ...genesis, owner };
  const namespace = namespaceIdOf(nobodys);
  const root = rootOf(bytes);
  const body = encodeBody({ k: 1, m: 0, copies: 1, sizeBytes: bytes.length, pieceBytes: bytes.length, roots: [root], blobs: [], nonce: new Uint8Array(16).fill(seed) });
  const record = signPack(namespace, body, delegate(ownerKey, { network, account: owner, host, issuedMs: 1 }), key);
  return { owner, namespace, pack: packIdOf(body), root, record, label: labelCodec.encode({ genesis: nobodys, record }) };
}
