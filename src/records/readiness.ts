import { uint, byteString, codec, struct } from "../codec/index.ts";
import type { LogOperation } from "../store/index.ts";
import type { Holdings, ScopeMark } from "./holdings.ts";
import { RANK_MAX, covers, markOf } from "./holdings.ts";
import { GROUPS } from "./limits.ts";
import type { ClusterView } from "./port.ts";
import type { Rows } from "./rows.ts";
import { readyKey } from "./tables.ts";

const markCodec = codec<ScopeMark>("A mark of readiness", 1, 64, struct({ rank: uint(RANK_MAX), followed: byteString(32) }));

/**
 * Of which groups this host's copy is complete enough to be read: it has caught up with the others since it keeps what it keeps now.
 * Until then it stores what it is sent, and reads ask those who were there before.
 */
export class Readiness {
  readonly #cluster: ClusterView;
  readonly #holdings: Holdings;
  readonly #marks = new Map<number, ScopeMark>();

  constructor(cluster: ClusterView, holdings: Holdings, rows: Rows) {
    this.#cluster = cluster;
    this.#holdings = holdings;
    for (const { key, value } of rows.all("r")) this.#marks.set(key[1]! * 256 + key[2]!, markCodec.decode(value));
  }

  isReady(group: number): boolean {
    if (this.#isAlone()) return true;
    const mark = this.#marks.get(group);
    return mark !== undefined && covers(mark, markOf(this.#holdings.scope(group)));
  }

  /** Groups of this host's that it cannot answer for yet. */
  unready(groups: Iterable<number>): number[] {
    return [...groups].filter((group) => !this.isReady(group));
  }

  /** What a host that is a network by itself knows to be complete when others join it. */
  alone(): LogOperation[] {
    if (!this.#isAlone() || this.#marks.size === GROUPS) return [];
    return Array.from({ length: GROUPS }, (_, group) => this.mark(group, { rank: 0, followed: new Uint8Array(0) }));
  }

  mark(group: number, mark: ScopeMark): LogOperation {
    this.#marks.set(group, mark);
    return { kind: "put", key: readyKey(group), value: markCodec.encode(mark) };
  }

  forget(group: number): LogOperation {
    this.#marks.delete(group);
    return { kind: "delete", key: readyKey(group) };
  }

  #isAlone(): boolean {
    const members = this.#cluster.members();
    return members.length === 1 && members[0] === this.#cluster.self;
  }
}
