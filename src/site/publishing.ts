import type { Genesis } from "../cluster/index.ts";
import { namespaceIdOf } from "../cluster/index.ts";
import type { AccountId, NamespaceId, PackId } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import { Limiter } from "../platform/index.ts";
import type { Write, WriteOptions } from "../records/index.ts";
import { EMPTY_CONTEXT } from "../records/index.ts";
import { scan } from "./catalogue.ts";
import type { Claim } from "./claim.ts";
import { claimKey, encodeClaim, siteGenesis } from "./claim.ts";
import { DOMAIN_PREFIX } from "./domains/domain-records.ts";
import { SiteError } from "./errors.ts";
import type { Head } from "./head.ts";
import { HEAD_KEY, HISTORY_PREFIX, greatestHead, headCodec, headInfo, historyKey } from "./head.ts";
import { hasManifestIn, newestHead } from "./history.ts";
import type { ManifestCache } from "./manifest-cache.ts";
import { siteNameOf } from "./names.ts";
import type { PublishOptions, PublishResult, SiteInfo } from "./port.ts";
import type { Base, HeadDraft } from "./publication.ts";
import { SitePublication } from "./publication.ts";
import { sparePacks } from "./reuse.ts";
import type { SiteIndex } from "./site-index.ts";
import { notOwner } from "./site-index.ts";
import type { SiteParts } from "./sites.ts";

const NONCE_BYTES = 16;
/** Deletions written together. */
const BATCH = 256;
/** Durable copies of a head that a publication waits for, at most: beyond, content is on so many hosts because it is to be near, not to be safe. */
const HEAD_COPIES_MAX = 3;

/** What owners do to their sites: begin a publication, write heads, take a site down. */
export class Publishing {
  readonly #env: Env;
  readonly #with: SiteParts;
  readonly #index: SiteIndex;
  readonly #manifests: ManifestCache;
  readonly #account: () => AccountId;
  readonly #publications = new Set<SitePublication>();
  /** One head of a site is written at a time. */
  readonly #writing = new Map<NamespaceId, Limiter>();

  /** @param account the person in whose name this host writes; throws when there is none */
  constructor(env: Env, parts: SiteParts, index: SiteIndex, manifests: ManifestCache, account: () => AccountId) {
    this.#env = env;
    this.#with = parts;
    this.#index = index;
    this.#manifests = manifests;
    this.#account = account;
  }

