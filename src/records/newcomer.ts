import type { Genesis } from "../cluster/index.ts";
import { shardOf } from "../cluster/index.ts";
import type { HostId, NamespaceId } from "../codec/index.ts";
import { hex } from "../codec/index.ts";
import { leafHash } from "../crypto/index.ts";
import type { WorkerTurn } from "../platform/index.ts";
import { messageOf } from "../platform/index.ts";
import type { Env, TokenBucket } from "../platform/index.ts";
import { contains } from "./context.ts";
import { RecordsError } from "./errors.ts";
import { fetchPages } from "./fetching.ts";
import { ASK_DIFFER } from "./messages.ts";
import type { Peers } from "./peers.ts";
import type { ClusterView } from "./port.ts";
import { isMajorityOnline } from "./qualifying.ts";
import type { Replica } from "./replica.ts";
import { rowTag } from "./row.ts";
import { justAfter, namespaceIn, recordKeyIn, table } from "./tables.ts";

// A host that is below the floor may hold what was deleted, and whose deletion has been collected. So it compares every row with a majority
// of those whose copies of the row's group are complete, and drops the versions that none of them has: those were superseded, or all who
// knew of them have been lost. It keeps what a host has written that has, like itself, taken part in no floor since: what supersedes such a
// version names that host, so it has not been collected, and comes with catching up. So hosts that were cut off together and counted out
// keep what they have acknowledged to each other; and so does each what it has written, whether it lies in its outbox still or not.

const STEP = 256;
const TIMEOUT_MS = 10_000;

interface Row {
  readonly namespace: NamespaceId;
  readonly key: string;
  readonly tag: Uint8Array;
}

/** What others have of this host's versions, by hash in hexadecimal digits. */
interface Known {
  readonly had: Set<string>;
  readonly superseded: Set<string>;
}

export interface NewcomerParts {
  readonly replica: Replica;
  readonly cluster: ClusterView;
  readonly peers: Peers;
  readonly pace: TokenBucket;
}

export class Newcomer {
  readonly #env: Env;
  readonly #parts: NewcomerParts;
  /** The last row that was compared with the others under this floor. */
  #reached: { readonly floor: number; readonly row: Uint8Array | undefined } = { floor: 0, row: undefined };

  /** Whose versions were kept although none of a majority has them. */
  readonly #spared = new Set<HostId>();

  constructor(env: Env, parts: NewcomerParts) {
    this.#env = env;
    this.#parts = parts;
  }

