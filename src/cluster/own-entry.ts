import type { Codec } from "../codec/index.ts";
import { DamagedEntry } from "../store/index.ts";
import type { RecordLog } from "../store/index.ts";

/** What a host has noted for itself under a key of table `e`. Undefined also where the disk has damaged it: then it is as on a new disk, and learnt anew. */
export function ownEntry<T>(log: RecordLog, key: Uint8Array, codec: Pick<Codec<T>, "decode">): T | undefined {
  try {
    const bytes = log.get(key);
    return bytes === undefined ? undefined : codec.decode(bytes);
  } catch (error) {
    if (error instanceof DamagedEntry) return undefined;
    throw error;
  }
}
