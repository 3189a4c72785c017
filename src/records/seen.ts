import type { NamespaceId } from "../codec/index.ts";
import { CodecError, codec, id, list, struct, text } from "../codec/index.ts";
import { contains } from "./context.ts";
import { RecordsError } from "./errors.ts";
import { MAX_BATCH_RECORDS, MAX_KEY_BYTES } from "./limits.ts";
import { contextOf } from "./merge.ts";
import type { Version } from "./merge.ts";
import type { Dot, Write, Written } from "./port.ts";
import { dotShape } from "./record.ts";

// A token: what a writer was told of its write, carried to another host, so that it is not answered there with what was before.

const MAX_TOKEN_BYTES = 256 * 1024;
const tokenCodec = codec<readonly Written[]>("A token of writes", 1, MAX_TOKEN_BYTES, list(struct({ namespace: id<NamespaceId>(), key: text(MAX_KEY_BYTES), dot: dotShape }), MAX_BATCH_RECORDS));

/** @param dots what `Records.write` gave for the writes, in their order */
export function tokenOf(writes: readonly Pick<Write, "namespace" | "key">[], dots: readonly Dot[]): string {
  return Buffer.from(tokenCodec.encode(dots.map((dot, at) => ({ namespace: writes[at]!.namespace, key: writes[at]!.key, dot })))).toString("base64url");
}

/** @throws RecordsError BAD_TOKEN */
export function readToken(token: string): readonly Written[] {
  try {
    if (token.length > MAX_TOKEN_BYTES * 2 || !/^[A-Za-z0-9_-]+$/.test(token)) throw new CodecError("It is not base64url.");
    return tokenCodec.decode(new Uint8Array(Buffer.from(token, "base64url")));
  } catch (error) {
    throw new RecordsError("BAD_TOKEN", "This is no token of a write. Hand back what a write answered, as it stands.", { cause: error });
  }
}

/** Whether a state has all these versions, or what their readers wrote. */
export function hasAll(siblings: readonly Version[], dots: readonly Dot[]): boolean {
  const known = contextOf(siblings);
  return dots.every((dot) => contains(known, dot));
}

export function dotsOf(seen: readonly Written[], namespace: NamespaceId, key: string): readonly Dot[] {
  return seen.filter((each) => each.namespace === namespace && each.key === key).map(({ dot }) => dot);
}
