import type { Genesis, Verdict } from "../cluster/index.ts";
import { ACCEPT, groupsOf, refuse } from "../cluster/index.ts";
import type { AccountId, HostId, NamespaceId } from "../codec/index.ts";
import type { Clock } from "../platform/index.ts";
import { Budgets } from "../platform/index.ts";
import type { Amounts } from "./amounts.ts";
import { amountsOf } from "./amounts.ts";
import type { Draft } from "./draft.ts";
import { sizeOf } from "./draft.ts";
import { Sum } from "./sums.ts";
import { sumKey } from "./tables.ts";

// Rules that depend on amounts: how large a namespace may grow, and how fast it may be written. They hold where a record first enters: for
// own writes, and for what another host pushes. Never for what comes by catching up or comparing: replicas differ for a moment in what they
// have, so one would take what another refused, and they would differ for ever. A record that one replica has taken is all replicas'.

/** Writes that may come at once, in seconds' worth of the rate. */
const BURST_SECONDS = 10;
/** What a record takes in its row beside key and value, about: seal, path and heads. */
const AROUND_BYTES = 700;

/** One record that is about to enter. */
export interface Entering {
  readonly namespace: NamespaceId;
  readonly key: string;
  readonly value: Uint8Array | null;
  readonly author: AccountId | null;
  readonly host: HostId;
}

export class Rations {
  readonly #budgets: Budgets;
  readonly #amounts = new WeakMap<Genesis, { readonly amounts: Amounts | undefined; readonly groups: number }>();

  constructor(clock: Clock) {
    this.#budgets = new Budgets(clock);
  }

  /**
   * Whether there is room for a record, and whether its author has not written too much lately; charges the author when so.
   * A deletion, and what makes a row no larger, always has room. A namespace split into parts has an even share of its size for each.
   * @param draft what is committed, and what this turn adds
   */
  judge(entering: Entering, genesis: Genesis, group: number, draft: Draft): Verdict {
    const { amounts, groups } = this.#of(entering.namespace, genesis);
    if (amounts === undefined) return ACCEPT;
    const { maxBytes, writesPerSecond } = amounts;
    if (maxBytes !== null && !hasRoom(entering, group, Math.floor(maxBytes / groups), draft)) {
      const share = groups === 1 ? "" : `, and so ${Math.floor(maxBytes / groups)} in each of its ${groups} shards`;
      return refuse("NAMESPACE_FULL", `the namespace holds ${maxBytes} bytes and no more${share}; delete something there`);
    }
    if (writesPerSecond === null) return ACCEPT;
    const bucket = this.#budgets.of(`${entering.namespace} ${entering.author ?? entering.host}`, { perSecond: writesPerSecond, burst: Math.max(1, writesPerSecond * BURST_SECONDS) });
    if (bucket.level < 1) return refuse("TOO_FAST", `the namespace takes ${writesPerSecond} writes a second of one author; slow down`);
    bucket.take(1);
    return ACCEPT;
  }

  #of(namespace: NamespaceId, genesis: Genesis): { readonly amounts: Amounts | undefined; readonly groups: number } {
    const known = this.#amounts.get(genesis);
    if (known !== undefined) return known;
    const read = { amounts: amountsOf(genesis), groups: groupsOf(namespace, genesis).length };
    this.#amounts.set(genesis, read);
    return read;
  }
}

function hasRoom({ namespace, key, value }: Entering, group: number, maxBytes: number, draft: Draft): boolean {
  if (value === null) return true;
  const before = draft.siblings(namespace, key, group).reduce((sum, { sealed }) => sum + sizeOf(sealed), 0);
  const growth = value.length + Buffer.byteLength(key) + AROUND_BYTES - before;
  return growth <= 0 || Sum.decode(draft.get(sumKey(group, namespace))).bytes + draft.grownBytes(group, namespace) + growth <= maxBytes;
}
