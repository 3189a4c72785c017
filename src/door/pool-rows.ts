import type { ValueOf } from "./schema.ts";
import { isCounting, survivesNow } from "./rows.ts";
import { bytes, id, list, object, orNull, text } from "./schema.ts";

// The shapes in which the doors speak of the pool: what is offered and used, what it survives, who holds what.

const count = { type: "integer", minimum: 0 } as const;
const survives = { type: "integer", description: "how many hosts, whichever, may vanish before something is lost; below 0: too few pieces are in sight to read it" } as const;

export const PartingRow = object(
  {
    host: id,
    name: text,
    pieces: { ...count, description: "it holds so many, by its own signed word" },
    pieceBytes: bytes,
    solePacks: { ...count, description: "nobody can read so many packs any more without it" },
    soleBytes: bytes,
    riskyPacks: { ...count, description: "so many packs survive no further loss without it" },
    awaitedPieces: { ...count, description: "of so many of its pieces too few are on hosts that stay" },
    awaitedShards: { ...count, description: "of so many shards of records too few other hosts have complete copies" },
    isDraining: { type: "boolean" },
  },
  { $id: "PartingRow", description: "What the network would lose with a host." },
);
export type PartingRow = ValueOf<typeof PartingRow>;

export const PoolHostRow = object(
  {
    id,
    name: text,
    zone: text,
    presence: { enum: ["online", "away", "gone"] },
    capacityBytes: bytes,
    usedBytes: orNull(bytes),
    pieces: count,
    pieceBytes: bytes,
    isDraining: { type: "boolean" },
    isSuspect: { type: "boolean" },
    awaitedPieces: { ...orNull(count), description: "of so many of its pieces too few are on hosts that stay; null while packs are counted" },
  },
  { $id: "PoolHostRow", description: "One host's part of the pool." },
);
export type PoolHostRow = ValueOf<typeof PoolHostRow>;

export const PoolPersonRow = object({ id, name: text, usedBytes: { ...bytes, description: "what all pieces of their content take" }, quotaBytes: bytes }, { $id: "PoolPersonRow", description: "What a person takes and may take." });
export type PoolPersonRow = ValueOf<typeof PoolPersonRow>;

export const PoolRow = object(
  {
    offeredBytes: { ...bytes, description: "by the hosts that stay, away or not" },
    usedBytes: { ...bytes, description: "of it, as far as the hosts are heard" },
    freeBytes: { ...bytes, description: "what hosts that are here would still take" },
    isCounting: { ...isCounting, description: `${isCounting.description}, and what is said of pieces and packs is of those so far` },
    packs: count,
    contentBytes: { ...bytes, description: "each pack's content counted once" },
    pieceBytes: { ...bytes, description: "all pieces together" },
    survives: orNull(survives),
    survivesNow,
    health: { type: "string", description: "one sentence for people" },
    repair: object({
      shortPacks: count,
      shortPieces: count,
      shortBytes: bytes,
      unreadablePacks: count,
      secondsLeft: { anyOf: [count, { type: "null" }], description: "at the rate of late; null when nothing tells" },
    }),
    hosts: list(PoolHostRow),
    people: list(PoolPersonRow),
  },
  { $id: "PoolRow", description: "The pool, as the answering host's records know it." },
);
export type PoolRow = ValueOf<typeof PoolRow>;

export const WherePack = object(
  {
    pack: id,
    sizeBytes: bytes,
    pieceBytes: bytes,
    redundancy: { type: "string", description: 'such as "4+2", "3 copies" or "on all hosts"' },
    survives,
    isCondemned: { type: "boolean", description: "nothing was found to use it, and it is to be deleted" },
    places: list(
      object({
        host: id,
        name: text,
        piece: count,
        presence: { enum: ["online", "away", "gone"] },
        standing: { enum: ["stays", "leaves", "suspect", "lost", "maybe"], description: "leaves: it is being emptied; maybe: no record says so" },
      }),
    ),
  },
  { $id: "WherePack", description: "One pack and its pieces." },
);
export type WherePack = ValueOf<typeof WherePack>;

export const WhereRow = object(
  { what: { enum: ["pack", "site", "entry"] }, id: text, survives: orNull(survives), packs: list(WherePack), more: { ...count, description: "packs that are not listed here" } },
  { $id: "WhereRow", description: "Where something lies." },
);
export type WhereRow = ValueOf<typeof WhereRow>;
