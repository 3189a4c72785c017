import type { Genesis } from "../cluster/index.ts";
import { genesisCodec, namespaceIdOf } from "../cluster/index.ts";
import type { NamespaceId } from "../codec/index.ts";
import { byteString, list, struct, uint } from "../codec/index.ts";
import type { Shape } from "../codec/index.ts";
import type { StoredRecord } from "./batch.ts";
import { sizeOf } from "./draft.ts";
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
/** An upper bound of what a genesis takes beside its rules. */
const GENESIS_BYTES = 256;

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
  const placeOf = sealPlaces();
  const seals: Uint8Array[] = [];
  const counts: number[] = [];
  const where = records.map(({ sealed }) => {
    const place = placeOf(sealed.seal);
    if (place === seals.length) seals.push(sealed.seal);
    counts[place] = (counts[place] ?? 0) + 1;
    return place;
  });
  const whole = seals.map((seal, at) => counts[at]! > 1 && sealCodec.decode(seal).count === counts[at]);
  const items = records.map(({ sealed }, at) => ({ seal: where[at]!, index: sealed.index, path: whole[where[at]!] === true ? [] : sealed.path, leaf: sealed.leaf }));
  const geneses = [...new Set(records.map(({ body }) => body.namespace))].map(genesisOf).filter((genesis) => genesis !== undefined);
  return { geneses: geneses.map((genesis) => genesisCodec.encode(genesis)), seals, items };
}

/** What a parcel of records weighs at most. The geneses that travel with them may be far more than the records: a member can begin a namespace with each. */
export class ParcelSize {
  readonly #namespaces = new Set<NamespaceId>();
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** @returns the bytes of all so far, this one included */
  add({ sealed, body: { namespace } }: StoredRecord, genesis: Genesis | undefined): number {
    this.#bytes += sizeOf(sealed);
    if (genesis === undefined || this.#namespaces.has(namespace)) return this.#bytes;
    this.#namespaces.add(namespace);
    this.#bytes += GENESIS_BYTES + genesis.rules.length;
    return this.#bytes;
  }
}

/** Numbers seals by what is in them. Records of one batch mostly share the very bytes, which then need no look. */
function sealPlaces(): (seal: Uint8Array) => number {
  const names = new Map<string, number>();
  const same = new Map<Uint8Array, number>();
  return (seal) => {
    const known = same.get(seal);
    if (known !== undefined) return known;
    const name = Buffer.from(seal.buffer, seal.byteOffset, seal.byteLength).toString("latin1");
    const place = names.get(name) ?? names.size;
    names.set(name, place);
    same.set(seal, place);
    return place;
  };
}

/** The geneses of a parcel by the ids that they hash to. @throws CodecError */
export function unpackGeneses(parcel: Parcel): Map<NamespaceId, Genesis> {
  return new Map(parcel.geneses.map((bytes) => genesisCodec.decode(bytes)).map((genesis) => [namespaceIdOf(genesis), genesis]));
}
