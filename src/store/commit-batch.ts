import { CHECKSUM_BYTES, checksumOf } from "./log-entry.ts";
import type { LogOperation } from "./port.ts";

// Commits travel to the writer's thread as one buffer that changes hands: structured cloning would copy the whole buffer behind each
// small view, and costs a microsecond for each. Copying at the call also makes it harmless to change the bytes afterwards.
//
// A batch is commits one after another: [operations: u32] and per operation [kind: u8][key length: u32][value length: u32][key][value
// with its checksum]. A deletion has no value and no checksum. Numbers are big-endian.

const PUT = 1;
const DELETE = 2;
const COMMIT_HEAD_BYTES = 4;
const OPERATION_HEAD_BYTES = 9;
const FIRST_BUFFER_BYTES = 4096;

/** What crosses to the writer: `used` of the buffer's bytes hold `commits` commits. */
export interface PackedCommits {
  readonly buffer: ArrayBuffer;
  readonly used: number;
  readonly commits: number;
}

/** Collects the commits of one turn of the event loop. */
export class CommitBatch {
  #bytes = new Uint8Array(0);
  #used = 0;
  #commits = 0;

  get isEmpty(): boolean {
    return this.#commits === 0;
  }

  /** Copies the operations in as one commit. */
  add(operations: readonly LogOperation[]): void {
    let at = this.#grow(sizeOf(operations));
    const view = new DataView(this.#bytes.buffer);
    view.setUint32(at, operations.length);
    at += COMMIT_HEAD_BYTES;
    for (const operation of operations) at = this.#write(view, at, operation);
    this.#commits += 1;
  }

  /** Hands the buffer over and starts anew. */
  take(): PackedCommits {
    const packed = { buffer: this.#bytes.buffer, used: this.#used, commits: this.#commits };
    this.#bytes = new Uint8Array(0);
    this.#used = 0;
    this.#commits = 0;
    return packed;
  }

  #write(view: DataView, start: number, operation: LogOperation): number {
    const value = operation.kind === "put" ? operation.value : undefined;
    view.setUint8(start, value === undefined ? DELETE : PUT);
    view.setUint32(start + 1, operation.key.length);
    view.setUint32(start + 5, value?.length ?? 0);
    let at = start + OPERATION_HEAD_BYTES;
    this.#bytes.set(operation.key, at);
    at += operation.key.length;
    if (value === undefined) return at;
    this.#bytes.set(value, at);
    at += value.length;
    view.setUint32(at, checksumOf(operation.key, value));
    return at + CHECKSUM_BYTES;
  }

  /** Makes room for `size` more bytes and returns where they begin. */
  #grow(size: number): number {
    const start = this.#used;
    this.#used += size;
    if (this.#used > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(FIRST_BUFFER_BYTES, this.#used, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, start));
      this.#bytes = larger;
    }
    return start;
  }
}

function sizeOf(operations: readonly LogOperation[]): number {
  let size = COMMIT_HEAD_BYTES;
  for (const { kind, key, ...rest } of operations) {
    size += OPERATION_HEAD_BYTES + key.length;
    if (kind === "put" && "value" in rest) size += rest.value.length + CHECKSUM_BYTES;
  }
  return size;
}

/** One operation as the writer takes it; `value` carries its checksum, and is undefined for a deletion. */
export interface PackedOperation {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

/** The commits of a batch in their order, as views on its buffer. */
export function* unpackCommits(packed: PackedCommits): Generator<PackedOperation[]> {
  const view = new DataView(packed.buffer, 0, packed.used);
  const take = (at: number, length: number): Uint8Array => new Uint8Array(packed.buffer, at, length);
  let at = 0;
  while (at < packed.used) {
    const operations: PackedOperation[] = [];
    let left = view.getUint32(at);
    at += COMMIT_HEAD_BYTES;
    for (; left > 0; left -= 1) {
      const isPut = view.getUint8(at) === PUT;
      const keyLength = view.getUint32(at + 1);
      const valueLength = isPut ? view.getUint32(at + 5) + CHECKSUM_BYTES : 0;
      at += OPERATION_HEAD_BYTES;
      operations.push({ key: take(at, keyLength), value: isPut ? take(at + keyLength, valueLength) : undefined });
      at += keyLength + valueLength;
    }
    yield operations;
  }
}
