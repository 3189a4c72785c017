import type { Rule } from "../cluster/index.ts";
import { ACCEPT, refuse } from "../cluster/index.ts";
import type { NamespaceId } from "../codec/index.ts";
import { CodecError, base32, fromBase32 } from "../codec/index.ts";
import { isPoolKey, poolRule } from "../pool/index.ts";
import type { Records } from "../records/index.ts";
import { sealedEntryCodec } from "./formats.ts";

/** Names an entry: 16 random bytes, 26 letters in base32. */
export type EntryId = string & { readonly __id: "entry" };

const ENTRY_ID_BYTES = 16;
export const ENTRY_PREFIX = "entry/";
/** Records read at a time. */
const PAGE = 100;

export function newEntryId(random: Uint8Array): EntryId {
  return base32(random.subarray(0, ENTRY_ID_BYTES)) as EntryId;
}

/** Whether the text could name an entry. */
export function isEntryId(text: string): text is EntryId {
  try {
    const bytes = fromBase32(text);
    return bytes.length === ENTRY_ID_BYTES && base32(bytes) === text;
  } catch (error) {
    if (error instanceof CodecError) return false;
    throw error;
  }
}

export function entryKey(id: EntryId): string {
  return ENTRY_PREFIX + id;
}

/** The entries in this host's records, page by page. */
export function* storedEntries(records: Pick<Records, "localScan">, namespace: NamespaceId): Generator<{ readonly id: EntryId; readonly value: Uint8Array }> {
  for (let after: string | undefined; ; ) {
    const page = records.localScan(namespace, { prefix: ENTRY_PREFIX, limit: PAGE, ...(after === undefined ? {} : { after }) });
    for (const { key, siblings } of page.entries) {
      const id = key.slice(ENTRY_PREFIX.length);
      const value = siblings.find((sibling) => sibling.value !== null)?.value;
      if (value !== undefined && value !== null && isEntryId(id)) yield { id, value };
    }
    if (page.next === undefined) return;
    after = page.next;
  }
}

/** The rule of a person's private namespace: its owner writes entries, nobody else; what concerns packs is the pool's to judge. */
export const privateRule: Rule = (record, genesis, register) => {
  if (isPoolKey(record.key)) return poolRule(record, genesis, register);
  if (!record.key.startsWith(ENTRY_PREFIX)) return refuse("UNKNOWN_KIND", "this program knows no such private record; update it");
  if (genesis.owner === null || record.author !== genesis.owner) return refuse("NOT_OWNER", "only the person themselves keeps entries here");
  if (!isEntryId(record.key.slice(ENTRY_PREFIX.length))) return refuse("MALFORMED", "the key names no entry");
  if (record.value === null) return ACCEPT;
  try {
    sealedEntryCodec.decode(record.value);
    return ACCEPT;
  } catch (error) {
    if (error instanceof CodecError) return refuse("MALFORMED", error.message);
    throw error;
  }
};
