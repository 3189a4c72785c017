import type { AccountId, NamespaceId } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import type { Records } from "../records/index.ts";
import type { Name } from "./catalogue.ts";
import { Catalogue } from "./catalogue.ts";
import type { Claim } from "./claim.ts";
import { SITE_TYPE } from "./claim.ts";
import { SiteError } from "./errors.ts";
import type { Head } from "./head.ts";
import { greatestHead, headInfo, historyKey } from "./head.ts";
import { Heads } from "./heads.ts";
import type { SiteInfo } from "./port.ts";
import type { SiteParts } from "./sites.ts";

/** A site that exists. */
export interface Found {
  readonly label: string;
  readonly claim: Claim;
  readonly info: SiteInfo;
}

/** Which sites there are, whose they are, and their heads, as this host's records say. */
export class SiteIndex {
  readonly catalogue: Catalogue;
  readonly heads: Heads;
  readonly #records: Records;

  constructor(env: Env, parts: Pick<SiteParts, "network" | "roster" | "records">) {
    this.#records = parts.records;
    this.catalogue = new Catalogue(parts.network, parts.roster, parts.records);
    this.heads = new Heads(env, parts.records);
  }

  /** Takes in what the records say now. Says whether voters may have something to do. */
  applied(namespace: NamespaceId, keys: readonly string[]): boolean {
    if (namespace === this.catalogue.namespace) return this.catalogue.applied(namespace, keys) || keys.includes("voters");
    if (this.#records.genesis(namespace)?.type === SITE_TYPE) this.heads.applied(namespace, keys);
    return false;
  }

  list(): readonly SiteInfo[] {
    return this.catalogue
      .list()
      .map((name) => this.#found(name)?.info)
      .filter((info) => info !== undefined);
  }

  find(name: string): Found | undefined {
    const entry = this.catalogue.find(name.toLowerCase());
    return entry && this.#found(entry);
  }

  /** @throws SiteError NO_SITE */
  require(name: string): Found {
    const found = this.find(name);
    if (found === undefined) throw new SiteError("NO_SITE", `No site is called ${JSON.stringify(name.slice(0, 80))}. "holdfast sites" lists those there are.`);
    return found;
  }

  /** @throws SiteError NO_SITE, NOT_OWNER */
  requireOf(name: string, owner: AccountId): Found {
    const found = this.require(name);
    if (found.claim.owner !== owner) throw notOwner(found.label);
    return found;
  }

  claimOf(label: string): Claim | undefined {
    return this.catalogue.find(label)?.holding?.claim;
  }

  /** All claims of one person, those included that lost the name to somebody else's. */
  claimsBy(owner: AccountId, label: string): readonly Claim[] {
    return this.catalogue.find(label)?.entries.claims.filter((claim) => claim.owner === owner) ?? [];
  }

  findNumbered({ claim }: Found, sequence: number): Head | undefined {
    return greatestHead(this.#records.local(claim.namespace, historyKey(sequence)));
  }

  /** @throws SiteError NO_HEAD */
  numbered(found: Found, sequence: number): Head {
    const head = this.findNumbered(found, sequence);
    if (head === undefined) throw new SiteError("NO_HEAD", `"${found.label}" has no publication number ${sequence}. Its history lists those it has.`);
    return head;
  }

  #found({ label, holding }: Name): Found | undefined {
    if (holding === undefined) return undefined;
    const { claim, standing } = holding;
    const head = this.heads.current(claim.namespace);
    return { label, claim, info: { name: label, namespace: claim.namespace, owner: claim.owner, standing, head: head && headInfo(head) } };
  }
}

export function notOwner(label: string): SiteError {
  return new SiteError("NOT_OWNER", `"${label}" belongs to somebody else. Only its owner can change it, from a host of theirs.`);
}
