/** Larger files go by themselves: to them a request is nothing. */
const SMALL_BYTES = 256 * 1024;
/** Of the files of one bundle, which is in memory as a whole at both ends. */
const BUNDLE_BYTES = 1024 * 1024;
/** With the longest of paths their list stays within what a host reads as JSON. */
const BUNDLE_FILES = 200;

/** The files in their order, small neighbours together, so that one request moves many of them. */
export function* bundlesOf<T>(files: Iterable<T>, sizeOf: (file: T) => number): Generator<readonly T[]> {
  let bundle: T[] = [];
  let left = BUNDLE_BYTES;
  for (const file of files) {
    const sizeBytes = sizeOf(file);
    if (sizeBytes > SMALL_BYTES) {
      yield [file];
      continue;
    }
    if (sizeBytes > left || bundle.length === BUNDLE_FILES) {
      yield bundle;
      [bundle, left] = [[], BUNDLE_BYTES];
    }
    bundle.push(file);
    left -= sizeBytes;
  }
  if (bundle.length > 0) yield bundle;
}
