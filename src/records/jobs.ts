import type { Genesis } from "../cluster/index.ts";
import type { HostId, NamespaceId, StoreId } from "../codec/index.ts";
import type { LogOperation } from "../store/index.ts";
import type { Proven, StoredRecord } from "./batch.ts";
import type { Delivery } from "./delivery.ts";
import type { Standing } from "./floor.ts";
import type { ScopeMark } from "./holdings.ts";
import type { Place } from "./numbering.ts";
import type { Context, Dot, Write } from "./port.ts";

// What waits for the replica's next turn.

/**
 * What became of one record that came from outside. "hinted": it does not belong here, and is kept on behalf of those where it does. "behind": it is
 * kept, and its sender may not know yet who else should have it.
 * "later": nothing was stored; it may be offered again.
 */
export type ItemVerdict = { readonly kind: "ok" } | { readonly kind: "hinted" } | { readonly kind: "behind" } | { readonly kind: "later" | "refused"; readonly code: string };

export const OK: ItemVerdict = { kind: "ok" };
export const HINTED: ItemVerdict = { kind: "hinted" };
export const BEHIND: ItemVerdict = { kind: "behind" };

/** How far another store's numbering has been applied here, once the records that come with it are. */
export interface PositionUpdate {
  readonly store: StoreId;
  readonly group: number;
  readonly place: Place;
  readonly mark: ScopeMark;
  /** Of the group's positions when the page was asked for. */
  readonly epoch: number;
}

/** Where records come from: this host's own outbox, or another host, which offers them or was asked. */
export type Source = { readonly kind: "own" } | { readonly kind: "offered" | "asked"; readonly from: HostId; readonly standing: Standing };

export const OWN: Source = { kind: "own" };

export interface IncomingJob {
  readonly kind: "incoming";
  readonly source: Source;
  readonly records: readonly Proven[];
  readonly geneses: ReadonlyMap<NamespaceId, Genesis>;
  /** Kept only for groups of which no record had to be left for later. */
  readonly positions: readonly PositionUpdate[];
  readonly resolve: (verdicts: readonly ItemVerdict[]) => void;
  readonly reject: (error: Error) => void;
}

export interface Written {
  readonly delivery: Delivery;
  readonly dots: readonly Dot[];
  /** Where the call's records stand in the delivery. */
  readonly first: number;
}

/** A write whose caller has read nothing, with what a host that is ready has of the key. */
export interface InformedWrite extends Write {
  readonly heard?: Context;
}

export interface OwnJob {
  readonly kind: "own";
  readonly as: "account" | "host";
  readonly writes: readonly InformedWrite[];
  readonly resolve: (written: Written) => void;
  readonly reject: (error: Error) => void;
}

/** Changes of the store's own book-keeping; those that follow from what is committed are worked out when their turn has come. */
export interface KeepingJob {
  readonly kind: "keeping";
  readonly operations: readonly LogOperation[] | (() => readonly LogOperation[]);
  /** Groups in which catching up begins from the start. */
  readonly anew: readonly number[];
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** A row that goes, if it still stands under the number under which it was looked at. */
export interface SeenRow {
  readonly namespace: NamespaceId;
  readonly key: string;
  readonly group: number;
  readonly sequence: number;
}

export interface DroppingJob {
  readonly kind: "dropping";
  readonly rows: readonly SeenRow[];
  /** Groups in which catching up begins from the start: a page compared with these rows meanwhile says nothing any more. */
  readonly anew: readonly number[];
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Rows of which some siblings go, which is a change like any other. */
export interface RetainingJob {
  readonly kind: "retaining";
  readonly keys: readonly { readonly namespace: NamespaceId; readonly key: string }[];
  /** Asked when its turn has come. */
  readonly isKept: (sibling: StoredRecord) => boolean;
  /** Under which what went is counted. */
  readonly counter: string;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Rows that get a new number, as if they had changed: whoever asks what is new has passed over theirs. */
export interface RenumberingJob {
  readonly kind: "renumbering";
  readonly keys: readonly { readonly namespace: NamespaceId; readonly key: string }[];
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** The positions of a store go that nobody has any more. */
export interface ForgettingJob {
  readonly kind: "forgetting";
  readonly store: StoreId;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** A new incarnation. */
export interface RenewingJob {
  readonly kind: "renewing";
  readonly why: string;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export type Job = IncomingJob | OwnJob | KeepingJob | DroppingJob | ForgettingJob | RenewingJob | RetainingJob | RenumberingJob;
