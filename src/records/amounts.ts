import type { Genesis } from "../cluster/index.ts";
import type { Shape } from "../codec/index.ts";
import { CodecError, choice, codec, nullable, struct, text, uint } from "../codec/index.ts";
import { MAX_VALUE_BYTES } from "./limits.ts";

/** How much a namespace takes, as its genesis says. Each replica enforces it. Null: no bound of its own. */
export interface Amounts {
  readonly maxValueBytes: number;
  /** Of all its records that are not deleted, as they are stored. */
  readonly maxBytes: number | null;
  readonly writesPerSecond: number | null;
}

/** What the genesis of a namespace of type "kv" says in its `rules`. */
export interface KvRules {
  readonly name: string;
  /** Any host of the network, with or without a person; or the person who owns it. */
  readonly writers: "member" | "owner";
  readonly limits: Amounts;
}

const nothing = struct({});
const amountsShape: Shape<Amounts> = struct({ maxValueBytes: uint(MAX_VALUE_BYTES), maxBytes: nullable(uint()), writesPerSecond: nullable(uint(1_000_000)) });
const rulesBytes = codec("A kv namespace's rules", 1, 512, struct({ name: text(64), writers: choice({ member: nothing, owner: nothing }), limits: amountsShape }));

export const kvRulesCodec = {
  encode: ({ name, writers, limits }: KvRules): Uint8Array => rulesBytes.encode({ name, writers: { kind: writers, value: {} }, limits }),
  /** @throws CodecError */
  decode(bytes: Uint8Array): KvRules {
    const { name, writers, limits } = rulesBytes.decode(bytes);
    return { name, writers: writers.kind, limits };
  },
};

/** Undefined for types of namespaces that set none, and where they cannot be read: the type's rule refuses every record there. */
export function amountsOf(genesis: Genesis): Amounts | undefined {
  if (genesis.type !== "kv") return undefined;
  try {
    return kvRulesCodec.decode(genesis.rules).limits;
  } catch (error) {
    if (error instanceof CodecError) return undefined;
    throw error;
  }
}
