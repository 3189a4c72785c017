import type { NamespaceId, PackId } from "../../codec/index.ts";
import { choice, codec, id, nullable, struct, text, uint } from "../../codec/index.ts";
import { MAX_PIECES } from "../record/pack-record.ts";

// What is said about repair. docs/formats/pool.md lists the bytes.

/** Request: make a piece and keep it. */
export const REBUILD = "pool/rebuild";
/** Request, to the coordinator: how does repair stand? */
export const REPAIR_STANDING = "pool/repair-standing";

const SMALL = 256;

export const orderCodec = codec("An order to rebuild", 1, SMALL, struct({ namespace: id<NamespaceId>(), pack: id<PackId>(), index: uint(MAX_PIECES - 1) }));

export const orderAnswerCodec = codec(
  "An answer to an order",
  1,
  SMALL,
  choice({
    /** The piece is on the disk and claimed. */
    done: struct({}),
    /** Why not, in one of the words of the format. */
    refused: struct({ why: text(32) }),
  }),
);

/** What is short in the whole network, as the coordinator's records say. */
export interface RepairStanding {
  /** Packs of which pieces are to be made. */
  readonly shortPacks: number;
  readonly shortPieces: number;
  readonly shortBytes: number;
  /** Of the short packs, those that one more loss would destroy. */
  readonly endangeredPacks: number;
  /** Of those, the ones of which too few pieces are in sight to read them. */
  readonly unreadablePacks: number;
  /** Pieces being made now. */
  readonly repairing: number;
  /** Measured lately; null while nothing has been. */
  readonly bytesPerSecond: number | null;
}

export const standingCodec = codec<RepairStanding>(
  "How repair stands",
  1,
  SMALL,
  struct({
    shortPacks: uint(),
    shortPieces: uint(),
    shortBytes: uint(),
    endangeredPacks: uint(),
    unreadablePacks: uint(),
    repairing: uint(),
    bytesPerSecond: nullable(uint()),
  }),
);
