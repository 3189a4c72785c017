import type { Genesis } from "../cluster/index.ts";
import { genesisCodec, namespaceIdOf } from "../cluster/index.ts";
import type { NamespaceId } from "../codec/index.ts";
import { byteString, hex, list, struct, uint } from "../codec/index.ts";
import type { Shape } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import type { StoredRecord } from "./batch.ts";
import { MAX_BATCH_RECORDS, MAX_PAGE_ITEMS, MAX_RECORD_BYTES, MAX_SEAL_BYTES } from "./limits.ts";
import { pathShape, sealCodec } from "./record.ts";

// Records on the wire, whoever sends them to whom: each seal once, however many of its records follow; the geneses of all namespaces
// that occur, which prove themselves by their hash. A batch that is there as a whole travels without paths.

export interface ParcelItem {
  /** Place in `seals`. */
  readonly seal: number;
  readonly index: number;
  /** Empty when all records of the seal's batch are in this parcel. */
  readonly path: readonly Uint8Array[];
  readonly leaf: Uint8Array;
}

export interface Parcel {
  readonly geneses: readonly Uint8Array[];
  readonly seals: readonly Uint8Array[];
  readonly items: readonly ParcelItem[];
}

const MAX_GENESIS_BYTES = 8192;

export const parcelShape: Shape<Parcel> = struct({
  geneses: list(byteString(MAX_GENESIS_BYTES), MAX_BATCH_RECORDS) as Shape<readonly Uint8Array[]>,
  seals: list(byteString(MAX_SEAL_BYTES), MAX_PAGE_ITEMS) as Shape<readonly Uint8Array[]>,
  items: list(
    struct({ seal: uint(MAX_PAGE_ITEMS), index: uint(MAX_BATCH_RECORDS - 1), path: pathShape as Shape<readonly Uint8Array[]>, leaf: byteString(MAX_RECORD_BYTES) }),
    MAX_PAGE_ITEMS,
  ) as Shape<readonly ParcelItem[]>,
});

/** @param genesisOf knows every namespace of the records */
export function pack(records: readonly StoredRecord[], genesisOf: (namespace: NamespaceId) => Genesis | undefined): Parcel {
  const places = new Map<string, number>();
  const seals: Uint8Array[] = [];
  const counts: number[] = [];
  const where = records.map(({ sealed }) => {
    const name = hex(sha256(sealed.seal));
    const known = places.get(name) ?? seals.push(sealed.seal) - 1;
    places.set(name, known);
    counts[known] = (counts[known] ?? 0) + 1;
    return known;
  });
  const whole = seals.map((seal, at) => counts[at]! > 1 && sealCodec.decode(seal).count === counts[at]);
  const items = records.map(({ sealed }, at) => ({ seal: where[at]!, index: sealed.index, path: whole[where[at]!] === true ? [] : sealed.path, leaf: sealed.leaf }));
  const geneses = [...new Set(records.map(({ body }) => body.namespace))].map(genesisOf).filter((genesis) => genesis !== undefined);
  return { geneses: geneses.map((genesis) => genesisCodec.encode(genesis)), seals, items };
}

/** The geneses of a parcel by the ids that they hash to. @throws CodecError */
export function unpackGeneses(parcel: Parcel): Map<NamespaceId, Genesis> {
  return new Map(parcel.geneses.map((bytes) => genesisCodec.decode(bytes)).map((genesis) => [namespaceIdOf(genesis), genesis]));
}
