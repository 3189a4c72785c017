import type { AccountId, BlobId, HostId, NamespaceId } from "../codec/index.ts";
import type { Copies } from "../pool/index.ts";

export interface FileInfo {
  /** Below the site's root, "/" between the parts, none in front. */
  readonly path: string;
  /** The UnixFS root of the file: what IPFS gives it. */
  readonly id: BlobId;
  readonly sizeBytes: number;
  /** Media type, with charset where it has one. */
  readonly type: string;
}

export interface SiteInfo {
  readonly name: string;
  readonly namespace: NamespaceId;
  readonly owner: AccountId;
  /** "final": a majority of the voters has countersigned the name. */
  readonly standing: "final" | "provisional";
  /** Undefined until something is published. */
  readonly head: HeadInfo | undefined;
}

export interface HeadInfo {
  readonly sequence: number;
  /** The UnixFS root of the whole tree. */
  readonly root: BlobId;
  readonly files: number;
  readonly sizeBytes: number;
  readonly publishedMs: number;
}

export interface PublishOptions {
  readonly copies: Copies;
  /** The tree gets a number and can be opened by it, but is not made the current one. `rollback` to that number does so later. */
  readonly isPreview?: boolean;
  readonly signal?: AbortSignal;
}

export interface PublishResult {
  readonly site: SiteInfo;
  readonly head: HeadInfo;
  /** How many hosts, whichever, may vanish without a byte being lost. */
  readonly survives: number;
  /** False: the head is on fewer hosts than it should be for now (the doors answer 202). */
  readonly safe: boolean;
}

/** A publication under way. Nothing of it is visible before `commit`. */
export interface Publication {
  /**
   * Takes in one file. Calls may run in parallel.
   * @throws SiteError BAD_PATH, DUPLICATE_PATH
   */
  add(path: string, source: AsyncIterable<Uint8Array>): Promise<FileInfo>;
  /**
   * Takes in a file of the version before without its bytes. Undefined when that has no such file, or has it on fewer hosts than are wanted
   * now: then it must be added.
   * @throws SiteError DUPLICATE_PATH
   */
  keep(path: string, id: BlobId): Promise<FileInfo | undefined>;
  /** @throws SiteError EMPTY_SITE */
  commit(): Promise<PublishResult>;
  /** Takes back what was sent. */
  abort(): Promise<void>;
  /** Ends it without a trace but what was sent, which the next publication of the site finds. */
  leave(): Promise<void>;
}

/** A file of a site, ready to be read. */
export interface SiteFile extends FileInfo {
  readonly modifiedMs: number;
  /** True when the head lacks this path and the file is of the head before, which lends it for ten minutes: not to be kept. */
  readonly isLent?: boolean;
  /** Bytes from `offset`; verified. */
  read(offset: number, length: number, signal?: AbortSignal): AsyncIterable<Uint8Array>;
  /** Its first bytes, from what this host has, asking no other. @throws PoolError UNAVAILABLE */
  readHere(length: number, signal?: AbortSignal): AsyncIterable<Uint8Array>;
}

/** All that one response needs, from one head. */
export interface SiteView {
  readonly site: SiteInfo;
  readonly head: HeadInfo;
  /** What its lists of files take in memory, at most. */
  readonly weightBytes: number;
  file(path: string): SiteFile | undefined;
  /** "" is the root, which is always there. */
  hasFolder(path: string): boolean;
  /** The names in a folder, folders with a "/" behind; undefined when there is no such folder. */
  folder(path: string): Promise<readonly { readonly name: string; readonly sizeBytes: number; readonly isFolder: boolean }[] | undefined>;
  files(): Iterable<FileInfo>;
}

/**
 * Whose a domain is, as far as this host knows. "proven": DNS names this site. "confirmed": DNS names none, an administrator does.
 * "elsewhere": it is another site's. "unproven": nobody says so. "unchecked": DNS has not answered this host yet.
 */
