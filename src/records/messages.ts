import type { LastHonoured } from "../cluster/index.ts";
import type { HostId, NamespaceId, StoreId } from "../codec/index.ts";
import { boolean, byteString, choice, codec, fixedBytes, id, list, nullable, struct, text, uint } from "../codec/index.ts";
import type { Shape } from "../codec/index.ts";
import { MAX_MESSAGE } from "../net/index.ts";
import type { Standing } from "./floor.ts";
import { standingShape } from "./floor.ts";
import type { Scope } from "./holdings.ts";
import { RANK_MAX } from "./holdings.ts";
import type { ItemVerdict } from "./jobs.ts";
import { GROUPS, MAX_FOLLOWED, MAX_INCARNATIONS, MAX_KEY_BYTES, MAX_PAGE_HEADS, MAX_PAGE_ITEMS, MAX_SCAN_LIMIT, MAX_SIBLINGS } from "./limits.ts";
import type { Place } from "./numbering.ts";
import type { Kind } from "./peers.ts";
import type { Parcel } from "./parcel.ts";
import { parcelShape } from "./parcel.ts";
import { placeShape } from "./position.ts";
import { TAG_BYTES } from "./row.ts";

// What hosts say to each other about records. Each kind of request has one question and one answer.

const SMALL = 64 * 1024;
const group = uint(GROUPS - 1);
const key = text(MAX_KEY_BYTES);
const many = <T>(shape: Shape<T>, maxItems: number): Shape<readonly T[]> => list(shape, maxItems) as Shape<readonly T[]>;

/** "records/push": batches for whom they belong to. */
export interface PushQuestion {
  readonly standing: Standing;
  readonly parcel: Parcel;
}
const pushCodec = codec<PushQuestion>("A push of records", 1, MAX_MESSAGE, struct({ standing: standingShape, parcel: parcelShape }));

const verdictShape = choice({ hinted: text(0), behind: text(0), later: text(64), refused: text(64) });

/**
 * What became of the records that were not taken, by their place in the parcel; all others are durable where they belong, and hinted ones until they
 * are brought there. Those called "behind" are durable where they belong too; the sender may not know yet who else should have them.
 */
export interface PushAnswer {
  readonly exceptions: readonly { readonly at: number; readonly verdict: { readonly kind: "hinted" | "behind" | "later" | "refused"; readonly value: string } }[];
}
const pushAnswerCodec = codec<PushAnswer>("An answer to a push", 1, MAX_MESSAGE, struct({ exceptions: many(struct({ at: uint(MAX_PAGE_ITEMS), verdict: verdictShape }), MAX_PAGE_ITEMS) }));

export function answerOf(verdicts: readonly ItemVerdict[]): PushAnswer {
  const exceptions = verdicts.flatMap((verdict, at) => (verdict.kind === "ok" ? [] : [{ at, verdict: { kind: verdict.kind, value: "code" in verdict ? verdict.code.slice(0, 64) : "" } }]));
  return { exceptions };
}

/** "records/newest": what is the number of your newest change in each group? The asker says how far it has come in this store. */
export interface NewestQuestion {
  readonly standing: Standing;
  /** The asker's. */
  readonly store: StoreId;
  readonly reached: readonly Reached[];
  /** Groups in which the asker follows something, so that nobody pushes to it: it asks to be told of news. */
  readonly followed: readonly number[];
}
/** All changes of the group up to the place, of namespaces with more replicas than the rank, are on this host's disk, and its layout wants them there. */
export interface Reached {
  readonly group: number;
  readonly place: Place;
  readonly rank: number;
}
const reached = many<Reached>(struct({ group, place: placeShape, rank: uint(RANK_MAX) }), GROUPS);
const newestCodec = codec<NewestQuestion>("A question for what is new", 1, SMALL, struct({ standing: standingShape, store: id<StoreId>(), reached, followed: many(group, GROUPS) }));