  /** Compares from where it was left on. @returns whether all rows have been compared */
  async compare({ signal, report }: WorkerTurn): Promise<boolean> {
    const { replica } = this.#parts;
    const { floor } = replica.floor.state;
    const { from, to } = table("k");
    if (this.#reached.floor !== floor) {
      this.restart();
      this.#reached = { floor, row: undefined };
    }
    let looked = 0;
    for (const page of replica.stored.walk({ from: this.#reached.row === undefined ? from : justAfter(this.#reached.row), to }, STEP)) {
      const rows = page.map(({ key, value }) => ({ namespace: namespaceIn(key), key: recordKeyIn(key), tag: rowTag(value) }));
      if (!(await this.#comparePage(rows, signal)) || replica.floor.state.floor !== floor) return false;
      looked += rows.length;
      report(`comparing with the others what this host had when it came back: ${looked} rows`);
      this.#reached = { floor, row: page.at(-1)!.key };
    }
    return true;
  }

  /** To be done again from the beginning. */
  restart(): void {
    this.#reached = { floor: 0, row: undefined };
    this.#spared.clear();
  }

  /** Whether by what is known now, too, this host was right not to drop what it has kept although none of a majority has it. */
  get isStillRight(): boolean {
    return [...this.#spared].every((host) => this.#isSpared(host));
  }

  /** Whether this host's versions are as if it had never been away: whatever has superseded one of them is remembered still. */
  #isSpared(host: HostId): boolean {
    const { replica, cluster } = this.#parts;
    return replica.floor.hasMissedToo(host) && cluster.members().includes(host);
  }

  async #comparePage(rows: readonly Row[], signal: AbortSignal): Promise<boolean> {
    const { replica } = this.#parts;
    const asked = Map.groupBy(rows, ({ namespace, key }) => {
      const genesis = replica.geneses.get(namespace);
      return genesis === undefined ? "" : `${shardOf(namespace, genesis, key)} ${genesis.replicas}`;
    });
    for (const [name, some] of asked) {
      if (name === "") continue;
      const { namespace, key } = some[0]!;
      const genesis = replica.geneses.get(namespace)!;
      const hosts = this.#witnesses(shardOf(namespace, genesis, key), genesis);
      if (hosts === undefined) return false;
      if (hosts.length === 0) continue;
      if (signal.aborted || !(await this.#compareWith(hosts, some, signal))) return false;
    }
    return true;
  }

  /**
   * A majority of those whose copies are complete; undefined while too few are in reach. None where no other host should have the group, and
   * where nobody is ready for it of all who should, and of more than half of the members: all copies are newcomers' then. Other newcomers are
   * no witnesses, whatever they have published: what takes that back is not heard before they are newcomers no more, and they wait for this one.
   */
  #witnesses(group: number, genesis: Genesis): readonly HostId[] | undefined {
    const { replica, cluster, peers } = this.#parts;
    const ready = replica.readiness.others(group, genesis.replicas).filter((host) => !replica.floor.isBelow(host));
    const online = new Set(cluster.online());
    const inReach = peers.nearest(ready.filter((host) => online.has(host)));
    if (ready.length === 0) {
      const others = replica.holdings.targets(group, genesis).filter((host) => host !== cluster.self);
      const areThere = others.every((host) => online.has(host)) && isMajorityOnline(cluster);
      return others.length === 0 || areThere ? [] : undefined;
    }
    const enough = Math.floor(ready.length / 2) + 1;
    return inReach.length < enough ? undefined : inReach.slice(0, enough);
  }

  async #compareWith(hosts: readonly HostId[], rows: readonly Row[], signal: AbortSignal): Promise<boolean> {
    try {
      let different = rows;
      for (const host of hosts) if (different.length > 0) different = await this.#different(host, different, signal);
      if (different.length > 0) await this.#drop(different, await this.#known(hosts, different, signal));
      return true;
    } catch (error) {
      this.#env.log.debug("what this host has could not be compared", { why: messageOf(error) });
      return false;
    }
  }

  async #different(host: HostId, rows: readonly Row[], signal: AbortSignal): Promise<readonly Row[]> {
    const { peers, replica } = this.#parts;
    const { different, standing } = await peers.ask(host, ASK_DIFFER, { keys: rows }, TIMEOUT_MS, signal);
    if (!replica.floor.admits(standing)) throw new RecordsError("BELOW_FLOOR", "The other host is below the floor itself.");
    return different.map((at) => rows[at]).filter((row) => row !== undefined);
  }

  /** What any of the hosts has, and has superseded, of this host's versions of these keys. Not what they have of others: that may be without bounds. */
  async #known(hosts: readonly HostId[], rows: readonly Row[], signal: AbortSignal): Promise<Known> {
    const { peers, pace, replica } = this.#parts;
    const known: Known = { had: new Set(), superseded: new Set() };
    const asked = rows.map(({ namespace, key }) => ({ namespace, key }));
    for (const host of hosts) {
      for await (const { records, standing } of fetchPages({ env: this.#env, peers, pace }, host, asked, signal)) {
        if (!replica.floor.admits(standing)) throw new RecordsError("BELOW_FLOOR", "The other host is below the floor itself.");
        for (const [, some] of Map.groupBy(records, ({ body }) => body.namespace + body.key)) {
          const { namespace, key } = some[0]!.body;
          const leaves = new Set(some.map(({ sealed }) => hex(leafHash(sealed.leaf))));
          for (const { dot, sealed } of replica.stored.siblings(namespace, key)) {
            const leaf = hex(leafHash(sealed.leaf));
            if (leaves.has(leaf)) known.had.add(leaf);
            else if (some.some(({ context }) => contains(context, dot))) known.superseded.add(leaf);
          }
        }
      }
    }
    return known;
  }

  async #drop(rows: readonly Row[], { had, superseded }: Known): Promise<void> {
    const { replica } = this.#parts;
    let waiting: ReadonlySet<string> | undefined;
    // When its turn has come: something may have been written meanwhile.
    const isWaiting = (leaf: string): boolean => (waiting ??= new Set([...replica.outbox.waiting()].flatMap(({ items }) => items.map(({ record }) => hex(leafHash(record.sealed.leaf)))))).has(leaf);
    await replica.retain(rows, "dropped BELOW_FLOOR", ({ dot, sealed }) => {
      const leaf = hex(leafHash(sealed.leaf));
      if (had.has(leaf) || isWaiting(leaf)) return true;
      if (superseded.has(leaf) || !this.#isSpared(dot.actor.host)) return false;
      this.#spared.add(dot.actor.host);
      return true;
    });
  }
}
