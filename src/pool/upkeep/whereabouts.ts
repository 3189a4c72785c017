import type { HostId, NamespaceId, PackId } from "../../codec/index.ts";
import type { Catalog, PackFacts } from "../record/catalog.ts";
import { isCondemned } from "../record/fate.ts";
import type { MaybeHolders } from "../read/maybe.ts";
import type { PoolParts } from "../parts.ts";
import type { Redundancy } from "../port.ts";
import { viewOf } from "./census.ts";
import type { Stay } from "./weigh.ts";
import { weigh } from "./weigh.ts";

/** A host that holds a piece, or may: "maybe" is one that was sent it, or says so, and that no record names. */
export interface Place {
  readonly host: HostId;
  readonly index: number;
  readonly stay: Stay | "maybe";
}

export interface Whereabouts {
  readonly namespace: NamespaceId;
  readonly pack: PackId;
  readonly sizeBytes: number;
  readonly pieceBytes: number;
  readonly redundancy: Redundancy;
  /** Hosts, whichever, that may vanish; below 0: too few pieces are in sight to read it. */
  readonly survives: number;
  /** Nothing was found to use it, and it is to be deleted after a while. */
  readonly isCondemned: boolean;
  readonly places: readonly Place[];
}

export interface WhereParts {
  readonly parts: PoolParts;
  readonly catalog: Catalog;
  readonly maybe: MaybeHolders;
}

export function whereaboutsOf({ parts, catalog, maybe }: WhereParts, facts: PackFacts): Whereabouts {
  const { namespace, pack, k, m, copies, sizeBytes, pieceBytes } = facts;
  const view = viewOf(parts);
  const holdings = catalog.holdings(namespace, pack);
  const named = new Set(holdings.map(({ host }) => host));
  const places = holdings.map(({ host, index }): Place => ({ host, index, stay: view.stay(host) })).sort((a, b) => a.index - b.index);
  const heardOf = maybe.of(pack).filter(({ host }) => !named.has(host)).map((holding): Place => ({ ...holding, stay: "maybe" }));
  return {
    namespace,
    pack,
    sizeBytes,
    pieceBytes,
    redundancy: k === 1 ? { kind: "copies", copies } : { kind: "code", k, m },
    survives: weigh(facts, holdings, view).survives,
    isCondemned: isCondemned(parts.records, namespace, pack),
    places: [...places, ...heardOf],
  };
}
