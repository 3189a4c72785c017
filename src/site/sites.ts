import type { Genesis, Roster } from "../cluster/index.ts";
import { namespaceIdOf } from "../cluster/index.ts";
import type { AccountId, BlobId, HostId, NamespaceId, NetworkId, PackId } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import { Limiter, Worker } from "../platform/index.ts";
import type { Pool } from "../pool/index.ts";
import type { Records, Write } from "../records/index.ts";
import { Blocks } from "./blocks.ts";
import type { Name } from "./catalogue.ts";
import { Catalogue, scan } from "./catalogue.ts";
import type { Claim } from "./claim.ts";
import { SITE_TYPE, claimKey, encodeClaim, siteGenesis } from "./claim.ts";
import { countersign } from "./countersign.ts";
import { SiteError } from "./errors.ts";
import type { Head } from "./head.ts";
import { HEAD_KEY, HISTORY_PREFIX, allHeads, greatestHead, headCodec, headInfo, historyKey } from "./head.ts";
import { Heads } from "./heads.ts";
import { history, isManifestPack, newestHead } from "./history.ts";
import { ManifestCache } from "./manifest-cache.ts";
import { siteNameOf } from "./names.ts";
import type { HeadInfo, PublishOptions, PublishResult, SiteInfo, SiteView, Sites } from "./port.ts";
import type { HeadDraft } from "./publication.ts";
import { SitePublication } from "./publication.ts";
import { View } from "./view.ts";

const MANIFEST_CACHE_BYTES = 64 * 1024 * 1024;
const COUNTERSIGN_EVERY_MS = 60_000;
const NONCE_BYTES = 16;
/** Deletions written together. */
const BATCH = 256;

export interface SiteParts {
  readonly network: NetworkId;
  readonly self: HostId;
  /** The person in whose name this host writes; undefined when nobody delegated to it. */
  readonly account: () => AccountId | undefined;
  readonly roster: () => Roster;
  readonly records: Records;
  readonly pool: Pool;
  /** Memory for lists of files; default 64 MiB. */
  readonly cacheBytes?: number;
}

/** The sites as the daemon runs them. */
export interface RunningSites extends Sites {
  readonly workers: readonly Worker[];
  start(): void;
  /** The packs that any head of the namespace, current or in its history, or a publication under way here uses. @throws when a manifest cannot be read */
  packsUsed(namespace: NamespaceId, signal: AbortSignal): Promise<ReadonlySet<PackId>>;
  /** Aborts publications under way. */
  stop(): Promise<void>;
}

export function createSites(env: Env, parts: SiteParts): RunningSites {
  return new SiteRoom(env, parts);
}

/** A site that exists. */
interface Found {
  readonly label: string;
  readonly claim: Claim;
  readonly info: SiteInfo;
}

class SiteRoom implements RunningSites {
  readonly workers: readonly Worker[];
  readonly #env: Env;
  readonly #with: SiteParts;
  readonly #catalogue: Catalogue;
  readonly #heads: Heads;
  readonly #manifests: ManifestCache;
  readonly #blocks: Blocks;
  readonly #publications = new Set<SitePublication>();
  /** One head of a site is written at a time. */
  readonly #writing = new Map<NamespaceId, Limiter>();
  readonly #unlisten: () => void;
  #isStarted = false;

