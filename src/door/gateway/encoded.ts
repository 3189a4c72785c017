import type { Env } from "../../platform/index.ts";
import { Limiter } from "../../platform/index.ts";
import type { Encoding } from "./accept-encoding.ts";
import { collect } from "./byte-source.ts";
import { compress } from "./compress.ts";
import type { Content } from "./content.ts";
import type { MemoryCache } from "./memory-cache.ts";
import type { Prepared } from "./prepared.ts";

/** The compressed forms of one file. */
export interface Encoded {
  readonly plain: Content;
  /** null: it is not worth it. */
  readonly ready: Map<Encoding, Prepared | null>;
  /** The publisher compressed it beforehand, and better than a host in a hurry. */
  readonly isPrebuilt: boolean;
  /** Makes a form's headers. */
  readonly dress: (form: Content) => Prepared;
}

/** Smaller ones fit into a packet as they are; of larger ones the compressed form would have to be made beforehand. */
export const COMPRESSED_MIN_BYTES = 512;
export const COMPRESSED_MAX_BYTES = 4 * 1024 * 1024;
/** Of files that are being read and compressed; whoever comes when there is no room gets the plain form. */
const UNDER_WAY_MAX_BYTES = 16 * 1024 * 1024;
/** Threads of the pool that reading files needs too, at most. */
const AT_ONCE = 2;
/** A form that is hardly smaller costs the visitor's processor for nothing. */
const WORTH_PART = 0.95;
/** Remembered in place of a form that is not worth it. */
const NO_FORM = Buffer.alloc(0);

const COMPRESSIBLE = /^(?:text\/|application\/(?:javascript|json|ld\+json|manifest\+json|xml|wasm|rtf|vnd\.ms-fontobject)\b|[^;]*\+(?:xml|json)\b|font\/(?:ttf|otf|collection)\b|image\/(?:bmp|x-icon|vnd\.microsoft\.icon)\b)/i;

export function isCompressible(type: string, sizeBytes: number): boolean {
  return sizeBytes >= COMPRESSED_MIN_BYTES && sizeBytes <= COMPRESSED_MAX_BYTES && COMPRESSIBLE.test(type);
}

/** Makes compressed forms when they are first asked for, on few threads, and keeps them in the memory of files. */
export class Compressor {
  readonly #env: Env;
  readonly #cache: MemoryCache;
  readonly #turns = new Limiter(AT_ONCE);
  /** Only the bytes are shared: the same content has other headers at another address. */
  readonly #making = new Map<string, { readonly plain: Content; readonly sizeBytes: Promise<number> }>();
  #underWayBytes = 0;

  constructor(env: Env, cache: MemoryCache) {
    this.#env = env;
    this.#cache = cache;
  }

  /** The best form among those accepted; undefined when the plain one is. @param accepted best first */
  form(encoded: Encoded, accepted: readonly Encoding[]): Prepared | undefined | Promise<Prepared | undefined> {
    for (const encoding of accepted) {
      const ready = encoded.ready.get(encoding);
      if (ready === null) return undefined;
      if (ready !== undefined && ready.content.isMade !== true) return ready;
      if (!encoded.isPrebuilt) return this.#make(encoded, encoding);
    }
    return undefined;
  }

  async #form(encoded: Encoded, encoding: Encoding, making: Promise<number>): Promise<Prepared | undefined> {
    return this.#dressed(encoded, encoding, await making);
  }

  #make(encoded: Encoded, encoding: Encoding): Prepared | undefined | Promise<Prepared | undefined> {
    const { plain } = encoded;
    const key = keyOf(plain, encoding);
    // Each address with a query of its own is prepared anew, and must not be compressed anew. What the memory has let go is, as far as there is room.
    const kept = this.#cache.get(key);
    if (kept !== undefined) return this.#dressed(encoded, encoding, kept.bytes.length);
    const known = this.#making.get(key);
    if (known?.plain === plain) return this.#form(encoded, encoding, known.sizeBytes);
    // That another address of the same content could not be read does not say that this one cannot.
    if (known !== undefined) return this.#form(encoded, encoding, known.sizeBytes).catch(() => undefined);
    if (this.#underWayBytes + plain.sizeBytes > UNDER_WAY_MAX_BYTES) return undefined;
    const sizeBytes = this.#kept(plain, encoding).finally(() => this.#making.delete(key));
    this.#making.set(key, { plain, sizeBytes });
    return this.#form(encoded, encoding, sizeBytes);
  }

  /** The size of the form, which is in the memory then; 0 when it is not worth it. */
  async #kept(plain: Content, encoding: Encoding): Promise<number> {
    const bytes = await this.#encode(plain, encoding);
    const form = bytes.length <= plain.sizeBytes * WORTH_PART ? bytes : NO_FORM;
    await this.#cache.take(keyOf(plain, encoding), form.length, async () => form);
    return form.length;
  }

  /** With the headers of its own address, whoever had the bytes made. */
  #dressed(encoded: Encoded, encoding: Encoding, sizeBytes: number): Prepared | undefined {
    const ready = encoded.ready.get(encoding);
    // Of another size it was made of another file, to which the publisher gave the same id.
    if (ready !== undefined) return ready?.content.sizeBytes === sizeBytes ? ready : undefined;
    const { plain } = encoded;
    const form = sizeBytes === 0 ? null : encoded.dress({ key: keyOf(plain, encoding), sizeBytes, what: plain.what, encoding, isMade: true, read: () => this.#again(plain, encoding) });
    encoded.ready.set(encoding, form);
    return form ?? undefined;
  }

  /** The memory has let the form go at this very moment: it is made once more. The same content gives the same bytes. */
  async *#again(plain: Content, encoding: Encoding): AsyncGenerator<Uint8Array> {
    yield await this.#encode(plain, encoding);
  }

  async #encode(plain: Content, encoding: Encoding): Promise<Buffer> {
    this.#underWayBytes += plain.sizeBytes;
    try {
      // Read before a turn is taken: a file that comes slowly from another host holds nobody up.
      const cached = this.#cache.get(plain.key)?.bytes ?? (await collect(this.#env, { what: plain.what, length: plain.sizeBytes, read: (signal) => plain.read(0, plain.sizeBytes, signal) }));
      return await this.#turns.run(() => compress(cached, encoding));
    } finally {
      this.#underWayBytes -= plain.sizeBytes;
    }
  }
}

function keyOf(plain: Content, encoding: Encoding): string {
  return `${plain.key} ${encoding}`;
}
