import type { Exclusion, Signed } from "../cluster/index.ts";
import { carriesProof, isExcluded, removalCodec } from "../cluster/index.ts";
import type { NetworkId } from "../codec/index.ts";
import { CodecError, byteString, codec, concatBytes, fixedBytes, hex, list, struct, utf8 } from "../codec/index.ts";
import type { Shape } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import type { Env, WorkerTurn } from "../platform/index.ts";
import { signedOf } from "./batch.ts";
import type { StoredRecord } from "./batch.ts";
import type { RetainingJob } from "./jobs.ts";
import { ALL_GROUPS } from "./limits.ts";
import type { ClusterView } from "./port.ts";
import type { Replica } from "./replica.ts";
import { rowSiblings } from "./row.ts";
import { justAfter, metaKey, namespaceIn, recordKeyIn, table } from "./tables.ts";

// A removal, revocation or expulsion that is heard of late finds batches stored that it does not honour. Hosts that heard of it first have
// refused them, so for all replicas to be equal the others drop them. What those batches had superseded may be left on the hosts that
// never took them, so where something was dropped this host catches up from the beginning. And should an exclusion go or change, what was
// refused because of it is asked for again.

const DIGEST_BYTES = 16;
/** So many are kept on the disk. */
const EXCLUSIONS_MAX = 50_000;
const STEP = 256;
/** Between two steps, so that everything else goes on beside it. */
const PAUSE_MS = 2;

interface Progress {
  /** Digests of the exclusions by which every row here has been judged. */
  readonly done: readonly Uint8Array[];
  /** Digests of those by which rows are being judged now. */
  readonly doing: readonly Uint8Array[];
  /** The last row that was judged by those; empty at the beginning. */
  readonly reached: Uint8Array;
}

const NOTHING: Progress = { done: [], doing: [], reached: new Uint8Array(0) };
/**
 * In place of more digests than are kept; none is like it. So after a start something counts again, as far as the disk says: all rows are judged
 * anew, and everything is asked for once more.
 */
const TOO_MANY: readonly Uint8Array[] = [new Uint8Array(DIGEST_BYTES)];

const digests = list(fixedBytes(DIGEST_BYTES), EXCLUSIONS_MAX) as Shape<readonly Uint8Array[]>;
export const progressCodec = codec<Progress>("What rows have been judged by", 1, 2 * 1024 * 1024, struct({ done: digests, doing: digests, reached: byteString(4096) }));

function digestOf({ host, author, honoured }: Exclusion): Uint8Array {
  return sha256(concatBytes(utf8(`${host}/${author ?? ""}/`), removalCodec.encode({ honoured }))).slice(0, DIGEST_BYTES);
}

export interface JudgingParts {
  readonly replica: Replica;
  readonly cluster: ClusterView;
  readonly network: NetworkId;
}

export class Judging {
  readonly #env: Env;
  readonly #parts: JudgingParts;
  #judged: readonly Exclusion[] | undefined;
  /** What the disk says of it, or would if it had room for all. */
  #progress: Progress | undefined;

  constructor(env: Env, parts: JudgingParts) {
    this.#env = env;
    this.#parts = parts;
  }

