import { EVERYWHERE, groupsOf, shardOf } from "../cluster/index.ts";
import type { Genesis } from "../cluster/index.ts";
import type { NamespaceId } from "../codec/index.ts";
import { Limiter } from "../platform/index.ts";
import { RecordsError } from "./errors.ts";
import { MAX_FOLLOWED } from "./limits.ts";
import type { Replica } from "./replica.ts";
import { rowSequence } from "./row.ts";
import { endOf, followKey, namespaceIn, recordKeyIn, rowKey } from "./tables.ts";

const STEP = 200;

/** What the byte beside a followed namespace says. */
export const FOLLOW_STATES = ["dropping", "followed", "waiting"] as const;
type FollowState = (typeof FOLLOW_STATES)[number];

export interface FollowingParts {
  readonly replica: Replica;
}

/** Copies that this host keeps by its own choice. */
export class Following {
  /** Namespaces whose rows are being deleted. */
  readonly #busy = new Set<NamespaceId>();
  /** One change of what is followed after the other: of two that one turn of the replica takes, each would go by the state before both. */
  readonly #changing = new Limiter(1);
  readonly #parts: FollowingParts;

  constructor(parts: FollowingParts) {
    this.#parts = parts;
  }

  /** Durable when it resolves; the copy itself comes by catching up. @throws RecordsError TOO_LARGE */
  async follow(namespace: NamespaceId): Promise<void> {
    const { holdings } = this.#parts.replica;
    if (holdings.isFollowed(namespace)) return;
    if (holdings.followedCount >= MAX_FOLLOWED) throw new RecordsError("TOO_LARGE", `A host follows at most ${MAX_FOLLOWED} namespaces. Unfollow one first.`);
    await this.#changing.run(() => this.#keep(namespace, "waiting"));
    await this.settle();
  }

  /** Whether rows of what is followed no more are left. */
  get isDropping(): boolean {
    return this.#all().some(({ state }) => state === "dropping");
  }

  /**
   * Begins the copies that wait, and deletes the rest of those that were given up. A copy does not begin between a round of the deletions and
   * the raising of the floor: this host has said already that it has done the round in all that it keeps.
   */
  async settle(): Promise<void> {
    const { replica } = this.#parts;
    for (const { namespace, state } of this.#all()) {
      const genesis = replica.geneses.get(namespace);
      if (genesis === undefined) continue;
      if (state === "waiting") await this.#begin(namespace, genesis);
      if (state === "dropping" && !this.#busy.has(namespace)) await this.#drop(namespace, genesis);
    }
  }

  /** Goes by the state of now: the copy may have been given up while others began. */
  #begin(namespace: NamespaceId, genesis: Genesis): Promise<void> {
    const { replica } = this.#parts;
    return this.#changing.run(async () => {
      if (this.#stateOf(namespace) !== "waiting" || replica.floor.isBetween) return;
      await this.#keep(namespace, "followed");
      replica.holdings.follow(namespace, genesis);
    });
  }

  /** Whether this host keeps a copy by its own choice, or is about to begin one. */
  isChosen(namespace: NamespaceId): boolean {
    const state = this.#stateOf(namespace);
    return state !== undefined && state !== "dropping";
  }

  #stateOf(namespace: NamespaceId): FollowState | undefined {
    const stored = this.#parts.replica.rows.get(followKey(namespace));
    return stored === undefined ? undefined : stateIn(stored);
  }

  #all(): { readonly namespace: NamespaceId; readonly state: FollowState }[] {
    return [...this.#parts.replica.rows.all("f")].map(({ key, value }) => ({ namespace: namespaceIn(key), state: stateIn(value) }));
  }

  #keep(namespace: NamespaceId, state: FollowState): Promise<void> {
    return this.#parts.replica.keep([{ kind: "put", key: followKey(namespace), value: Uint8Array.of(FOLLOW_STATES.indexOf(state)) }]);
  }

  /** Forgets the namespace's rows too, unless the layout keeps them here. */
  async unfollow(namespace: NamespaceId): Promise<void> {
    const { replica } = this.#parts;
    const genesis = replica.geneses.get(namespace);
    if (genesis === undefined) return;
    const isGivenUp = await this.#changing.run(() => this.#giveUp(namespace, genesis));
    if (isGivenUp) await this.#drop(namespace, genesis);
  }

  /** @returns false when it is not chosen */
  async #giveUp(namespace: NamespaceId, genesis: Genesis): Promise<boolean> {
    const { replica } = this.#parts;
    if (!this.isChosen(namespace)) return false;
    const groups = groupsOf(namespace, genesis).filter((group) => group !== EVERYWHERE);
    // Positions and readiness counted the rows that go.
    await replica.keep(() => [{ kind: "put", key: followKey(namespace), value: Uint8Array.of(FOLLOW_STATES.indexOf("dropping")) }, ...groups.flatMap((group) => replica.readiness.unfollowed(group))], groups);
    replica.holdings.unfollow(namespace);
    return true;
  }

  /** What fails is tried again at the next turn: as long as rows are left, no round of the deletions is done. */
  async #drop(namespace: NamespaceId, genesis: Genesis): Promise<void> {
    const { replica } = this.#parts;
    this.#busy.add(namespace);
    try {
      await this.#dropRows(namespace, genesis);
      // It may have been chosen again meanwhile.
      await this.#changing.run(() => replica.keep(() => (this.#stateOf(namespace) === "dropping" ? [{ kind: "delete", key: followKey(namespace) }] : [])));
    } finally {
      this.#busy.delete(namespace);
    }
  }

  async #dropRows(namespace: NamespaceId, genesis: Genesis): Promise<void> {
    const { replica } = this.#parts;
    const from = rowKey(namespace, "");
    for (const rows of replica.stored.walk({ from, to: endOf(from) }, STEP)) {
      const seen = rows.map(({ key, value }) => ({ namespace, key: recordKeyIn(key), group: shardOf(namespace, genesis, recordKeyIn(key)), sequence: rowSequence(value) }));
      // It may have been followed again, or come to belong here, meanwhile.
      const due = seen.filter(({ group }) => !replica.holdings.holds(namespace, genesis, group) && genesis.replicas <= replica.readiness.keptRank(group));
      await replica.drop(due, [...new Set(due.map(({ group }) => group))]);
    }
  }
}

function stateIn(stored: Uint8Array): FollowState {
  return FOLLOW_STATES[stored[0]!] ?? "dropping";
}
