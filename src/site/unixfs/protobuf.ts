import { utf8 } from "../../codec/index.ts";

// The two protobuf messages of UnixFS, written by hand: PBNode of dag-pb and Data of UnixFS. Both are a few varints and byte strings,
// and a writer that knows the 36 bytes of a link's id beforehand needs no general encoder.
// Specs: https://ipld.io/specs/codecs/dag-pb/spec/ and https://specs.ipfs.tech/unixfs/

/** A link of a dag-pb node. */
export interface PbLink {
  readonly name: string;
  /** The binary CID. */
  readonly cid: Uint8Array;
  /** Bytes of all blocks below, the linked one included. */
  readonly dagBytes: number;
}

/** How many bytes a protobuf varint takes. Numbers up to 2^53. */
export function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length += 1;
  return length;
}

/** Writes fields one after another into a buffer whose size was computed before. */
class Writer {
  readonly bytes: Uint8Array;
  #at = 0;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
  }

  varint(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.bytes[this.#at++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.bytes[this.#at++] = rest;
  }

  /** A field of wire type 0. */
  number(field: number, value: number): void {
    this.varint(field << 3);
    this.varint(value);
  }

  /** The head of a field of wire type 2; its `length` bytes come next. */
  head(field: number, length: number): void {
    this.varint((field << 3) | 2);
    this.varint(length);
  }

  delimited(field: number, bytes: Uint8Array): void {
    this.head(field, bytes.length);
    this.bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }
}

function delimitedLength(length: number): number {
  return 1 + varintLength(length) + length;
}

function linkLength(nameBytes: number, link: PbLink): number {
  return delimitedLength(link.cid.length) + delimitedLength(nameBytes) + 1 + varintLength(link.dagBytes);
}

/** The size of the node's bytes, without writing them. */
export function nodeLength(links: readonly PbLink[], data: Uint8Array): number {
  return links.reduce((sum, link) => sum + delimitedLength(linkLength(Buffer.byteLength(link.name), link)), delimitedLength(data.length));
}

/** PBNode: all links (field 2), then the data (field 1), as dag-pb's canonical form wants it. The links are in their final order. */
export function encodeNode(links: readonly PbLink[], data: Uint8Array): Uint8Array {
  const writer = new Writer(nodeLength(links, data));
  for (const link of links) {
    const name = utf8(link.name);
    writer.head(2, linkLength(name.length, link));
    writer.delimited(1, link.cid);
    writer.delimited(2, name);
    writer.number(3, link.dagBytes);
  }
  writer.delimited(1, data);
  return writer.bytes;
}

const FILE = 2;
const HAMT_SHARD = 5;
const MURMUR3_X64_64 = 0x22;

/** Data of a plain directory: nothing but its type. */
export const DIRECTORY_DATA = Uint8Array.of(0x08, 1);

/** Data of a file node whose content lies below it: the whole size, and the size below each link. */
export function fileData(blockSizes: readonly number[]): Uint8Array {
  const sizeBytes = blockSizes.reduce((sum, size) => sum + size, 0);
  const writer = new Writer(3 + varintLength(sizeBytes) + blockSizes.reduce((sum, size) => sum + 1 + varintLength(size), 0));
  writer.number(1, FILE);
  writer.number(3, sizeBytes);
  for (const size of blockSizes) writer.number(4, size);
  return writer.bytes;
}

/** Data of one shard of a large directory. `bitfield`: which slots are taken, big-endian, without leading zeros. */
export function shardData(bitfield: Uint8Array, fanout: number): Uint8Array {
  const writer = new Writer(2 + delimitedLength(bitfield.length) + 1 + varintLength(MURMUR3_X64_64) + 1 + varintLength(fanout));
  writer.number(1, HAMT_SHARD);
  writer.delimited(2, bitfield);
  writer.number(5, MURMUR3_X64_64);
  writer.number(6, fanout);
  return writer.bytes;
}
