// records: the replicated key-value store. Versions under exact contexts, signed batches, the outbox, replication to the hosts that the
// layout names, catch-up by numbering, and the change feed. In: writes and reads of keys in namespaces. Out: the siblings that no
// other version supersedes, on every replica the same.
export { EMPTY_CONTEXT } from "./port.ts";
export type { Actor, Change, ClusterView, Context, ContextEntry, Dot, KeyState, Records, ScanPage, Sibling, Write, WriteOptions, WriteResult } from "./port.ts";
