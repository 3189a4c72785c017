import type { NamespaceId } from "../codec/index.ts";
import { CodecError, codec, id, struct, text as textShape } from "../codec/index.ts";
import { RecordsError } from "./errors.ts";
import { MAX_KEY_BYTES, MAX_RECORD_BYTES } from "./limits.ts";
import type { Context } from "./port.ts";
import { contextShape } from "./record.ts";

// A context as text: what a reader outside of this process is handed, to hand it back when writing. Dots count per key, so the context of one
// key means something in every other, and would supersede there what nobody has read. So the text says of which key it is.

/** Of which key a context is. */
export interface KeyName {
  readonly namespace: NamespaceId;
  readonly key: string;
}

const VERSION = 2;
/** The last version that did not name the key. */
const NAMELESS = 1;

const contextCodec = codec<KeyName & { readonly context: Context }>("A context", VERSION, MAX_RECORD_BYTES, struct({ namespace: id<NamespaceId>(), key: textShape(MAX_KEY_BYTES), context: contextShape }));

export function encodeContextText({ namespace, key }: KeyName, context: Context): string {
  return Buffer.from(contextCodec.encode({ namespace, key, context })).toString("base64url");
}

/**
 * @param of the key that is to be written
 * @throws RecordsError BAD_RECORD
 */
export function decodeContextText(text: string, of: KeyName): Context {
  const { namespace, key, context } = decoded(text);
  if (namespace === of.namespace && key === of.key) return context;
  const whose = key === of.key ? `"${key}" in another namespace` : `another key, "${key.slice(0, 80)}"`;
  throw new RecordsError("BAD_RECORD", `This context is of ${whose}. Read "${of.key.slice(0, 80)}" and hand back what that read answers.`);
}

function decoded(text: string): ReturnType<typeof contextCodec.decode> {
  const bytes = new Uint8Array(Buffer.from(text, "base64url"));
  if (bytes[0] === NAMELESS) throw new RecordsError("BAD_RECORD", "This context is from an earlier version of Holdfast and does not say of which key it is. Read the key again, and hand back what that read answers.");
  try {
    if (!/^[A-Za-z0-9_-]+$/.test(text)) throw new CodecError("It is not base64url.");
    return contextCodec.decode(bytes);
  } catch (error) {
    throw new RecordsError("BAD_RECORD", "This is no context that was read. Hand back what a read answered, as it stands.", { cause: error });
  }
}
