import { shardOf } from "../cluster/index.ts";
import type { StoredRecord } from "./batch.ts";
import { sizeOf } from "./draft.ts";
import { MAX_PAGE_ITEMS, MAX_SCAN_LIMIT, PAGE_BYTES } from "./limits.ts";
import type { FetchAnswer, FetchQuestion, ScanAnswer, ScanQuestion } from "./messages.ts";
import { ParcelSize, pack } from "./parcel.ts";
import type { Parcel } from "./parcel.ts";
import type { Replica } from "./replica.ts";
import { rowSiblings } from "./row.ts";

/** Fills answers with records up to a page's size; one record may take a page beyond, so there is always progress. */
export class RecordPages {
  readonly #replica: Replica;

  constructor(replica: Replica) {
    this.#replica = replica;
  }

  fetch({ keys, skip }: FetchQuestion): FetchAnswer {
    const page: StoredRecord[] = [];
    const size = new ParcelSize();
    let [keysDone, sent] = [0, skip];
    const close = (): FetchAnswer => ({ standing: this.#replica.floor.standing, parcel: this.#pack(page), keysDone, skip: sent, isReady: this.#isReady(keys[0]) });
    for (const { namespace, key } of keys) {
      const row = this.#replica.rows.raw(namespace, key);
      for (const record of (row === undefined ? [] : rowSiblings(row)).slice(sent)) {
        const bytes = size.add(record, this.#replica.geneses.get(namespace));
        if (page.length > 0 && (bytes > PAGE_BYTES || page.length >= MAX_PAGE_ITEMS)) return close();
        page.push(record);
        sent += 1;
      }
      [keysDone, sent] = [keysDone + 1, 0];
    }
    return close();
  }

  scan({ namespace, group, prefix, after, limit }: ScanQuestion): ScanAnswer {
    const { standing } = this.#replica.floor;
    const options = { prefix, ...(after === null ? {} : { after }) };
    const { keys, next } = this.#replica.stored.sealedPage(namespace, options, Math.min(Math.max(limit, 1), MAX_SCAN_LIMIT));
    const genesis = this.#replica.geneses.get(namespace);
    // Asked after the rows were read, of which one may have been found damaged.
    const isReady = genesis !== undefined && this.#replica.holdings.isReady(namespace, genesis, group);
    const page: StoredRecord[] = [];
    const large: string[] = [];
    let bytes = 0;
    let last: string | undefined;
    for (const { key, siblings } of keys) {
      if (genesis !== undefined && shardOf(namespace, genesis, key) === group) {
        const weight = siblings.reduce((sum, { sealed }) => sum + sizeOf(sealed), 0);
        if (page.length > 0 && (bytes + weight > PAGE_BYTES || page.length + siblings.length > MAX_PAGE_ITEMS)) return { standing, parcel: this.#pack(page), large, next: last ?? null, isReady };
        if (weight > PAGE_BYTES) large.push(key);
        else page.push(...siblings);
        bytes += weight > PAGE_BYTES ? 0 : weight;
      }
      last = key;
    }
    return { standing, parcel: this.#pack(page), large, next: next ?? null, isReady };
  }

  #isReady(first: FetchQuestion["keys"][number] | undefined): boolean {
    const genesis = first && this.#replica.geneses.get(first.namespace);
    if (first === undefined || genesis === undefined) return false;
    return this.#replica.holdings.isReady(first.namespace, genesis, shardOf(first.namespace, genesis, first.key));
  }

  #pack(records: readonly StoredRecord[]): Parcel {
    return pack(records, (namespace) => this.#replica.geneses.get(namespace));
  }
}