  async turn({ signal, report }: WorkerTurn): Promise<void> {
    const { cluster, replica } = this.#parts;
    const exclusions = cluster.exclusions();
    if (exclusions === this.#judged) return;
    if (replica.outbox.drop(({ body, dot, batch }) => this.#falls(body, { ...dot.actor, author: body.author, batch }, exclusions)) > 0) await replica.keep([]);
    const digested = exclusions.map(digestOf);
    const progress = await this.#forgiven((this.#progress ??= this.#load()), digested);
    const done = new Set(progress.done.map(hex));
    const fresh = exclusions.filter((_, at) => !done.has(hex(digested[at]!)));
    const due = fresh.filter((exclusion) => this.#wasExceeded(exclusion));
    if (due.length > 0 && !(await this.#scan(progress, due, exclusions, { signal, report }))) return;
    if (fresh.length > 0) await this.#keep({ ...NOTHING, done: digested });
    this.#judged = exclusions;
    report(exclusions.length === 0 ? "nobody has been removed" : `all rows are judged by ${exclusions.length} removals and revocations`);
  }

  /** When something counts again that was refused, everything is asked for once more. */
  async #forgiven(progress: Progress, digested: readonly Uint8Array[]): Promise<Progress> {
    const current = new Set(digested.map(hex));
    const left = progress.done.filter((digest) => current.has(hex(digest)));
    if (left.length === progress.done.length) return progress;
    return this.#keep({ ...progress, done: left }, ALL_GROUPS);
  }

  /** Whether anything beyond what is honoured was ever seen here. */
  #wasExceeded({ host, honoured }: Exclusion): boolean {
    const last = new Map(honoured.map(({ incarnation, batch }) => [incarnation, batch]));
    return this.#parts.replica.stored.highestBatches({ host, incarnation: 0 }).some(({ incarnation, batch }) => batch > (last.get(incarnation) ?? 0));
  }

  /** @returns whether it came to the end under the same exclusions; it goes on where it was otherwise, or from the beginning by new ones */
  async #scan({ done, doing, reached }: Progress, due: readonly Exclusion[], all: readonly Exclusion[], { signal, report }: WorkerTurn): Promise<boolean> {
    const { replica, cluster } = this.#parts;
    const { from: begin, to } = table("k");
    const wanted = due.map(digestOf);
    const isSame = wanted.map(hex).join() === doing.map(hex).join();
    const from = isSame && reached.length > 0 ? justAfter(reached) : begin;
    let looked = 0;
    for (const rows of replica.stored.walk({ from, to }, STEP)) {
      if (signal.aborted || cluster.exclusions() !== all) return false;
      const found = rows.filter(({ value }) => this.#isDue(value, due)).map(({ key }) => ({ namespace: namespaceIn(key), key: recordKeyIn(key) }));
      await this.#drop(found);
      looked += rows.length;
      report(`judged ${looked} rows again by ${due.length} removals and revocations`);
      await this.#keep({ done, doing: wanted, reached: rows.at(-1)!.key });
      await this.#env.timers.sleep(PAUSE_MS, signal).catch(() => {});
    }
    return !signal.aborted && cluster.exclusions() === all;
  }

  #isDue(row: Uint8Array, due: readonly Exclusion[]): boolean {
    return rowSiblings(row).some((sibling) => due.some(({ host }) => host === sibling.dot.actor.host) && isExcluded(signedOf(sibling), due));
  }

  /** The network's own keys one by one: a removal that is dropped itself excludes nobody any more. */
  async #drop(keys: RetainingJob["keys"]): Promise<void> {
    const { network, replica, cluster } = this.#parts;
    const isNetworks = ({ namespace }: RetainingJob["keys"][number]): boolean => (namespace as string) === network;
    const judge = (some: RetainingJob["keys"]): Promise<void> => replica.retain(some, "dropped EXCLUDED", (sibling) => !this.#falls(sibling.body, signedOf(sibling), cluster.exclusions()));
    for (const key of keys.filter(isNetworks)) await judge([key]);
    const others = keys.filter((key) => !isNetworks(key));
    if (others.length > 0) await judge(others);
  }

  #falls(body: StoredRecord["body"], signed: Signed, exclusions: readonly Exclusion[]): boolean {
    const isProven = (body.namespace as string) === this.#parts.network && carriesProof(body);
    return !isProven && isExcluded(signed, exclusions);
  }

  #load(): Progress {
    const stored = this.#parts.replica.stored.get(metaKey("judged"));
    if (stored === undefined) return NOTHING;
    try {
      return progressCodec.decode(stored);
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      // An earlier version of this program kept more than can be read.
      return { ...NOTHING, done: TOO_MANY };
    }
  }

  async #keep(progress: Progress, anew: readonly number[] = []): Promise<Progress> {
    const value = progressCodec.encode({ ...progress, done: asKept(progress.done), doing: asKept(progress.doing) });
    await this.#parts.replica.keep([{ kind: "put", key: metaKey("judged"), value }], anew);
    this.#progress = progress;
    return progress;
  }
}

function asKept(all: readonly Uint8Array[]): readonly Uint8Array[] {
  return all.length > EXCLUSIONS_MAX ? TOO_MANY : all;
}
