import type { PackId } from "../../codec/index.ts";
import { createCoder } from "../../erasure/index.ts";
import type { Slice } from "../../erasure/index.ts";
import type { PackContent, Redundancy } from "../port.ts";
import { sliced } from "../layout/slices.ts";
import type { Village, Villager } from "./village.ts";

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
