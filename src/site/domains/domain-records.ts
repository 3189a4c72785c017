import type { NamespaceId } from "../../codec/index.ts";
import { CodecError, codec, id, struct, uint } from "../../codec/index.ts";
import type { KeyState } from "../../records/index.ts";
import { isDomain } from "./domain-name.ts";

// A site's owner says in the site's namespace which domains it should have, each under a key of its own, so that two of their hosts can
// say so at once. An administrator says in the network's namespace, under the same key, to which site a domain is given.

export const DOMAIN_KIND = "domain";
export const DOMAIN_PREFIX = `${DOMAIN_KIND}/`;

export function domainKey(domain: string): string {
  return `${DOMAIN_PREFIX}${domain}`;
}

/** Undefined for a key that names none. */
export function domainInKey(key: string): string | undefined {
  const domain = key.slice(DOMAIN_PREFIX.length);
  return key.startsWith(DOMAIN_PREFIX) && isDomain(domain) ? domain : undefined;
}

export interface ClaimedDomain {
  /** By the writer's clock; decides nothing. */
  readonly sinceMs: number;
}

export const claimedDomainCodec = codec<ClaimedDomain>("A site's domain", 1, 32, struct({ sinceMs: uint() }));

export interface GivenDomain {
  readonly namespace: NamespaceId;
}

export const givenDomainCodec = codec<GivenDomain>("An administrator's word about a domain", 1, 64, struct({ namespace: id<NamespaceId>() }));

/** To which site an administrator gave the domain; the first of several words, in the order that is the same on all hosts. */
export function givenTo(state: KeyState | undefined): NamespaceId | undefined {
  for (const { value } of state?.siblings ?? []) {
    if (value === null) continue;
    try {
      return givenDomainCodec.decode(value).namespace;
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
    }
  }
  return undefined;
}
