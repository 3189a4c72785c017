import type { Roster } from "../cluster/index.ts";
import type { AccountId, BlobId, HostId, NamespaceId, NetworkId, PackId } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import { Worker } from "../platform/index.ts";
import type { Pool, PoolUpkeep } from "../pool/index.ts";
import type { Records } from "../records/index.ts";
import { Blocks } from "./blocks.ts";
import { scan } from "./catalogue.ts";
import { countersign } from "./countersign.ts";
import { SiteDomains } from "./domains/domains.ts";
import type { LookUpTexts } from "./domains/proofs.ts";
import { SiteError } from "./errors.ts";
import type { Head } from "./head.ts";
import { HEAD_KEY, HISTORY_PREFIX, allHeads, headInfo } from "./head.ts";
import type { Heads } from "./heads.ts";
import { history } from "./history.ts";
import { ManifestCache } from "./manifest-cache.ts";
import type { HeadInfo, PublishOptions, PublishResult, SiteInfo, SiteView, Sites } from "./port.ts";
import type { SitePublication } from "./publication.ts";
import { Publishing } from "./publishing.ts";
import { SiteIndex } from "./site-index.ts";
import type { Lending } from "./view.ts";
import { View } from "./view.ts";
import { VisitBook } from "./visits/visits.ts";

const MANIFEST_CACHE_BYTES = 64 * 1024 * 1024;
const COUNTERSIGN_EVERY_MS = 60_000;

export interface SiteParts {
  readonly network: NetworkId;
  readonly self: HostId;
  /** The person in whose name this host writes; undefined when nobody delegated to it. */
  readonly account: () => AccountId | undefined;
  readonly roster: () => Roster;
  readonly records: Records;
  readonly pool: Pool;
  /** Says what content of earlier may be relied on. Left out: only that of the current head is. */
  readonly reuse?: Pick<PoolUpkeep, "canRely" | "reliable" | "staysSince">;
  /** The texts that DNS has under a name. Left out: domains are proven by administrators only. */
  readonly lookUpTexts?: LookUpTexts;
  /** Whether this host serves the sites' own domains, and so keeps finding out whose they are. */
  readonly servesDomains?: boolean;
  /** Memory for lists of files; default 64 MiB. */
  readonly cacheBytes?: number;
}

/** The sites as the daemon runs them. */
export interface RunningSites extends Sites {
  readonly workers: readonly Worker[];
  start(): void;
  /** The packs that any head of the namespace, current or in its history, or a publication under way here uses. @throws when a manifest cannot be read */
  packsUsed(namespace: NamespaceId, signal: AbortSignal): Promise<ReadonlySet<PackId>>;
  /** Ends publications under way. */
  stop(): Promise<void>;
}

export function createSites(env: Env, parts: SiteParts): RunningSites {
  return new SiteRoom(env, parts);
}

class SiteRoom implements RunningSites {
  readonly workers: readonly Worker[];
  readonly domains: SiteDomains;
  readonly visits: VisitBook;
  readonly #env: Env;
  readonly #with: SiteParts;
  readonly #index: SiteIndex;
  readonly #manifests: ManifestCache;
  readonly #blocks: Blocks;
  readonly #publishing: Publishing;
  readonly #unlisten: () => void;
  #isStarted = false;

