import { concatBytes, fromUtf8, utf8 } from "../codec/index.ts";
import type { Failure } from "./errors.ts";
import { NetError, decodeFailure, encodeFailure } from "./errors.ts";
import { MAX_MESSAGE } from "./port.ts";

/** Types of the frames on a control stream. Numbers are never reused. */
export const CONTROL = {
  /** First in each direction: version (1 byte), incarnation (16 bytes). */
  hello: 0,
  /** id (4), length of the kind (1), kind, body. */
  request: 1,
  /** id (4), body. */
  answer: 2,
  /** id (4), failure. */
  failure: 3,
  /** id (4): the asker does not want the answer any more. It is owed all the same, as answer or failure. */
  cancel: 4,
  ping: 5,
  pong: 6,
  /** The opener will close this channel in favour of another: start nothing new on it. */
  retire: 7,
  /** The answer to `retire`, once nothing of the sender's is under way on the channel. */
  retired: 8,
  /** Asks the side that dialled to make a connection for bulk, as it alone may know an address that works. */
  wantBulk: 9,
} as const;

/** Both sides speak exactly this version; another needs a negotiation that does not exist yet. */
export const CONTROL_VERSION = 1;
export const INCARNATION_BYTES = 16;
const MAX_KIND = 64;
const ID_BYTES = 4;
/** What may stand around the body of a request or answer. */
export const CONTROL_OVERHEAD = ID_BYTES + 1 + MAX_KIND;
const MAX_FAILURE = ID_BYTES + 1 + 64 + 1024;

/** The longest payload of each type, known before any of it is allocated. */
export function longestControlPayload(type: number): number {
  switch (type) {
    case CONTROL.hello:
      return 1 + INCARNATION_BYTES;
    case CONTROL.request:
    case CONTROL.answer:
      return MAX_MESSAGE + CONTROL_OVERHEAD;
    case CONTROL.failure:
      return MAX_FAILURE;
    case CONTROL.cancel:
      return ID_BYTES;
    case CONTROL.ping:
    case CONTROL.pong:
    case CONTROL.retire:
    case CONTROL.retired:
    case CONTROL.wantBulk:
      return 0;
    default:
      throw new NetError("PROTOCOL", `The other host sent a frame of unknown type ${type}.`);
  }
}

/** @throws NetError PROTOCOL for a kind that no frame can carry */
export function checkKind(kind: string): string {
  if (kind.length === 0 || kind.length > MAX_KIND || !/^[\x21-\x7e]+$/.test(kind)) throw new NetError("PROTOCOL", `A request's kind has 1 to ${MAX_KIND} printable letters; "${kind.slice(0, 80)}" has not.`);
  return kind;
}

export function encodeId(id: number): Uint8Array {
  return Uint8Array.of(id >>> 24, (id >>> 16) & 255, (id >>> 8) & 255, id & 255);
}

/** The part of a request before its body. */
export function encodeRequestHead(id: number, kind: string): Uint8Array {
  return concatBytes(encodeId(id), Uint8Array.of(kind.length), utf8(kind));
}

export function decodeId(payload: Uint8Array): number {
  if (payload.length < ID_BYTES) throw new NetError("PROTOCOL", "The other host sent a frame that is too short.");
  return new DataView(payload.buffer, payload.byteOffset).getUint32(0);
}

export interface RequestFrame {
  readonly id: number;
  readonly kind: string;
  readonly body: Uint8Array;
}

export function decodeRequest(payload: Uint8Array): RequestFrame {
  const id = decodeId(payload);
  const length = payload[ID_BYTES] ?? 0;
  const bodyAt = ID_BYTES + 1 + length;
  if (bodyAt > payload.length) throw new NetError("PROTOCOL", "The other host sent a request that ends in the middle of its kind.");
  const kind = fromUtf8(payload.subarray(ID_BYTES + 1, bodyAt));
  return { id, kind: checkKind(kind), body: payload.subarray(bodyAt) };
}

export function decodeAnswer(payload: Uint8Array): { readonly id: number; readonly body: Uint8Array } {
  return { id: decodeId(payload), body: payload.subarray(ID_BYTES) };
}

export function encodeFailureFrame(id: number, failure: Failure): Uint8Array {
  return concatBytes(encodeId(id), encodeFailure(failure));
}

export function decodeFailureFrame(payload: Uint8Array): { readonly id: number; readonly failure: Failure } {
  return { id: decodeId(payload), failure: decodeFailure(payload.subarray(ID_BYTES)) };
}

export function encodeHello(incarnation: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(CONTROL_VERSION), incarnation);
}

/** @returns the other side's incarnation */
export function decodeHello(payload: Uint8Array): Uint8Array {
  if (payload[0] !== CONTROL_VERSION) throw new NetError("PROTOCOL", `The other host speaks version ${payload[0] ?? "none"} of the protocol between hosts, this one ${CONTROL_VERSION}. Update Holdfast on the older of them.`);
  if (payload.length !== 1 + INCARNATION_BYTES) throw new NetError("PROTOCOL", "The other host sent a malformed greeting.");
  return payload.subarray(1);
}