export interface NewestAnswer {
  readonly standing: Standing;
  readonly store: StoreId;
  readonly life: number;
  /** The highest number of replicas that a namespace known there asks for. */
  readonly replicasMax: number;
  /** Groups with changes. */
  readonly newest: readonly { readonly group: number; readonly sequence: number }[];
  /** How far this host has come in the asker's store. */
  readonly reached: readonly Reached[];
}
const newestAnswerCodec = codec<NewestAnswer>(
  "What is new",
  1,
  SMALL,
  struct({ standing: standingShape, store: id<StoreId>(), life: uint(), replicasMax: uint(RANK_MAX), newest: many(struct({ group, sequence: uint() }), GROUPS), reached }),
);

/** "records/heads": which keys have changed since, and what do their siblings hash to? Several groups at once, in the order given. */
export interface HeadsQuestion {
  readonly groups: readonly { readonly group: number; readonly place: Place; readonly scope: Scope }[];
}
export const scopeShape: Shape<Scope> = struct({ rank: uint(RANK_MAX), followed: many(id<NamespaceId>(), MAX_FOLLOWED) });
const headsCodec = codec<HeadsQuestion>("A question for changes", 1, MAX_MESSAGE, struct({ groups: many(struct({ group, place: placeShape, scope: scopeShape }), GROUPS) }));

export interface WireHead {
  /** Place in `namespaces`. */
  readonly namespace: number;
  readonly tag: Uint8Array;
  readonly key: string;
}
export interface HeadsAnswer {
  readonly store: StoreId;
  readonly namespaces: readonly NamespaceId[];
  /** In the order of the question; groups for which there was no room are missing. */
  readonly groups: readonly { readonly group: number; readonly heads: readonly WireHead[]; readonly next: Place; readonly isMore: boolean }[];
}
const headsAnswerCodec = codec<HeadsAnswer>(
  "Changed keys",
  1,
  MAX_MESSAGE,
  struct({
    store: id<StoreId>(),
    namespaces: many(id<NamespaceId>(), MAX_PAGE_HEADS),
    groups: many(
      struct({ group, heads: many(struct({ namespace: uint(MAX_PAGE_HEADS), tag: fixedBytes(TAG_BYTES), key }), MAX_PAGE_HEADS), next: placeShape, isMore: boolean }),
      GROUPS,
    ),
  }),
);

/** "records/fetch": all siblings of these keys. Of the first key, those after `skip`. */
export interface FetchQuestion {
  readonly keys: readonly { readonly namespace: NamespaceId; readonly key: string }[];
  readonly skip: number;
}
const fetchCodec = codec<FetchQuestion>("A question for records", 1, MAX_MESSAGE, struct({ keys: many(struct({ namespace: id<NamespaceId>(), key }), MAX_PAGE_HEADS), skip: uint(MAX_SIBLINGS) }));

export interface FetchAnswer {
  readonly standing: Standing;
  readonly parcel: Parcel;
  /** So many keys were answered in full. */
  readonly keysDone: number;
  /** Siblings sent of the key after those. */
  readonly skip: number;
  /** Whether the copy of the first key's group is complete there, as far as that host knows. */
  readonly isReady: boolean;
}
const fetchAnswerCodec = codec<FetchAnswer>("Records", 1, MAX_MESSAGE, struct({ standing: standingShape, parcel: parcelShape, keysDone: uint(MAX_PAGE_HEADS), skip: uint(MAX_SIBLINGS), isReady: boolean }));

/** "records/scan": the keys of one group of a namespace in their order, deletions among them, from after `after`. */
export interface ScanQuestion {
  readonly namespace: NamespaceId;
  readonly group: number;
  readonly prefix: string;
  readonly after: string | null;
  readonly limit: number;
}
const scanCodec = codec<ScanQuestion>("A question for keys", 1, SMALL, struct({ namespace: id<NamespaceId>(), group, prefix: key, after: nullable(key), limit: uint(MAX_SCAN_LIMIT) }));

/** All siblings of as many keys as fit; of a key that fits by itself only in part, none: it is left to be fetched. */
export interface ScanAnswer {
  readonly standing: Standing;
  readonly parcel: Parcel;
  /** Keys whose siblings are too many for a page. */
  readonly large: readonly string[];
  /** Where it goes on; null at the end. */
  readonly next: string | null;
  readonly isReady: boolean;
}
const scanAnswerCodec = codec<ScanAnswer>("A page of keys", 1, MAX_MESSAGE, struct({ standing: standingShape, parcel: parcelShape, large: many(key, MAX_SCAN_LIMIT), next: nullable(key), isReady: boolean }));

