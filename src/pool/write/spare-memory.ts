const GRAIN_BYTES = 1024 * 1024;

/**
 * Memory that one pack is done with, for the next one. Made anew for each pack it is 43 MB every time, for which the collector goes through all
 * objects several times a second, and the process grows by far more than is in use.
 */
export class SpareMemory {
  readonly #spare: Uint8Array<ArrayBuffer>[] = [];

  /** So many bytes, of any content. */
  take(sizeBytes: number): Uint8Array {
    // One that is much too large is left for whoever needs it.
    const found = this.#spare.findIndex(({ length }) => length >= sizeBytes && length <= 2 * sizeBytes + GRAIN_BYTES);
    const whole = found < 0 ? new Uint8Array(Math.ceil(sizeBytes / GRAIN_BYTES) * GRAIN_BYTES) : this.#spare.splice(found, 1)[0]!;
    return whole.subarray(0, sizeBytes);
  }

  /** Takes back what was given, when nobody looks at it any more. */
  give({ buffer }: Uint8Array): void {
    this.#spare.push(new Uint8Array(buffer as ArrayBuffer));
  }

  /** Gives all of it back to the system, without waiting for the collector to find it. */
  clear(): void {
    for (const { buffer } of this.#spare.splice(0)) buffer.transfer(0);
  }
}
