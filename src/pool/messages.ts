import type { NamespaceId, PackId } from "../codec/index.ts";
import { byteString, choice, codec, fixedBytes, id, list, struct, uint } from "../codec/index.ts";
import { LEAF_BYTES } from "../store/index.ts";
import { MAX_PIECES } from "./record/pack-record.ts";
import { MAX_PACK_BYTES, SEGMENT_BYTES } from "./port.ts";

// What hosts say to each other about pieces. docs/formats/pool.md lists the bytes.

/** Request: promise space for a piece. */
export const RESERVE = "pool/reserve";
/** Request: the promise is no longer needed. */
export const RELEASE = "pool/release";
/** Request: which pieces of a pack do you hold? */
export const HAS = "pool/has";
/** Request: of which pieces of a pack, which you do not hold, does something remain? Asked and answered as HAS is. */
export const REMAINS = "pool/remains";
/** Bulk: a piece comes; its claim goes back. */
export const PUT = "pool/put";
/** Bulk: leaves are asked for and come with their proofs, many on one stream. */
export const GET = "pool/get";

export const MAX_LEAVES = MAX_PACK_BYTES / LEAF_BYTES;
export const SEGMENT_LEAVES = SEGMENT_BYTES / LEAF_BYTES;

const index = uint(MAX_PIECES - 1);
const SMALL = 1024;

export const reserveCodec = codec("A request for space", 1, SMALL, struct({ namespace: id<NamespaceId>(), pack: id<PackId>(), index, sizeBytes: uint(MAX_PACK_BYTES) }));

export const reserveAnswerCodec = codec(
  "An answer about space",
  1,
  SMALL,
  choice({
    /** Kept for the asker until it sends the piece, or two minutes have passed. */
    reserved: struct({ availableBytes: uint() }),
    /** The piece is there already; this is the claim. */
    held: struct({ claim: byteString(256) }),
    full: struct({ availableBytes: uint() }),
    /** The asker has too many reservations open. */
    busy: struct({}),
    /** The owner of the namespace may not take so much. */
    overQuota: struct({ overBytes: uint() }),
    /** Too many pieces were asked for of late, by this host or in this person's name. */
    later: struct({ waitMs: uint(3_600_000) }),
  }),
);

export const pieceNameCodec = codec("The name of a piece", 1, SMALL, struct({ pack: id<PackId>(), index }));

export const hasCodec = codec("A question for pieces", 1, SMALL, struct({ pack: id<PackId>(), pieces: uint(MAX_PIECES) }));
export const hasAnswerCodec = codec("An answer about pieces", 1, SMALL, struct({ indexes: list(index, MAX_PIECES) }));

export const emptyCodec = codec("An empty message", 1, SMALL, struct({}));

export const leavesRequestCodec = codec(
  "A request for leaves",
  1,
  SMALL,
  struct({
    /** Chosen by the asker; comes back with the answer. */
    number: uint(2 ** 32),
    pack: id<PackId>(),
    index,
    firstLeaf: uint(MAX_LEAVES - 1),
    leafCount: uint(SEGMENT_LEAVES),
  }),
);

/** The head of an answer. After `leaves` comes one frame with the bytes themselves, so that they are never copied into a message. */
export const leavesAnswerCodec = codec(
  "An answer with leaves",
  1,
  8192,
  struct({
    number: uint(2 ** 32),
    outcome: choice({
      leaves: struct({ sizeBytes: uint(SEGMENT_BYTES), proof: list(fixedBytes(32), 64) }),
      absent: struct({}),
      damaged: struct({}),
    }),
  }),
);
