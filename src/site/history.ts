import type { NamespaceId, PackId } from "../codec/index.ts";
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

/** Whether a head, visible or not, relies on one of the packs for its list of files. */
export function hasManifestIn(records: Records, namespace: NamespaceId, packs: ReadonlySet<PackId>): boolean {
  const current = greatestHead(records.local(namespace, HEAD_KEY));
  if (current !== undefined && packs.has(current.manifest.pack)) return true;
  for (const head of history(records, namespace)) if (packs.has(head.manifest.pack)) return true;
  return false;
}