  /** The packs of publications under way. */
  *packsInUse(): Generator<PackId> {
    for (const publication of this.#publications) yield* publication.packsInUse();
  }

  /** Ends publications under way; the next ones go on from what they have sent. */
  async stop(): Promise<void> {
    await Promise.allSettled([...this.#publications].map((publication) => publication.leave()));
  }

  async publish(name: string, options: PublishOptions): Promise<SitePublication> {
    const label = siteNameOf(name);
    const owner = this.#account();
    const claim = this.#index.claimOf(label);
    if (claim !== undefined && claim.owner !== owner) throw this.#taken(label, owner);
    const genesis = claim?.genesis ?? siteGenesis(this.#with.network, owner, this.#env.random.bytes(NONCE_BYTES));
    const namespace = await this.#with.records.create(genesis);
    // The newest, though it may be one that nobody sees yet: it is the likeliest to have the same files.
    const head = newestHead(this.#with.records, namespace);
    const base = head && (await this.#base(namespace, head, options.signal));
    const { pool, records, reuse } = this.#with;
    const begunMs = this.#env.clock.wallMs();
    const publication: SitePublication = new SitePublication({
      namespace,
      pool,
      options,
      base,
      spare: reuse?.canRely === true ? sparePacks(pool, records, namespace, base?.manifest) : [],
      areThere: async (packs) => reuse !== undefined && (await reuse.reliable(namespace, packs)).size === packs.length,
      ownStay: () => reuse?.staysSince(begunMs) !== false,
      wallMs: () => this.#wallMs(),
      writeHead: (draft) => this.#writeHead(label, genesis, claim, draft, options.isPreview === true),
      isAnyUsed: (packs) => hasManifestIn(this.#with.records, namespace, packs),
      ended: () => this.#publications.delete(publication),
    });
    this.#publications.add(publication);
    return publication;
  }

  async rollback(name: string, sequence: number): Promise<PublishResult> {
    const found = this.#index.requireOf(name, this.#account());
    const { label, claim } = found;
    const head = this.#index.numbered(found, sequence);
    const { packs } = await this.#manifests.get(claim.namespace, head);
    const { root, manifest, files, sizeBytes } = head;
    return this.#writeHead(label, claim.genesis, claim, { root, manifest, files, sizeBytes, packs }, false);
  }

  /**
   * Also takes back a claim that lost the name to somebody else's. The heads go first, so that nothing points at what is removed; the name
   * goes last, so that an attempt that was cut short can be made again.
   */
  async unpublish(name: string): Promise<void> {
    const { label } = this.#index.require(name);
    const owner = this.#account();
    const own = this.#index.claimsBy(owner, label);
    if (own.length === 0) throw notOwner(label);
    for (const { namespace } of own) await this.#alone(namespace, () => this.#clear(namespace));
    await this.#write([{ namespace: this.#index.catalogue.namespace, key: claimKey(label, owner), value: null }]);
  }

  async #clear(namespace: NamespaceId): Promise<void> {
    const { records, pool } = this.#with;
    const keys = [HEAD_KEY, ...[HISTORY_PREFIX, DOMAIN_PREFIX].flatMap((prefix) => [...scan(records, namespace, prefix)].map(({ key }) => key))];
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
    const owner = this.#account();
    return this.#alone(namespace, async () => {
      const claim = this.#index.claimOf(label);
      if (claim !== undefined && claim.owner !== owner) throw this.#taken(label, owner);
      if (claim !== undefined && claim.namespace !== namespace) throw new SiteError("NAME_TAKEN", `You published "${label}" for the first time from elsewhere while this publication was under way. Publish again.`);
      if (claim === undefined && begunWith !== undefined) throw new SiteError("NO_SITE", `"${label}" was unpublished while this publication was under way. Publish again if it should come back.`);
      const current = greatestHead(records.local(namespace, HEAD_KEY));
      const { root, manifest, files, sizeBytes, packs } = draft;
      // Also above previews: a number does not come to mean something else on this host.
      const newest = newestHead(records, namespace);
      const head: Head = { sequence: (newest?.sequence ?? 0) + 1, root, manifest, files, sizeBytes, publishedMs: this.#wallMs(), previous: current?.sequence ?? null };
      const value = headCodec.encode(head);
      const claiming = claim === undefined ? [this.#over(this.#index.catalogue.namespace, claimKey(label, owner), encodeClaim(genesis))] : [];
      const survives = pool.survives(namespace, packs);
      const { safe } = await this.#write([...claiming, ...(isPreview ? [] : [this.#over(namespace, HEAD_KEY, value)]), this.#over(namespace, historyKey(head.sequence), value)], { copies: Math.min(survives + 1, HEAD_COPIES_MAX) });
      const site: SiteInfo = this.#index.find(label)?.info ?? { name: label, namespace, owner, standing: "provisional", head: isPreview ? undefined : headInfo(head) };
      return { site, head: headInfo(head), survives, safe };
    });
  }

  /** A write that supersedes what this host shows: what the owner publishes elsewhere at the same moment stays beside it. */
  #over(namespace: NamespaceId, key: string, value: Uint8Array): Write {
    const state = this.#with.records.local(namespace, key, { deleted: true });
    return { namespace, key, value, context: state?.context ?? EMPTY_CONTEXT };
  }

  async #write(writes: readonly Write[], options: WriteOptions = {}): Promise<{ readonly safe: boolean }> {
    const result = await this.#with.records.write(writes, options);
    for (const { namespace, key } of writes) this.#index.applied(namespace, [key]);
    return result;
  }

  async #base(namespace: NamespaceId, head: Head, signal: AbortSignal | undefined): Promise<Base | undefined> {
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

  #taken(label: string, owner: AccountId): SiteError {
    const why = this.#index.claimsBy(owner, label).length === 0 ? "" : ` You had claimed it too, but the other claim came first; "holdfast unpublish ${label}" removes what you published under it.`;
    return new SiteError("NAME_TAKEN", `"${label}" is taken: it belongs to somebody else in this network.${why} Choose another name.`);
  }

  #wallMs(): number {
    return Math.floor(this.#env.clock.wallMs());
  }
}