  constructor(env: Env, parts: SiteParts) {
    this.#env = env;
    this.#with = parts;
    this.#catalogue = new Catalogue(parts.network, parts.roster, parts.records);
    this.#heads = new Heads(env, parts.records);
    this.#manifests = new ManifestCache(parts.pool, parts.cacheBytes ?? MANIFEST_CACHE_BYTES);
    this.#blocks = new Blocks(parts.pool);
    const countersigning = { ...parts, catalogue: this.#catalogue };
    const worker = new Worker(env, {
      name: "countersign names",
      everyMs: COUNTERSIGN_EVERY_MS,
      work: async ({ signal, report }) => report(`wrote ${await countersign(countersigning, signal)} votes`),
    });
    this.workers = [worker];
    this.#unlisten = parts.records.onApplied((namespace, keys) => {
      if (this.#applied(namespace, keys) && this.#isStarted) worker.nudge();
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
    await Promise.allSettled([...this.#publications].map((publication) => publication.abort()));
  }

  async packsUsed(namespace: NamespaceId, signal: AbortSignal): Promise<ReadonlySet<PackId>> {
    // Asked first: what is committed meanwhile may be named by a head that is not read any more.
    const used = new Set([...this.#publications].flatMap((publication) => [...publication.packsInUse()]));
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
    return this.#catalogue
      .list()
      .map((name) => this.#found(name)?.info)
      .filter((info) => info !== undefined);
  }

  find(name: string): SiteInfo | undefined {
    return this.#lookUp(name)?.info;
  }

  history(name: string): readonly HeadInfo[] {
    const found = this.#lookUp(name);
    if (found === undefined) return [];
    return [...history(this.#with.records, found.claim.namespace)].map(headInfo).reverse();
  }

  async open(name: string, signal?: AbortSignal, sequence?: number): Promise<SiteView> {
    const { label, info, claim } = this.#require(name);
    if (sequence !== undefined) {
      const head = this.#numbered(label, claim, sequence);
      return new View({ pool: this.#with.pool, site: info, head: headInfo(head), manifest: await this.#manifests.get(claim.namespace, head, signal), before: undefined });
    }
    const head = this.#heads.current(claim.namespace);
    if (head === undefined) throw new SiteError("NO_SITE", `Nothing is published under "${label}" at present. Ask its owner, or look the sites up with "holdfast sites".`);
    const before = this.#heads.before(claim.namespace);
    const old = before && (await this.#manifests.get(claim.namespace, before.head, signal).catch(() => undefined));
    const parts = { pool: this.#with.pool, site: info };
    try {
      const manifest = await this.#manifests.get(claim.namespace, head, signal);
      return new View({ ...parts, head: headInfo(head), manifest, before: before && old && { manifest: old, isRecent: before.isRecent } });
    } catch (error) {
      signal?.throwIfAborted();
      // A head can be here before its packs are. An answer from the one before is better than none.
      if (before === undefined || old === undefined) throw error;
      this.#env.log.warn("the new head cannot be read yet; the one before is served", { site: label, error });
      return new View({ ...parts, head: headInfo(before.head), manifest: old, before: undefined });
    }
  }

  block(id: BlobId, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    const owners = this.list().flatMap(({ namespace, head }) => (head === undefined ? [] : [{ namespace, root: `${head.sequence} ${head.root}` }]));
    return this.#blocks.get(id, owners, signal);
  }

  async publish(name: string, options: PublishOptions): Promise<SitePublication> {
    const label = siteNameOf(name);
    const owner = this.#requireAccount();
    const claim = this.#claimOf(label);
    if (claim !== undefined && claim.owner !== owner) throw this.#taken(label, owner);
    const genesis = claim?.genesis ?? siteGenesis(this.#with.network, owner, this.#env.random.bytes(NONCE_BYTES));
    const namespace = await this.#with.records.create(genesis);
    // The newest, though it may be one that nobody sees yet: it is the likeliest to have the same files.
    const head = newestHead(this.#with.records, namespace);
    const publication: SitePublication = new SitePublication({
      namespace,
      pool: this.#with.pool,
      options,
      base: head && (await this.#base(namespace, head, options.signal)),
      wallMs: () => this.#wallMs(),
      writeHead: (draft) => this.#writeHead(label, genesis, claim, draft, options.isPreview === true),
      isUsed: (pack) => isManifestPack(this.#with.records, namespace, pack),
      ended: () => this.#publications.delete(publication),
    });
    this.#publications.add(publication);
    return publication;
  }

  async rollback(name: string, sequence: number): Promise<PublishResult> {
    const { label, claim } = this.#requireOwn(name);
    const head = this.#numbered(label, claim, sequence);
    const { packs } = await this.#manifests.get(claim.namespace, head);
    const { root, manifest, files, sizeBytes } = head;
    return this.#writeHead(label, claim.genesis, claim, { root, manifest, files, sizeBytes, packs }, false);
  }

  /** @throws SiteError NO_HEAD */
  #numbered(label: string, { namespace }: Claim, sequence: number): Head {
    const head = greatestHead(this.#with.records.local(namespace, historyKey(sequence)));
    if (head === undefined) throw new SiteError("NO_HEAD", `"${label}" has no publication number ${sequence}. Its history lists those it has.`);
    return head;
  }

  /**
   * Also takes back a claim that lost the name to somebody else's. The heads go first, so that nothing points at what is removed; the name
   * goes last, so that an attempt that was cut short can be made again.
   */
  async unpublish(name: string): Promise<void> {
    const { label } = this.#require(name);
    const owner = this.#requireAccount();
    const own = this.#ownClaims(label, owner);
    if (own.length === 0) throw notOwner(label);
    for (const { namespace } of own) await this.#alone(namespace, () => this.#clear(namespace));
    await this.#write([{ namespace: this.#catalogue.namespace, key: claimKey(label, owner), value: null }]);
  }

  async #clear(namespace: NamespaceId): Promise<void> {
    const { records, pool } = this.#with;
    const keys = [HEAD_KEY, ...[...scan(records, namespace, HISTORY_PREFIX)].map(({ key }) => key)];
    for (let at = 0; at < keys.length; at += BATCH) await this.#write(keys.slice(at, at + BATCH).map((key) => ({ namespace, key, value: null })));
    await pool.remove(namespace, [...pool.packs(namespace)].map(({ pack }) => pack));
  }

  /**
   * Makes the draft the current head, or a preview that is in the history alone; and the name the site's if it was free.
   * @param begunWith the claim that there was when the draft was begun
   */
  async #writeHead(label: string, genesis: Genesis, begunWith: Claim | undefined, draft: HeadDraft, isPreview: boolean): Promise<PublishResult> {
    const { records, pool } = this.#with;
    const namespace = namespaceIdOf(genesis);
    const owner = this.#requireAccount();
    return this.#alone(namespace, async () => {
      const claim = this.#claimOf(label);
      if (claim !== undefined && claim.owner !== owner) throw this.#taken(label, owner);
      if (claim !== undefined && claim.namespace !== namespace) throw new SiteError("NAME_TAKEN", `You published "${label}" for the first time from elsewhere while this publication was under way. Publish again.`);
      if (claim === undefined && begunWith !== undefined) throw new SiteError("NO_SITE", `"${label}" was unpublished while this publication was under way. Publish again if it should come back.`);
      const current = greatestHead(records.local(namespace, HEAD_KEY));
      const { root, manifest, files, sizeBytes, packs } = draft;
      // Also above previews: a number never comes to mean something else.
      const newest = newestHead(records, namespace);
      const head: Head = { sequence: (newest?.sequence ?? 0) + 1, root, manifest, files, sizeBytes, publishedMs: this.#wallMs(), previous: current?.sequence ?? null };
      const value = headCodec.encode(head);
      const claiming: Write[] = claim === undefined ? [{ namespace: this.#catalogue.namespace, key: claimKey(label, owner), value: encodeClaim(genesis) }] : [];
      const { safe } = await this.#write([...claiming, ...(isPreview ? [] : [{ namespace, key: HEAD_KEY, value }]), { namespace, key: historyKey(head.sequence), value }]);
      const site: SiteInfo = this.find(label) ?? { name: label, namespace, owner, standing: "provisional", head: isPreview ? undefined : headInfo(head) };
      return { site, head: headInfo(head), survives: pool.survives(namespace, packs), safe };
    });
  }

  async #write(writes: readonly Write[]): Promise<{ readonly safe: boolean }> {
    const result = await this.#with.records.write(writes);
    for (const { namespace, key } of writes) this.#applied(namespace, [key]);
    return result;
  }

  /** Takes in what the records say now. Says whether voters may have something to do. */
  #applied(namespace: NamespaceId, keys: readonly string[]): boolean {
    if (namespace === this.#catalogue.namespace) return this.#catalogue.applied(namespace, keys) || keys.includes("voters");
    if (this.#with.records.genesis(namespace)?.type === SITE_TYPE) this.#heads.applied(namespace, keys);
    return false;
  }

  async #base(namespace: NamespaceId, head: Head, signal: AbortSignal | undefined): Promise<{ head: Head; manifest: Awaited<ReturnType<ManifestCache["get"]>> } | undefined> {
    try {
      const manifest = await this.#manifests.get(namespace, head, signal);
      // What it says of the files is needed later, when it is too late to do without.
      for (const _ of manifest.all()) continue;
      return { head, manifest };
    } catch (error) {
      signal?.throwIfAborted();
      this.#env.log.warn("the current head cannot be read; everything is sent anew", { namespace, error });
      return undefined;
    }
  }

  async #alone<T>(namespace: NamespaceId, work: () => Promise<T>): Promise<T> {
    const limiter = this.#writing.get(namespace) ?? new Limiter(1);
    this.#writing.set(namespace, limiter);
    try {
      return await limiter.run(work);
    } finally {
      if (limiter.inUse + limiter.waiting === 0) this.#writing.delete(namespace);
    }
  }

  #lookUp(name: string): Found | undefined {
    const entry = this.#catalogue.find(name.toLowerCase());
    return entry && this.#found(entry);
  }

  #found({ label, holding }: Name): Found | undefined {
    if (holding === undefined) return undefined;
    const { claim, standing } = holding;
    const head = this.#heads.current(claim.namespace);
    return { label, claim, info: { name: label, namespace: claim.namespace, owner: claim.owner, standing, head: head && headInfo(head) } };
  }

  #claimOf(label: string): Claim | undefined {
    return this.#catalogue.find(label)?.holding?.claim;
  }

  #ownClaims(label: string, owner: AccountId): readonly Claim[] {
    return this.#catalogue.find(label)?.entries.claims.filter((claim) => claim.owner === owner) ?? [];
  }

  #taken(label: string, owner: AccountId): SiteError {
    const why = this.#ownClaims(label, owner).length === 0 ? "" : ` You had claimed it too, but the other claim came first; "holdfast unpublish ${label}" removes what you published under it.`;
    return new SiteError("NAME_TAKEN", `"${label}" is taken: it belongs to somebody else in this network.${why} Choose another name.`);
  }

  #require(name: string): Found {
    const found = this.#lookUp(name);
    if (found === undefined) throw new SiteError("NO_SITE", `No site is called ${JSON.stringify(name.slice(0, 80))}. "holdfast sites" lists those there are.`);
    return found;
  }

  #requireOwn(name: string): Found {
    const found = this.#require(name);
    if (found.claim.owner !== this.#requireAccount()) throw notOwner(found.label);
    return found;
  }

  #requireAccount(): AccountId {
    const account = this.#with.account();
    if (account === undefined) throw new SiteError("NO_ACCOUNT", 'This host writes in nobody\'s name. Import your key on it with "holdfast key import".');
    return account;
  }

  #wallMs(): number {
    return Math.floor(this.#env.clock.wallMs());
  }
}

function notOwner(label: string): SiteError {
  return new SiteError("NOT_OWNER", `"${label}" belongs to somebody else. Only its owner can change it, from a host of theirs.`);
}
