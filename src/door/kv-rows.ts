import type { KvState } from "../kv/index.ts";
import type { ValueOf } from "./schema.ts";
import { body, bytes, id, integer, list, millis, object, orNull, text } from "./schema.ts";

// The shapes in which the API speaks of keys and values. Values are base64: they may be any bytes.

const Writers = { enum: ["member", "owner"], description: "every host of the network, or the person who created it" } as const;
const MAX_KEY_CHARS = 1024;

export const KvLimits = object({ maxValueBytes: bytes, maxBytes: orNull(bytes), writesPerSecond: orNull(integer) }, { $id: "KvLimits", description: "How much it takes; null: no bound of its own." });

export const KvNamespace = object(
  {
    name: text,
    namespace: id,
    writers: Writers,
    shards: integer,
    replicas: { type: "integer", description: "0: on all hosts" },
    limits: KvLimits,
    isCurrent: { type: "boolean", description: "false: the name stands for another by now, and this one is reached by its id" },
    isFollowed: { type: "boolean", description: "this host keeps a copy by its own choice" },
  },
  { $id: "KvNamespace", description: "A namespace of keys and values." },
);
export type KvNamespace = ValueOf<typeof KvNamespace>;

export const KvCreate = body(
  {
    name: { type: "string", minLength: 1, maxLength: 40 },
    writers: Writers,
    shards: { type: "integer", minimum: 1, maximum: 256 },
    replicas: { type: "integer", minimum: 0, maximum: 64, description: "0: on all hosts" },
    limits: object({ maxValueBytes: { type: "integer", minimum: 1, maximum: 524_288 }, maxBytes: { type: "integer", minimum: 1 }, writesPerSecond: { type: "integer", minimum: 1, maximum: 1_000_000 } }, { optional: ["maxValueBytes", "maxBytes", "writesPerSecond"] }),
  },
  { $id: "KvCreate", optional: ["writers", "shards", "replicas", "limits"] },
);
export type KvCreate = ValueOf<typeof KvCreate>;

const key = { type: "string", minLength: 1, maxLength: MAX_KEY_CHARS } as const;
const token = { type: "string", description: "what a write answered: the answer has that write, or what superseded it" } as const;

export const KvRead = body({ key, fresh: { type: "boolean", description: "ask all replicas in reach" }, after: token }, { $id: "KvRead", optional: ["fresh", "after"] });
export type KvRead = ValueOf<typeof KvRead>;

export const KvWriteRow = body(
  {
    key,
    base64: { anyOf: [text, { type: "null" }], description: "the value; null deletes" },
    supersedes: { enum: ["plain", "resolve", "blind"], description: "plain: the one value that this host shows. resolve: all values that replicas in reach show. blind: nothing" },
    context: { type: "string", description: "in place of `supersedes`: what a read of this key answered, whose values are to be superseded" },
  },
  { $id: "KvWrite", optional: ["supersedes", "context"] },
);
export type KvWriteRow = ValueOf<typeof KvWriteRow>;

export const KvWritten = object(
  { token: { type: "string", description: "hand it to a read on any host" }, copies: { type: "integer", description: "hosts that have it on their disks now" }, safe: { type: "boolean", description: "false: on fewer hosts than it should be for now" } },
  { $id: "KvWritten" },
);
export type KvWritten = ValueOf<typeof KvWritten>;

export const KvScan = body({ prefix: { type: "string", maxLength: MAX_KEY_CHARS }, limit: { type: "integer", minimum: 1 }, after: token }, { $id: "KvScan", optional: ["prefix", "limit", "after"] });
export type KvScan = ValueOf<typeof KvScan>;

export const KvWatch = body({ from: { type: "string", description: "a position that a change came with; left out: from the beginning" } }, { $id: "KvWatch", optional: ["from"] });
export type KvWatch = ValueOf<typeof KvWatch>;

const entry = {
  key: text,
  values: { ...list(object({ base64: text, writtenMs: { ...millis, description: "by the writer's clock" }, host: id, account: orNull(id) })), description: "more than one: written side by side; none: deleted" },
  context: { type: "string", description: "hand it back when writing this key, so that these values are superseded" },
  isPartial: { type: "boolean", description: "there may be more values: no host with a complete copy is in reach" },
} as const;
export const KvEntry = object(entry, { $id: "KvEntry", description: "A key and its values.", optional: ["isPartial"] });
export type KvEntry = ValueOf<typeof KvEntry>;

export const KvChange = object({ ...entry, position: { type: "string", description: "hand it to any host to go on from here" } }, { $id: "KvChange", description: "What a key has become.", optional: ["isPartial"] });
export type KvChange = ValueOf<typeof KvChange>;

export function kvEntry({ key: name, siblings, context, isPartial }: KvState): KvEntry {
  const values = siblings.map(({ value, wallMs, dot, author }) => ({ base64: Buffer.from(value!).toString("base64"), writtenMs: wallMs, host: dot.actor.host as string, account: author as string | null }));
  return { key: name, values, context, ...(isPartial === true ? { isPartial } : {}) };
}
