import type { NamespaceId } from "../../codec/index.ts";
import { bytesOfId, compareBytes } from "../../codec/index.ts";
import type { DomainStanding } from "../port.ts";

/** What is known about one domain. */
export interface DomainFacts {
  /** The sites whose owners want it. */
  readonly wantedBy: readonly NamespaceId[];
  /** The sites that DNS names; undefined while it has not answered. */
  readonly told: readonly NamespaceId[] | undefined;
  /** The site that an administrator names. */
  readonly given: NamespaceId | undefined;
}

/**
 * Whose the domain is. Only a site whose owner wants it gets it: nobody can put a domain upon somebody else's site. The domain's owner
 * speaks through DNS and comes before any administrator; where they name several sites it is the one with the smallest id, so that all
 * hosts serve the same.
 */
export function ownerOf({ wantedBy, told, given }: DomainFacts): { readonly namespace: NamespaceId; readonly by: "proven" | "confirmed" } | undefined {
  const named = wantedBy.filter((each) => told?.includes(each)).sort((a, b) => compareBytes(bytesOfId(a), bytesOfId(b)));
  if (named[0] !== undefined) return { namespace: named[0], by: "proven" };
  return given !== undefined && wantedBy.includes(given) ? { namespace: given, by: "confirmed" } : undefined;
}

/** How a domain stands for one of the sites that want it. */
export function standingFor(site: NamespaceId, facts: DomainFacts): DomainStanding {
  const owner = ownerOf(facts);
  if (owner !== undefined) return owner.namespace === site ? owner.by : "elsewhere";
  return facts.told === undefined ? "unchecked" : "unproven";
}
