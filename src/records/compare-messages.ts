import type { NamespaceId } from "../codec/index.ts";
import { boolean, choice, codec, fixedBytes, id, list, nullable, struct, text, uint } from "../codec/index.ts";
import type { Shape } from "../codec/index.ts";
import { MAX_MESSAGE } from "../net/index.ts";
import type { Scope } from "./holdings.ts";
import { GROUPS, MAX_KEY_BYTES } from "./limits.ts";
import { scopeShape } from "./messages.ts";
import type { Kind } from "./peers.ts";
import { TAG_BYTES } from "./row.ts";

// What two hosts say to each other to see whether they have the same: sums of groups, then of namespaces, then of ranges of keys.

/** Ranges in one question. */
export const MAX_RANGES = 64;
/** A range with more rows is answered by the sums of at most MAX_PARTS parts of it. */
export const MAX_LISTED = 256;
export const MAX_PARTS = 128;
/** Namespaces in one answer. */
export const MAX_NAMESPACE_SUMS = 4096;

const group = uint(GROUPS - 1);
const key = text(MAX_KEY_BYTES);
const many = <T>(shape: Shape<T>, maxItems: number): Shape<readonly T[]> => list(shape, maxItems) as Shape<readonly T[]>;

/** A sum as it is compared: how large the rows are follows from what they are. */
export interface WireSum {
  readonly tags: Uint8Array;
  readonly count: number;
}
const sumFields = { tags: fixedBytes(TAG_BYTES), count: uint() };

interface GroupScope {
  readonly group: number;
  readonly scope: Scope;
}

/** "records/sums": what do your rows in these groups add up to, of what both of us keep? */
export interface SumsQuestion {
  readonly groups: readonly GroupScope[];
}
/** Groups that cannot be answered for are missing. */
export interface SumsAnswer {
  readonly groups: readonly (GroupScope & WireSum)[];
}
const sumsCodec = codec<SumsQuestion>("A question for the sums of groups", 1, MAX_MESSAGE, struct({ groups: many(struct({ group, scope: scopeShape }), GROUPS) }));
const sumsAnswerCodec = codec<SumsAnswer>("Sums of groups", 1, MAX_MESSAGE, struct({ groups: many(struct({ group, scope: scopeShape, ...sumFields }), GROUPS) }));

/** "records/namespaces": what do the namespaces that both of us keep in this group add up to? In the order of their ids, after `after`. */
export interface NamespacesQuestion extends GroupScope {
  readonly after: NamespaceId | null;
}
export interface NamespacesAnswer {
  readonly namespaces: readonly (WireSum & { readonly namespace: NamespaceId })[];
  /** Up to which id the answer goes; null: to the end. */
  readonly upTo: NamespaceId | null;
}
const namespacesCodec = codec<NamespacesQuestion>("A question for the sums of namespaces", 1, 64 * 1024, struct({ group, scope: scopeShape, after: nullable(id<NamespaceId>()) }));
const namespacesAnswerCodec = codec<NamespacesAnswer>(
  "Sums of namespaces",
  1,
  512 * 1024,
  struct({ namespaces: many(struct({ namespace: id<NamespaceId>(), ...sumFields }), MAX_NAMESPACE_SUMS), upTo: nullable(id<NamespaceId>()) }),
);

/** Keys from `from` on, and before `to`; null: to the end. */
export interface KeyRange {
  readonly from: string;
  readonly to: string | null;
}

/** "records/ranges": this is what my rows in these ranges add up to; where do yours differ? */
export interface RangesQuestion {
  readonly namespace: NamespaceId;
  readonly group: number;
  readonly ranges: readonly (KeyRange & WireSum)[];
}
export interface ListedKey {
  readonly key: string;
  readonly tag: Uint8Array;
  readonly isDeleted: boolean;
}
/** A part of a range: from where the one before ended, the first from the range's beginning. */
export type RangePart = WireSum & { readonly to: string | null };
export type RangeAnswer =
  | { readonly kind: "same"; readonly value: boolean }
  /** All rows of the range, deletions among them. */
  | { readonly kind: "keys"; readonly value: readonly ListedKey[] }
  /** What follows the last part is left to be asked about again. */
  | { readonly kind: "parts"; readonly value: readonly RangePart[] };
/** In the order of the question; ranges for which there was no room are missing. */
export interface RangesAnswer {
  readonly ranges: readonly RangeAnswer[];
}
const rangesCodec = codec<RangesQuestion>(
  "A question for the sums of ranges",
  1,
  256 * 1024,
  struct({ namespace: id<NamespaceId>(), group, ranges: many(struct({ from: key, to: nullable(key), ...sumFields }), MAX_RANGES) }),
);
const rangeShape = choice({
  same: boolean,
  keys: many(struct({ key, tag: fixedBytes(TAG_BYTES), isDeleted: boolean }), MAX_LISTED),
  parts: many(struct({ to: nullable(key), ...sumFields }), MAX_PARTS),
}) as Shape<RangeAnswer>;
const rangesAnswerCodec = codec<RangesAnswer>("Sums of ranges", 1, MAX_MESSAGE, struct({ ranges: many(rangeShape, MAX_RANGES) }));

export const ASK_SUMS: Kind<SumsQuestion, SumsAnswer> = { kind: "records/sums", question: sumsCodec, answer: sumsAnswerCodec };
export const ASK_NAMESPACES: Kind<NamespacesQuestion, NamespacesAnswer> = { kind: "records/namespaces", question: namespacesCodec, answer: namespacesAnswerCodec };
export const ASK_RANGES: Kind<RangesQuestion, RangesAnswer> = { kind: "records/ranges", question: rangesCodec, answer: rangesAnswerCodec };