export type DomainStanding = "proven" | "confirmed" | "elsewhere" | "unproven" | "unchecked";

/** A domain that a site's owner wants it to have. */
export interface DomainInfo {
  readonly domain: string;
  /** The site's name. */
  readonly site: string;
  readonly standing: DomainStanding;
  /** The TXT record by which the domain's owner says that it is this site's. */
  readonly proof: { readonly name: string; readonly text: string };
}

/** Sites' own domains: wanted by a site's owner, given by the domain's owner through DNS or by an administrator's word. */
export interface Domains {
  /** By domain, then by site. */
  list(): readonly DomainInfo[];
  /** Asks DNS now about the domains of one site, and says what is known afterwards. @throws SiteError NO_SITE */
  check(site: string): Promise<readonly DomainInfo[]>;
  /** @throws SiteError NO_SITE, NOT_OWNER, BAD_DOMAIN, TOO_MANY_DOMAINS */
  add(site: string, domain: string): Promise<{ readonly safe: boolean }>;
  /** @throws SiteError NO_SITE, NOT_OWNER, NO_DOMAIN */
  remove(site: string, domain: string): Promise<{ readonly safe: boolean }>;
  /** An administrator's word that a domain is a site's, where DNS does not say; null takes it back. @throws SiteError NO_SITE, NO_DOMAIN; RecordsError REFUSED */
  confirm(site: string | null, domain: string): Promise<{ readonly safe: boolean }>;
  /** The name of the site to which the domain belongs for certain, in lower case. Quick: the gateway asks with every request. */
  siteAt(domain: string): string | undefined;
  /** Whether DNS has been asked about all domains since the start. */
  readonly isReady: boolean;
}

/** Counts what a host answers for one site. */
export interface VisitCounter {
  /** @param bodyBytes what is handed to the connection at once; a stream adds its bytes as they go, by `sent` */
  count(status: number, bodyBytes: number): void;
  sent(bodyBytes: number): void;
}

/** What one host has counted of one site, by days since 1970 (UTC), ascending. */
export interface HostVisits {
  readonly host: HostId;
  readonly days: readonly { readonly day: number; readonly bytes: number; readonly statuses: readonly { readonly status: number; readonly requests: number }[] }[];
}

/** How often sites are asked for: numbers, and nothing about who asks. */
export interface SiteVisits {
  counter(site: NamespaceId): VisitCounter;
  /** This host first, up to now; of others what they have told, a quarter of an hour late. @throws SiteError NO_SITE */
  of(name: string): readonly HostVisits[];
}

export interface Sites {
  readonly domains: Domains;
  readonly visits: SiteVisits;
  /** @throws SiteError BAD_NAME, NAME_TAKEN */
  publish(name: string, options: PublishOptions): Promise<Publication>;
  /** @throws SiteError NO_SITE, NOT_OWNER */
  unpublish(name: string): Promise<void>;
  /** Makes an older head the current one again, as a new head. @throws SiteError NO_HEAD */
  rollback(name: string, sequence: number): Promise<PublishResult>;
  list(): readonly SiteInfo[];
  find(name: string): SiteInfo | undefined;
  /** Newest first. */
  history(name: string): readonly HeadInfo[];
  /** What is known under a number at present. Two hosts of one person that are cut off from each other may both give it out; once they have met, all hosts show the same. */
  numbered(name: string, sequence: number): HeadInfo | undefined;
  /**
   * The current head's tree, from this host, else fetched; or that of another head in the history.
   * @throws SiteError NO_SITE, NO_HEAD
   */
  open(name: string, signal?: AbortSignal, sequence?: number): Promise<SiteView>;
  /** A block of any site's tree, compared with its id; undefined when none has it. @throws SiteError DAMAGED_SITE, and what fetching it throws */
  block(id: BlobId, signal?: AbortSignal): Promise<Uint8Array | undefined>;
}
