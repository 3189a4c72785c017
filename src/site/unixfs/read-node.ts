import type { BlobId } from "../../codec/index.ts";
import { CodecError, blobIdFromBytes, fromUtf8, utf8 } from "../../codec/index.ts";
import { SiteError } from "../errors.ts";
import { murmur3x64 } from "./murmur3.ts";
import { FANOUT } from "./profile.ts";

// Reads what folder.ts and file.ts write: dag-pb nodes with UnixFS data. A site's owner may have written other bytes, so every bound is checked.

export interface NodeLink {
  readonly name: string;
  readonly id: BlobId;
}

export interface ReadNode {
  readonly kind: "folder" | "shard" | "file";
  readonly links: readonly NodeLink[];
}

const KINDS = new Map([[1, "folder"], [2, "file"], [5, "shard"]] as const);
const MAX_VARINT_BYTES = 8;

/** @throws SiteError DAMAGED_SITE for anything that is no such node */
export function readNode(bytes: Uint8Array): ReadNode {
  try {
    const links: NodeLink[] = [];
    let kind: ReadNode["kind"] | undefined;
    for (const { field, body } of fields(bytes)) {
      if (body === undefined) throw malformed();
      if (field === 2) links.push(readLink(body));
      else if (field === 1) kind = KINDS.get(numberIn(body, 1) as 1 | 2 | 5);
    }
    if (kind === undefined) throw malformed();
    return { kind, links };
  } catch (error) {
    if (error instanceof CodecError || error instanceof RangeError) throw malformed(error);
    throw error;
  }
}

/** What of a folder leads to `name`: the entry itself, or the shard in which it would be; undefined when there is none. @param depth how many shards lie above */
export function stepTo(node: ReadNode, name: string, depth: number): { readonly id: BlobId; readonly isShard: boolean } | undefined {
  if (node.kind === "folder") {
    const link = node.links.find((each) => each.name === name);
    return link && { id: link.id, isShard: false };
  }
  const slot = node.kind === "shard" ? murmur3x64(utf8(name))[depth] : undefined;
  if (slot === undefined) return undefined;
  const label = (slot % FANOUT).toString(16).toUpperCase().padStart(2, "0");
  const link = node.links.find((each) => each.name.startsWith(label));
  if (link === undefined) return undefined;
  if (link.name === label) return { id: link.id, isShard: true };
  return link.name === label + name ? { id: link.id, isShard: false } : undefined;
}

function readLink(bytes: Uint8Array): NodeLink {
  let name = "";
  let id: BlobId | undefined;
  for (const { field, body } of fields(bytes)) {
    if (field === 1 && body !== undefined) id = blobIdFromBytes(body);
    if (field === 2 && body !== undefined) name = fromUtf8(body);
  }
  if (id === undefined) throw malformed();
  return { name, id };
}

function numberIn(bytes: Uint8Array, wanted: number): number | undefined {
  for (const { field, value } of fields(bytes)) if (field === wanted) return value;
  return undefined;
}

interface Field {
  readonly field: number;
  /** Of wire type 0. */
  readonly value?: number;
  /** Of wire type 2. */
  readonly body?: Uint8Array;
}

function* fields(bytes: Uint8Array): Generator<Field> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let count = 0; count < MAX_VARINT_BYTES; count++) {
      const byte = bytes[at++];
      if (byte === undefined) throw malformed();
      value += (byte & 127) * 128 ** count;
      if (byte < 128) return value;
    }
    throw malformed();
  };
  while (at < bytes.length) {
    const tag = varint();
    const field = Math.floor(tag / 8);
    if (tag % 8 === 0) yield { field, value: varint() };
    else if (tag % 8 === 2) {
      const length = varint();
      if (length > bytes.length - at) throw malformed();
      yield { field, body: bytes.subarray(at, at + length) };
      at += length;
    } else throw malformed();
  }
}

function malformed(cause?: Error): SiteError {
  return new SiteError("DAMAGED_SITE", "A block of the site is no UnixFS node. Ask its owner to publish it again.", cause === undefined ? {} : { cause });
}
