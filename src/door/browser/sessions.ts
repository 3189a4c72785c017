import { timingSafeEqual } from "node:crypto";
import { base32, concatBytes, fromBase32, utf8 } from "../../codec/index.ts";
import { hmac } from "../../crypto/index.ts";
import type { Env } from "../../platform/index.ts";
import { Codes } from "../codes.ts";

const NONCE_BYTES = 16;
const MAC_BYTES = 32;
/** Whoever follows the link of a terminal that was left open over night still comes in. */
const CODE_MS = 24 * 3_600_000;
/** So that no other use of the same key could ever give a session. */
const PURPOSE = utf8("holdfast browser session");

/**
 * Who may use the API from a web browser. A link from the terminal has a code that opens one session, once; the session's token is
 * random bytes and their HMAC under this host's key, so that it holds over restarts and nothing is kept of it here. A page keeps it in
 * the storage of its own origin, which no site's page can read, and sends it as a header, which no other page can make it do.
 */
export class Sessions {
  readonly #env: Env;
  readonly #key: Uint8Array;
  readonly #codes: Codes<true>;

  /** @param key 32 random bytes; whoever exchanges them ends all sessions */
  constructor(env: Env, key: Uint8Array) {
    this.#env = env;
    this.#key = key;
    this.#codes = new Codes(env, CODE_MS);
  }

  /** A new code for a link. */
  invite(): string {
    return this.#codes.make(true);
  }

  /** Whether the code would open a session. */
  knows(code: string): boolean {
    return this.#codes.knows(code);
  }

  /** Spends the code; undefined when it is none. */
  open(code: string): string | undefined {
    if (this.#codes.spend(code) === undefined) return undefined;
    const nonce = this.#env.random.bytes(NONCE_BYTES);
    return base32(concatBytes(nonce, this.#mac(nonce)));
  }

  admits(token: string): boolean {
    const bytes = decoded(token);
    if (bytes?.length !== NONCE_BYTES + MAC_BYTES) return false;
    return timingSafeEqual(this.#mac(bytes.subarray(0, NONCE_BYTES)), bytes.subarray(NONCE_BYTES));
  }

  #mac(nonce: Uint8Array): Uint8Array {
    return hmac(this.#key, concatBytes(PURPOSE, nonce));
  }
}

function decoded(token: string): Uint8Array | undefined {
  try {
    return fromBase32(token);
  } catch {
    return undefined;
  }
}