/** "records/differ": of which of these keys do you not have the same siblings? */
export interface DifferQuestion {
  readonly keys: readonly { readonly namespace: NamespaceId; readonly key: string; readonly tag: Uint8Array }[];
}
const differCodec = codec<DifferQuestion>("A question for differences", 1, MAX_MESSAGE, struct({ keys: many(struct({ namespace: id<NamespaceId>(), key, tag: fixedBytes(TAG_BYTES) }), MAX_PAGE_HEADS) }));
export interface DifferAnswer {
  readonly standing: Standing;
  /** Places in the question. */
  readonly different: readonly number[];
}
const differAnswerCodec = codec<DifferAnswer>("Differences", 1, SMALL, struct({ standing: standingShape, different: many(uint(MAX_PAGE_HEADS), MAX_PAGE_HEADS) }));

/** "records/genesis": the genesis of a namespace; empty when it is not known there. */
const genesisQuestionCodec = codec<{ readonly namespace: NamespaceId }>("A question for a genesis", 1, 64, struct({ namespace: id<NamespaceId>() }));
const genesisAnswerCodec = codec<{ readonly genesis: Uint8Array | null }>("A genesis", 1, 16 * 1024, struct({ genesis: nullable(byteString(8192)) }));

/**
 * "records/confirm": what are the highest batches you know of a host, in its incarnations from one on, and whom else should I ask? A host
 * asks it of itself after a start, and of others before it ends that their batches are honoured.
 */
export interface ConfirmQuestion {
  readonly host: HostId;
  readonly incarnation: number;
}
const confirmCodec = codec<ConfirmQuestion>("A question for a host's batches", 1, 128, struct({ host: id<HostId>(), incarnation: uint() }));
export interface ConfirmAnswer {
  /** Ascending by incarnation. */
  readonly highest: readonly LastHonoured[];
  readonly members: readonly HostId[];
}
const confirmAnswerCodec = codec<ConfirmAnswer>(
  "What is known of a host's batches",
  1,
  MAX_MESSAGE,
  struct({ highest: many(struct({ incarnation: uint(), batch: uint() }), MAX_INCARNATIONS), members: many(id<HostId>(), 20_000) }),
);

/** "records/news": in these groups there is something new here. Answered when it has been asked for, or is not going to be. */
const newsCodec = codec<{ readonly groups: readonly number[] }>("News", 1, 4096, struct({ groups: many(group, GROUPS) }));
const heardCodec = codec<object>("News that were heard", 1, 64, struct({}));

export const TELL_NEWS: Kind<{ readonly groups: readonly number[] }, object> = { kind: "records/news", question: newsCodec, answer: heardCodec };
export const ASK_PUSH: Kind<PushQuestion, PushAnswer> = { kind: "records/push", question: pushCodec, answer: pushAnswerCodec };
export const ASK_NEWEST: Kind<NewestQuestion, NewestAnswer> = { kind: "records/newest", question: newestCodec, answer: newestAnswerCodec };
export const ASK_HEADS: Kind<HeadsQuestion, HeadsAnswer> = { kind: "records/heads", question: headsCodec, answer: headsAnswerCodec };
export const ASK_FETCH: Kind<FetchQuestion, FetchAnswer> = { kind: "records/fetch", question: fetchCodec, answer: fetchAnswerCodec };
export const ASK_SCAN: Kind<ScanQuestion, ScanAnswer> = { kind: "records/scan", question: scanCodec, answer: scanAnswerCodec };
export const ASK_DIFFER: Kind<DifferQuestion, DifferAnswer> = { kind: "records/differ", question: differCodec, answer: differAnswerCodec };
export const ASK_GENESIS: Kind<{ readonly namespace: NamespaceId }, { readonly genesis: Uint8Array | null }> = { kind: "records/genesis", question: genesisQuestionCodec, answer: genesisAnswerCodec };
export const ASK_CONFIRM: Kind<ConfirmQuestion, ConfirmAnswer> = { kind: "records/confirm", question: confirmCodec, answer: confirmAnswerCodec };
