// The id under which a file is published, worked out as the host does, so that what a site has already need not be sent. It is a CIDv1 of
// UnixFS's profile `unixfs-v1-2025`: chunks of 1 MiB, and a node of dag-pb above them when there are several (docs/FORMATS.md).

const CHUNK_BYTES = 1024 * 1024;
/** Links of one node. Larger files would have nodes above nodes; they are sent. */
const LINKS_MAX = 1024;
export const LARGEST_BYTES = CHUNK_BYTES * LINKS_MAX;
const RAW = 0x55;
const DAG_PB = 0x70;
const SHA2_256 = 0x12;

const LETTERS = "abcdefghijklmnopqrstuvwxyz234567";

/** @param file of LARGEST_BYTES at most */
export async function fileIdOf(file: Blob, signal?: AbortSignal): Promise<string> {
  const leaves: { readonly id: Uint8Array; readonly bytes: number }[] = [];
  for (let at = 0; at < Math.max(1, file.size); at += CHUNK_BYTES) {
    signal?.throwIfAborted();
    const chunk = await file.slice(at, at + CHUNK_BYTES).arrayBuffer();
    leaves.push({ id: await idOf(RAW, new Uint8Array(chunk)), bytes: chunk.byteLength });
  }
  return `b${base32(leaves.length === 1 ? leaves[0]!.id : await idOf(DAG_PB, nodeOf(leaves)))}`;
}

async function idOf(codec: number, bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return joined(Uint8Array.of(1, codec, SHA2_256, digest.length), digest);
}

/** PBNode: its links (field 2), each with id, empty name and size of the block, then the data (field 1): a file, its size, and that of each block. */
function nodeOf(leaves: readonly { readonly id: Uint8Array; readonly bytes: number }[]): Uint8Array<ArrayBuffer> {
  const links = leaves.map(({ id, bytes }) => delimited(2, delimited(1, id), delimited(2), Uint8Array.of(0x18), varint(bytes)));
  const sizeBytes = leaves.reduce((sum, { bytes }) => sum + bytes, 0);
  const data = delimited(1, Uint8Array.of(0x08, 2, 0x18), varint(sizeBytes), ...leaves.flatMap(({ bytes }) => [Uint8Array.of(0x20), varint(bytes)]));
  return joined(...links, data);
}

/** A protobuf field of wire type 2. */
function delimited(field: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = joined(...parts);
  return joined(Uint8Array.of((field << 3) | 2), varint(content.length), content);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Uint8Array.from([...bytes, rest]);
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** RFC 4648, lower case, without padding. */
function base32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return (bits.match(/.{1,5}/g) ?? []).map((five) => LETTERS[Number.parseInt(five.padEnd(5, "0"), 2)]).join("");
}
