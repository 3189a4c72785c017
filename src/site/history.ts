import type { NamespaceId } from "../codec/index.ts";
import type { Records } from "../records/index.ts";
import { scan } from "./catalogue.ts";
import type { Head } from "./head.ts";
import { HEAD_KEY, HISTORY_PREFIX, greatestHead } from "./head.ts";

/** The heads of the history, ascending. */
export function* history(records: Records, namespace: NamespaceId): Generator<Head> {
  for (const state of scan(records, namespace, HISTORY_PREFIX)) {
    const head = greatestHead(state);
    if (head !== undefined) yield head;
  }
}

/** The head with the greatest number, visible or not. */
export function newestHead(records: Records, namespace: NamespaceId): Head | undefined {
  let newest = greatestHead(records.local(namespace, HEAD_KEY));
  for (const head of history(records, namespace)) if (newest === undefined || head.sequence > newest.sequence) newest = head;
  return newest;
}

/** Whether a head, visible or not, relies on the pack for its list of files. */
export function isManifestPack(records: Records, namespace: NamespaceId, pack: string): boolean {
  if (greatestHead(records.local(namespace, HEAD_KEY))?.manifest.pack === pack) return true;
  for (const head of history(records, namespace)) if (head.manifest.pack === pack) return true;
  return false;
}
