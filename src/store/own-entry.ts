import type { Codec } from "../codec/index.ts";
import { DamagedEntry } from "./errors.ts";
import type { RecordLog } from "./port.ts";

/**
 * What lies under a key that only this host reads, such as what it noted for itself. Undefined also where the disk has damaged it: then it is as
 * on a new disk, and learnt anew. One flipped bit must not keep a host from starting.
 */
export function ownBytes(log: Pick<RecordLog, "get">, key: Uint8Array): Uint8Array | undefined {
  try {
    return log.get(key);
  } catch (error) {
    if (error instanceof DamagedEntry) return undefined;
    throw error;
  }
}

/** The same, decoded. @throws CodecError for what a newer program wrote */
export function ownEntry<T>(log: Pick<RecordLog, "get">, key: Uint8Array, codec: Pick<Codec<T>, "decode">): T | undefined {
  const bytes = ownBytes(log, key);
  return bytes === undefined ? undefined : codec.decode(bytes);
}
