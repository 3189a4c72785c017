import { fromUtf8 } from "./bytes.ts";
import { CodecError } from "./errors.ts";

const MAX_DEPTH = 16;

/**
 * Walks the heads of a CBOR item before anything is allocated for it: declared lengths must fit into the bytes that are
 * there, nesting is bounded, and only the kinds that Holdfast writes occur (no maps, tags, floats or indefinite lengths).
 * @throws CodecError
 */
export function checkStructure(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  /** How many items are still to come in each open array. */
  const open: number[] = [1];
  let at = 0;
  while (open.length > 0) {
    if (open.at(-1) === 0) {
      open.pop();
      continue;
    }
    open[open.length - 1]! -= 1;
    const head = readHead(view, at);
    at = head.next;
    if (head.major === 2 || head.major === 3) at += head.argument;
    if (at > bytes.length) throw new CodecError("A CBOR string is longer than its message.");
    // cborg replaces what is not UTF-8; here one text has one form.
    if (head.major === 3) fromUtf8(bytes.subarray(head.next, at));
    if (head.major === 4) {
      // Each item takes a byte at least, so a longer array cannot be there.
      if (head.argument > bytes.length - at) throw new CodecError("A CBOR list is longer than its message.");
      if (open.length >= MAX_DEPTH) throw new CodecError("CBOR is nested too deeply.");
      open.push(head.argument);
    }
  }
  if (at !== bytes.length) throw new CodecError("Bytes follow the end of a CBOR item.");
}

interface Head {
  readonly major: number;
  readonly argument: number;
  readonly next: number;
}

function readHead(view: DataView, at: number): Head {
  if (at >= view.byteLength) throw new CodecError("CBOR ends in the middle of an item.");
  const first = view.getUint8(at);
  const major = first >> 5;
  const info = first & 31;
  if (major === 5 || major === 6) throw new CodecError("CBOR maps and tags are not used here.");
  if (major === 7 && info !== 20 && info !== 21 && info !== 22) throw new CodecError("Only true, false and null are used of CBOR's simple values.");
  if (info < 24) return { major, argument: info, next: at + 1 };
  if (info > 27) throw new CodecError("CBOR of indefinite length is not used here.");
  const width = 1 << (info - 24);
  if (at + 1 + width > view.byteLength) throw new CodecError("CBOR ends in the middle of an item.");
  return { major, argument: readUint(view, at + 1, width), next: at + 1 + width };
}

function readUint(view: DataView, at: number, width: number): number {
  if (width === 1) return view.getUint8(at);
  if (width === 2) return view.getUint16(at);
  if (width === 4) return view.getUint32(at);
  return Number(view.getBigUint64(at));
}
