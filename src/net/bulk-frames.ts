import { concatBytes, fromUtf8, utf8 } from "../codec/index.ts";
import { checkKind } from "./control-frames.ts";
import { NetError } from "./errors.ts";
import { MAX_BULK_FRAME } from "./port.ts";

/** Types of the frames on a bulk stream. Numbers are never reused. */
export const BULK = {
  /** First from the opener: credit (4), length of the kind (1), kind, header. */
  open: 0,
  /** First from the other side: credit (4). Or `fail`. */
  accept: 1,
  data: 2,
  /** Further credit in bytes (4). */
  credit: 3,
  /** No more data comes from the sender of this. */
  finish: 4,
  /** The handler has returned; nothing more comes and nothing more is read. */
  done: 5,
  /** The stream has failed at the sender of this: a failure. */
  fail: 6,
} as const;

/** Longest header of a bulk stream. */
export const MAX_BULK_HEADER = 64 * 1024;
const MAX_KIND = 64;
const MAX_FAILURE = 1 + 64 + 1024;
/** More credit than this is never due: no stream may hold so much. */
const MAX_CREDIT = 64 * 1024 * 1024;

export function longestBulkPayload(type: number): number {
  switch (type) {
    case BULK.open:
      return 5 + MAX_KIND + MAX_BULK_HEADER;
    case BULK.accept:
    case BULK.credit:
      return 4;
    case BULK.data:
      return MAX_BULK_FRAME;
    case BULK.fail:
      return MAX_FAILURE;
    case BULK.finish:
    case BULK.done:
      return 0;
    default:
      throw new NetError("PROTOCOL", `The other host sent a bulk frame of unknown type ${type}.`);
  }
}

export function encodeCredit(credit: number): Uint8Array {
  return Uint8Array.of(credit >>> 24, (credit >>> 16) & 255, (credit >>> 8) & 255, credit & 255);
}

export function decodeCredit(payload: Uint8Array): number {
  if (payload.length < 4) throw new NetError("PROTOCOL", "The other host sent credit that is malformed.");
  const credit = new DataView(payload.buffer, payload.byteOffset).getUint32(0);
  if (credit > MAX_CREDIT) throw new NetError("PROTOCOL", `The other host gave ${credit} bytes of credit, more than a stream may hold.`);
  return credit;
}

export interface OpenFrame {
  readonly credit: number;
  readonly kind: string;
  readonly header: Uint8Array;
}

export function encodeOpen({ credit, kind, header }: OpenFrame): Uint8Array {
  checkKind(kind);
  if (header.length > MAX_BULK_HEADER) throw new NetError("TOO_LARGE", `The header of a bulk stream has ${header.length} bytes, more than the ${MAX_BULK_HEADER} allowed.`);
  return concatBytes(encodeCredit(credit), Uint8Array.of(kind.length), utf8(kind), header);
}

export function decodeOpen(payload: Uint8Array): OpenFrame {
  const credit = decodeCredit(payload);
  const headerAt = 5 + (payload[4] ?? 0);
  if (headerAt > payload.length) throw new NetError("PROTOCOL", "The other host opened a bulk stream with a malformed frame.");
  return { credit, kind: checkKind(fromUtf8(payload.subarray(5, headerAt))), header: payload.subarray(headerAt) };
}
