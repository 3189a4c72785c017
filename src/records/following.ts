import { EVERYWHERE, groupsOf } from "../cluster/index.ts";
import type { Genesis } from "../cluster/index.ts";
import type { NamespaceId } from "../codec/index.ts";
import { RecordsError } from "./errors.ts";
import { MAX_FOLLOWED } from "./limits.ts";
import type { Replica } from "./replica.ts";
import { rowSequence } from "./row.ts";
import { after, followKey, recordKeyIn, rowKey } from "./tables.ts";
import { shardOf } from "../cluster/index.ts";

const STEP = 200;

export interface FollowingParts {
  readonly replica: Replica;
}

/** Copies that this host keeps by its own choice. */
export class Following {
  readonly #parts: FollowingParts;

  constructor(parts: FollowingParts) {
    this.#parts = parts;
  }

  /** Durable when it resolves; the copy itself comes by catching up. @throws RecordsError TOO_LARGE */
  async follow(namespace: NamespaceId, genesis: Genesis): Promise<void> {
    const { holdings } = this.#parts.replica;
    if (holdings.isFollowed(namespace)) return;
    if (holdings.followedCount >= MAX_FOLLOWED) throw new RecordsError("TOO_LARGE", `A host follows at most ${MAX_FOLLOWED} namespaces. Unfollow one first.`);
    await this.#parts.replica.keep([{ kind: "put", key: followKey(namespace), value: Uint8Array.of(1) }]);
    holdings.follow(namespace, genesis);
  }

  /** Forgets the namespace's rows too, unless the layout keeps them here. */
  async unfollow(namespace: NamespaceId): Promise<void> {
    const { replica } = this.#parts;
    const genesis = replica.geneses.get(namespace);
    if (genesis === undefined || !replica.holdings.isFollowed(namespace)) return;
    const groups = groupsOf(namespace, genesis).filter((group) => group !== EVERYWHERE);
    replica.holdings.unfollow(namespace);
    // Positions and readiness counted the rows that go.
    await replica.keep([{ kind: "delete", key: followKey(namespace) }, ...groups.flatMap((group) => replica.readiness.unfollowed(group))], groups);
    await this.#drop(namespace, genesis);
  }

  async #drop(namespace: NamespaceId, genesis: Genesis): Promise<void> {
    const { replica } = this.#parts;
    const prefix = rowKey(namespace, "");
    let from = prefix;
    for (;;) {
      const rows = replica.stored.scanLog(from, after(prefix), STEP);
      const seen = rows.map(({ key, value }) => ({ namespace, key: recordKeyIn(key), group: shardOf(namespace, genesis, recordKeyIn(key)), sequence: rowSequence(value) }));
      // It may have been followed again, or come to belong here, meanwhile.
      const due = seen.filter(({ group }) => !replica.holdings.holds(namespace, genesis, group) && genesis.replicas <= replica.readiness.keptRank(group));
      await replica.drop(due, [...new Set(due.map(({ group }) => group))]);
      if (rows.length < STEP) return;
      from = after(rows.at(-1)!.key);
    }
  }
}