  constructor(env: Env, parts: SiteParts) {
    this.#env = env;
    this.#with = parts;
    this.#index = new SiteIndex(env, parts);
    this.#manifests = new ManifestCache(parts.pool, parts.cacheBytes ?? MANIFEST_CACHE_BYTES);
    this.#blocks = new Blocks(parts.pool);
    this.#publishing = new Publishing(env, parts, this.#index, this.#manifests, () => this.#account());
    this.domains = new SiteDomains(env, parts, this.#index, () => this.#account());
    this.visits = new VisitBook(env, parts, this.#index);
    const countersigning = { ...parts, catalogue: this.#index.catalogue };
    const worker = new Worker(env, {
      name: "countersign names",
      everyMs: COUNTERSIGN_EVERY_MS,
      work: async ({ signal, report }) => report(`wrote ${await countersign(countersigning, signal)} votes`),
    });
    this.workers = [worker, ...this.domains.workers, this.visits.worker];
    this.#unlisten = parts.records.onApplied((namespace, keys) => {
      if (this.#index.applied(namespace, keys) && this.#isStarted) worker.nudge();
      this.#blocks.applied(namespace, keys);
      this.domains.applied(namespace, keys);
    });
    // From here on each change of a head is seen, and when.
    this.list();
  }

  start(): void {
    this.#isStarted = true;
    for (const worker of this.workers) worker.start();
  }

  async stop(): Promise<void> {
    this.#unlisten();
    await Promise.all(this.workers.map((worker) => worker.stop()));
    await Promise.all([this.#publishing.stop(), this.visits.stop()]);
  }

  async packsUsed(namespace: NamespaceId, signal: AbortSignal): Promise<ReadonlySet<PackId>> {
    // Asked first: what is committed meanwhile may be named by a head that is not read any more.
    const used = new Set(this.#publishing.packsInUse());
    for (const head of this.#everyHead(namespace)) {
      const { packs } = await this.#manifests.get(namespace, head, signal);
      for (const pack of [...packs, head.manifest.pack]) used.add(pack);
    }
    return used;
  }

  *#everyHead(namespace: NamespaceId): Generator<Head> {
    const { records } = this.#with;
    yield* allHeads(records.local(namespace, HEAD_KEY));
    for (const state of scan(records, namespace, HISTORY_PREFIX)) yield* allHeads(state);
  }

  list(): readonly SiteInfo[] {
    return this.#index.list();
  }

  find(name: string): SiteInfo | undefined {
    return this.#index.find(name)?.info;
  }

  history(name: string): readonly HeadInfo[] {
    const found = this.#index.find(name);
    if (found === undefined) return [];
    return [...history(this.#with.records, found.claim.namespace)].map(headInfo).reverse();
  }

  numbered(name: string, sequence: number): HeadInfo | undefined {
    const found = this.#index.find(name);
    const head = found && this.#index.findNumbered(found, sequence);
    return head && headInfo(head);
  }

  publish(name: string, options: PublishOptions): Promise<SitePublication> {
    return this.#publishing.publish(name, options);
  }

  rollback(name: string, sequence: number): Promise<PublishResult> {
    return this.#publishing.rollback(name, sequence);
  }

  unpublish(name: string): Promise<void> {
    return this.#publishing.unpublish(name);
  }

  async open(name: string, signal?: AbortSignal, sequence?: number): Promise<SiteView> {
    const found = this.#index.require(name);
    const { label, info, claim } = found;
    if (sequence !== undefined) {
      const head = this.#index.numbered(found, sequence);
      const manifest = await this.#manifests.get(claim.namespace, head, signal);
      return new View({ env: this.#env, pool: this.#with.pool, site: info, head: headInfo(head), manifest: manifest.check(head), before: undefined });
    }
    const head = this.#index.heads.current(claim.namespace);
    if (head === undefined) throw new SiteError("NO_SITE", `Nothing is published under "${label}" at present. Ask its owner, or look the sites up with "holdfast sites".`);
    const before = this.#index.heads.before(claim.namespace);
    const lending = before?.isRecent() === true ? this.#lending(claim.namespace, before) : undefined;
    const parts = { env: this.#env, pool: this.#with.pool, site: info };
    try {
      const manifest = (await this.#manifests.get(claim.namespace, head, signal)).check(head);
      return new View({ ...parts, head: headInfo(head), manifest, before: lending });
    } catch (error) {
      signal?.throwIfAborted();
      // A head can be here before its packs are. An answer from the one before is better than none.
      const old = before && (await this.#manifests.get(claim.namespace, before.head, signal).catch(() => undefined));
      if (before === undefined || old === undefined) throw error;
      this.#env.log.warn("the new head cannot be read yet; the one before is served", { site: label, error });
      return new View({ ...parts, head: headInfo(before.head), manifest: old, before: undefined });
    }
  }

  /** What the head before lends, from when its list of files is here. Nobody waits for that: whoever keeps it may not answer. */
  #lending(namespace: NamespaceId, { head, isRecent }: NonNullable<ReturnType<Heads["before"]>>): Lending {
    const lending: { -readonly [Key in keyof Lending]: Lending[Key] } = { manifest: undefined, isRecent };
    this.#manifests.get(namespace, head).then((manifest) => (lending.manifest = manifest), () => {});
    return lending;
  }

  block(id: BlobId, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    const owners = this.list().flatMap(({ namespace, head }) => (head === undefined ? [] : [{ namespace, root: `${head.sequence} ${head.root}` }]));
    return this.#blocks.get(id, owners, signal);
  }

  #account(): AccountId {
    const account = this.#with.account();
    if (account === undefined) throw new SiteError("NO_ACCOUNT", 'This host writes in nobody\'s name. Import your key on it with "holdfast key import".');
    return account;
  }
}
