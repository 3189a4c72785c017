// records: the replicated key-value store. Versions under exact contexts, signed batches, the outbox, replication to the hosts that the
// layout names, catch-up by numbering, and the change feed. In: writes and reads of keys in namespaces. Out: the siblings that no
// other version supersedes, on every replica the same.
export { EMPTY_CONTEXT } from "./port.ts";
export type { Actor, Change, ClusterView, Context, ContextEntry, Dot, GroupStock, KeyState, LayoutStanding, ReadOptions, Records, ScanOptions, ScanPage, Sibling, Write, WriteOptions, WriteResult, Written } from "./port.ts";
export { checkPosition } from "./feed.ts";
export { readToken, tokenOf } from "./seen.ts";
export { decodeContextText, encodeContextText } from "./context-text.ts";
export { amountsOf, kvRulesCodec } from "./amounts.ts";
export type { Amounts, KvRules } from "./amounts.ts";
export { RecordsError } from "./errors.ts";
export type { RecordsErrorCode } from "./errors.ts";
export { createRecords } from "./running-records.ts";
export type { RecordsParts, RunningRecords } from "./running-records.ts";
export { MAX_BATCH_RECORDS, MAX_KEY_BYTES, MAX_VALUE_BYTES } from "./limits.ts";
export { floorCodec, floorKeyOf, readyCodec, readyKeyOf, recordsNetworkRules } from "./marks.ts";
export type { FloorRecord, Ready } from "./marks.ts";
export { Replica } from "./replica.ts";
export type { ReplicaParts } from "./replica.ts";
export { sealerWith } from "./batch.ts";
export type { Proven, Sealer } from "./batch.ts";
