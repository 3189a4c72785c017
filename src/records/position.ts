import { byteString, codec, struct, uint } from "../codec/index.ts";
import type { ScopeMark } from "./holdings.ts";
import { RANK_MAX } from "./holdings.ts";
import type { Place } from "./numbering.ts";

/** How far another store's numbering of a group has been applied here, and of how much of the group that is true. */
export interface Position {
  readonly place: Place;
  readonly mark: ScopeMark;
}

export const placeShape = struct({ life: uint(), sequence: uint() });

const positionCodec = codec<Position>("A position in another store's numbering", 1, 128, struct({ place: placeShape, mark: struct({ rank: uint(RANK_MAX), followed: byteString(32) }) }));

export function encodePosition(position: Position): Uint8Array {
  return positionCodec.encode(position);
}

export function decodePosition(bytes: Uint8Array): Position {
  return positionCodec.decode(bytes);
}
