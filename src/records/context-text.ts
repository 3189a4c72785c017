import { CodecError, codec } from "../codec/index.ts";
import { RecordsError } from "./errors.ts";
import { MAX_RECORD_BYTES } from "./limits.ts";
import type { Context } from "./port.ts";
import { contextShape } from "./record.ts";

// A context as text: what a reader outside of this process is handed, to hand it back when writing.

const contextCodec = codec<Context>("A context", 1, MAX_RECORD_BYTES, contextShape);

export function encodeContextText(context: Context): string {
  return Buffer.from(contextCodec.encode(context)).toString("base64url");
}

/** @throws RecordsError BAD_RECORD */
export function decodeContextText(text: string): Context {
  try {
    if (!/^[A-Za-z0-9_-]+$/.test(text)) throw new CodecError("It is not base64url.");
    return contextCodec.decode(new Uint8Array(Buffer.from(text, "base64url")));
  } catch (error) {
    throw new RecordsError("BAD_RECORD", "This is no context that was read. Hand back what a read answered, as it stands.", { cause: error });
  }
}
