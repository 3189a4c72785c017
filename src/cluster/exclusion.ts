import type { AccountId, HostId } from "../codec/index.ts";
import type { LastHonoured, Removal } from "./entries.ts";
import type { JudgedRecord } from "./namespace.ts";
import type { Register } from "./roster.ts";

/** What of a host's batches counts no more: all beyond the honoured ones, in one person's name or, with no author named, altogether. */
export interface Exclusion {
  readonly host: HostId;
  readonly author: AccountId | null;
  readonly honoured: readonly LastHonoured[];
}

export type Signed = Pick<JudgedRecord, "host" | "author" | "incarnation" | "batch">;

/** Whether a batch still counts under a removal or revocation, if there is one. */
export function isHonoured(removal: Removal | undefined, { incarnation, batch }: Pick<Signed, "incarnation" | "batch">): boolean {
  if (removal === undefined) return true;
  return removal.honoured.some((last) => last.incarnation === incarnation && batch <= last.batch);
}

export function isExcluded(record: Signed, exclusions: readonly Exclusion[]): boolean {
  return exclusions.some((each) => each.host === record.host && (each.author === null || each.author === record.author) && !isHonoured(each, record));
}

/**
 * Every expulsion, removal and revocation, in an order that follows from nothing but them. Of hosts of which something may be spared nothing is
 * dropped: whoever has it says so, and then it is honoured everywhere.
 */
export function exclusionsOf({ expelled, spared, removals, revocations }: Pick<Register, "expelled" | "spared" | "removals" | "revocations">): readonly Exclusion[] {
  const all: Exclusion[] = [...expelled].filter((host) => !spared.has(host)).map((host) => ({ host, author: null, honoured: [] }));
  for (const [host, { honoured }] of removals) all.push({ host, author: null, honoured });
  for (const [name, { honoured }] of revocations) {
    const [author, host] = name.split("/") as [AccountId, HostId];
    all.push({ host, author, honoured });
  }
  const rank = ({ host, author, honoured }: Exclusion): string => `${host}/${author ?? ""}/${honoured.length}`;
  return all.sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
}
