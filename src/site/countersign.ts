import type { Roster } from "../cluster/index.ts";
import type { HostId, NamespaceId } from "../codec/index.ts";
import type { Records, Write } from "../records/index.ts";
import type { Catalogue, Name } from "./catalogue.ts";
import { voteCodec, voteKey } from "./claim.ts";

/** Votes written together. */
const BATCH = 64;

/**
 * A voter's turn over the names: it votes for the first claim that it sees of each name, stays with its vote while that claim stands, and
 * takes it back when the claim is withdrawn. Other hosts do nothing.
 * @returns how many votes were written
 */
export async function countersign(parts: { readonly self: HostId; readonly roster: () => Roster; readonly records: Records; readonly catalogue: Catalogue }, signal?: AbortSignal): Promise<number> {
  const { self, roster, records, catalogue } = parts;
  if (!roster().voters.includes(self)) return 0;
  const namespace = catalogue.namespace;
  const writes = catalogue
    .list()
    .map((name) => ballot(name, namespace, self))
    .filter((write) => write !== undefined);
  for (let at = 0; at < writes.length; at += BATCH) {
    const batch = writes.slice(at, at + BATCH);
    await records.write(batch, { as: "host", ...(signal === undefined ? {} : { signal }) });
    catalogue.applied(namespace, batch.map(({ key }) => key));
  }
  return writes.length;
}

function ballot({ label, entries, holding }: Name, namespace: NamespaceId, self: HostId): Write | undefined {
  const vote = entries.votes.get(self);
  if (vote !== undefined && entries.claims.some((claim) => claim.namespace === vote)) return undefined;
  if (holding === undefined) return vote === undefined ? undefined : { namespace, key: voteKey(label, self), value: null };
  return { namespace, key: voteKey(label, self), value: voteCodec.encode({ namespace: holding.claim.namespace }) };
}
