import { SHARDS } from "../cluster/index.ts";
import { MAX_MESSAGE } from "../net/index.ts";

// Every bound on what a record, a batch or a message may be. All of them are checked before anything is stored or allocated.

/** A key in UTF-8. */
export const MAX_KEY_BYTES = 1024;
/** 512 KiB: values are small things; content goes into packs. */
export const MAX_VALUE_BYTES = 512 * 1024;
/** (host, incarnation) pairs in one context. A restart that not all others could confirm adds one to the keys written after it. */
export const MAX_CONTEXT_ENTRIES = 4096;
/** Single dots beyond the contiguous ones in one context. */
export const MAX_CONTEXT_EXTRAS = 8192;
/** The largest encoded record: value, key, a full context, and the heads around them. */
export const MAX_RECORD_BYTES = MAX_VALUE_BYTES + MAX_KEY_BYTES + 240 * 1024;
/** Records under one signature. */
export const MAX_BATCH_RECORDS = 4096;
/** The path of a leaf among MAX_BATCH_RECORDS: log2 of it. */
export const MAX_PATH = 12;
export const MAX_SEAL_BYTES = 768;
/** The encoded records of one batch, so that the batch and its geneses fit into one message. */
export const MAX_BATCH_BYTES = MAX_MESSAGE - 512 * 1024;
/** What concurrent writers may leave beside each other in one key; a writer that does not read is stopped long before. */
export const MAX_SIBLINGS = 1024;
/** Siblings in one key's stored row, all together; the record log takes 16 MiB. */
export const MAX_ROW_BYTES = 15 * 1024 * 1024;
/** Siblings beyond which a blind write is refused: its writer should read first. */
export const MAX_BLIND_SIBLINGS = 64;
/** The same for their bytes, all together. Seven hosts that know nothing of each other find room in one row, and a record alone always does. */
export const MAX_BLIND_ROW_BYTES = 2 * 1024 * 1024;

/** Incarnations of one host that are told of in one answer, and that a removal can honour. */
export const MAX_INCARNATIONS = 10_000;

/** A page of records on the wire aims at 1 MiB with the geneses that go along; one record may take it beyond. */
export const PAGE_BYTES = 1024 * 1024;
export const MAX_PAGE_ITEMS = 8192;
/** Pages in which all siblings of one key come: each has a third of PAGE_BYTES at least, but for the last. Whoever sends more sends for ever. */
export const MAX_KEY_PAGES = 64;
/** Heads (key and tag) in one answer. */
export const MAX_PAGE_HEADS = 1024;
export const MAX_SCAN_LIMIT = 1000;
/** Groups of records: 256 shards and EVERYWHERE. */
export const GROUPS = SHARDS + 1;
export const ALL_GROUPS: readonly number[] = Array.from({ length: GROUPS }, (_, group) => group);
/** Namespaces that a host may follow without being their replica. */
export const MAX_FOLLOWED = 1024;

/** Durable copies that a write waits for, its own included. */
export const W = 2;
/** A write is answered after this, whatever came back. */
export const WRITE_WAIT_MS = 2000;
