import { compareBytes, utf8 } from "../../codec/index.ts";
import { SiteError } from "../errors.ts";
import type { BlockSink, DagNode } from "./block.ts";
import { cidOf, dagPbId } from "./block.ts";
import { murmur3x64 } from "./murmur3.ts";
import { FANOUT } from "./profile.ts";
import type { PbLink } from "./protobuf.ts";
import { DIRECTORY_DATA, encodeNode, nodeLength, shardData } from "./protobuf.ts";

/** A name in a folder, and what it stands for. */
export interface FolderItem {
  readonly name: string;
  readonly node: DagNode;
}

/**
 * Writes a folder's block or, when that would have more than `shardAboveBytes`, a HAMT of blocks.
 * Spec: https://specs.ipfs.tech/unixfs/, "Directory" and "HAMTDirectory".
 */
export async function writeFolder(items: readonly FolderItem[], shardAboveBytes: number, sink: BlockSink): Promise<DagNode> {
  const links = items.map(({ name, node }) => ({ name, cid: cidOf(node), dagBytes: node.dagBytes }));
  if (nodeLength(links, DIRECTORY_DATA) > shardAboveBytes) return writeShard(links.map(hashed), 0, sink);
  const sortable = links.map((link) => ({ link, key: utf8(link.name) }));
  sortable.sort((a, b) => compareBytes(a.key, b.key));
  return write(sortable.map(({ link }) => link), DIRECTORY_DATA, sink);
}

interface HashedLink {
  readonly link: PbLink;
  readonly hash: Uint8Array;
}

function hashed(link: PbLink): HashedLink {
  return { link, hash: murmur3x64(utf8(link.name)) };
}

/** One shard: the byte of the hash at `depth` gives the slot; a slot with several names holds a shard of its own. */
async function writeShard(entries: readonly HashedLink[], depth: number, sink: BlockSink): Promise<DagNode> {
  const slots = Array.from({ length: FANOUT }, (): HashedLink[] => []);
  for (const entry of entries) slots[slotAt(entry, depth)]!.push(entry);
  const bitfield = new Uint8Array(FANOUT / 8);
  const links: PbLink[] = [];
  for (const [slot, members] of slots.entries()) {
    if (members.length === 0) continue;
    bitfield[bitfield.length - 1 - (slot >> 3)]! |= 1 << (slot & 7);
    const label = slot.toString(16).toUpperCase().padStart(2, "0");
    if (members.length === 1) links.push({ ...members[0]!.link, name: label + members[0]!.link.name });
    else links.push(linkTo(label, await writeShard(members, depth + 1, sink)));
  }
  return write(links, shardData(bitfield.subarray(bitfield.findIndex((byte) => byte !== 0)), FANOUT), sink);
}

function slotAt({ link, hash }: HashedLink, depth: number): number {
  const slot = hash[depth];
  // Eight bytes that agree do not happen by chance; the readers of IPFS give up here too.
  if (slot === undefined) throw new SiteError("BAD_PATH", `"${link.name}" has the same hash as another name in its folder, so IPFS cannot tell them apart. Rename it.`);
  return slot;
}

function linkTo(name: string, node: DagNode): PbLink {
  return { name, cid: cidOf(node), dagBytes: node.dagBytes };
}

async function write(links: readonly PbLink[], data: Uint8Array, sink: BlockSink): Promise<DagNode> {
  const bytes = encodeNode(links, data);
  const id = dagPbId(bytes);
  await sink(id, bytes);
  return { id, sizeBytes: 0, dagBytes: links.reduce((total, link) => total + link.dagBytes, bytes.length) };
}
