import type { HostId, PackId } from "../../codec/index.ts";
import { byteString, choice, codec, fixedBytes, id, list, struct, uint } from "../../codec/index.ts";
import { LEAF_BYTES } from "../../store/index.ts";
import { MAX_LEAVES } from "../messages.ts";
import { MAX_PIECES } from "../record/pack-record.ts";

// What is said in an audit. docs/formats/pool.md lists the bytes.

/** Request: prove that you have these leaves. */
export const PROVE = "pool/prove";
/** Request: when did a host ask you for leaves of a pack? */
export const WITNESS = "pool/witness";

/** Half a MiB of leaves: a fair part of what a request may carry. */
export const LEAVES_PER_QUESTION = 8;

export const proveCodec = codec(
  "A challenge",
  1,
  2048,
  list(struct({ pack: id<PackId>(), index: uint(MAX_PIECES - 1), leaf: uint(MAX_LEAVES - 1) }), LEAVES_PER_QUESTION),
);

export const proofsCodec = codec(
  "An answer to a challenge",
  1,
  LEAVES_PER_QUESTION * (LEAF_BYTES + 4096),
  list(
    choice({
      leaf: struct({ bytes: byteString(LEAF_BYTES), proof: list(fixedBytes(32), 64) }),
      absent: struct({}),
      damaged: struct({}),
      /** The asker has asked for more than this host reads for it at a time. */
      busy: struct({}),
    }),
    LEAVES_PER_QUESTION,
  ),
);

export const witnessCodec = codec("A question to a witness", 1, 512, struct({ host: id<HostId>(), packs: list(id<PackId>(), LEAVES_PER_QUESTION) }));

/** For each pack how many milliseconds ago the host last asked here for leaves of it. NEVER: not within memory. */
export const witnessAnswerCodec = codec("A witness's answer", 1, 256, list(uint(), LEAVES_PER_QUESTION));
export const NEVER = 2 ** 32;
