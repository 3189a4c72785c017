import type { Cluster, Genesis, LastHonoured } from "../../cluster/index.ts";
import type { AccountId, HostId, NamespaceId } from "../../codec/index.ts";
import type { KeyState, Records, ScanPage, Sibling, Write, WriteOptions, WriteResult } from "../../records/index.ts";
import type { Env } from "../../platform/index.ts";
import { machineEnv, silentLog } from "../../platform/index.ts";
import { EMPTY_CONTEXT, RecordsError } from "../../records/index.ts";

export const env: Env = machineEnv(silentLog);

/** The network's records, the same for all hosts at once. A blind write stands beside what is there; any other replaces it. */
export class Board {
  readonly entries = new Map<string, readonly Sibling[]>();
  readonly listeners = new Set<(namespace: NamespaceId, keys: readonly string[]) => void>();
  /** Keys in the order in which they were written. */
  readonly written: string[] = [];
  counter = 0;
}

interface BoardParts {
  readonly genesis: Genesis;
  readonly cluster: Cluster;
  readonly host: HostId;
  readonly account: AccountId | undefined;
}

function unused(): never {
  throw new Error("these tests do not need that");
}

/** One host's way to the board, which lets through what the rules allow, as this host sees them. */
export class BoardRecords implements Records {
  readonly #board: Board;
  readonly #parts: BoardParts;

  constructor(board: Board, parts: BoardParts) {
    this.#board = board;
    this.#parts = parts;
  }

  // Some time passes before a write is there, as with a real one.
  async write(writes: readonly Write[], { as = "account" }: WriteOptions = {}): Promise<WriteResult> {
    await env.timers.sleep(1);
    const { account, cluster, genesis, host } = this.#parts;
    if (as === "account" && account === undefined) throw new RecordsError("NOT_DELEGATED", "nobody has delegated to this host");
    const author = as === "account" ? account! : null;
    const batch = (this.#board.counter += 1);
    for (const { namespace, key, value } of writes) {
      const verdict = cluster.judge({ namespace, key, value, author, host, incarnation: 1, batch }, genesis);
      if (verdict.kind !== "accept") throw new RecordsError("REFUSED", `${key}: ${verdict.kind === "refuse" ? verdict.code : verdict.why}`);
    }
    for (const { key, value, context } of writes) {
      const beside = context === EMPTY_CONTEXT ? (this.#board.entries.get(key) ?? []) : [];
      this.#board.entries.set(key, [...beside, { dot: { actor: { host, incarnation: 1 }, counter: batch }, value, author, wallMs: 0 }]);
      this.#board.written.push(key);
    }
    for (const listener of this.#board.listeners) for (const { namespace, key } of writes) listener(namespace, [key]);
    return { dots: [], copies: 2, safe: true };
  }

  local(_namespace: NamespaceId, key: string): KeyState | undefined {
    const siblings = (this.#board.entries.get(key) ?? []).filter(({ value }) => value !== null);
    return siblings.length === 0 ? undefined : { key, siblings, context: EMPTY_CONTEXT };
  }

  localScan(namespace: NamespaceId, { prefix = "" }: { readonly prefix?: string }): ScanPage {
    const keys = [...this.#board.entries.keys()].filter((key) => key.startsWith(prefix)).sort();
    return { entries: keys.map((key) => this.local(namespace, key)).filter((state) => state !== undefined), next: undefined };
  }

  async honouredOf(host: HostId): Promise<readonly LastHonoured[]> {
    const batches = [...this.#board.entries.values()].flat().filter(({ dot }) => dot.actor.host === host).map(({ dot }) => dot.counter);
    return batches.length === 0 ? [] : [{ incarnation: 1, batch: Math.max(...batches) }];
  }

  onApplied(listener: (namespace: NamespaceId, keys: readonly string[]) => void): () => void {
    this.#board.listeners.add(listener);
    return () => this.#board.listeners.delete(listener);
  }

  deleted = unused;
  create = unused;
  genesis = unused;
  namespaces = unused;
  read = unused;
  scan = unused;
  follow = unused;
  unfollow = unused;
  changes = unused;
}
