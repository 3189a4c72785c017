import type { HostId } from "../codec/index.ts";
import { codec, id, list, struct, text } from "../codec/index.ts";
import { Limiter, readIfPresent, writeDurably } from "../platform/index.ts";

export interface Whereabouts {
  readonly host: HostId;
  readonly addresses: readonly string[];
}

const MAX_ADDRESSES = 16;
const MAX_HOSTS = 10_000;

const bookCodec = codec("The address book", 1, 4 * 1024 * 1024, list(struct({ host: id<HostId>(), addresses: list(text(300), MAX_ADDRESSES) }), MAX_HOSTS));

/** Where hosts may be reached beyond what their own cards say, as a person told. */
export class AddressBook {
  readonly #path: string;
  readonly #known = new Map<HostId, readonly string[]>();
  /** Two writers would write into one temporary file. */
  readonly #writing = new Limiter(1);

  private constructor(path: string, known: readonly Whereabouts[]) {
    this.#path = path;
    for (const { host, addresses } of known) this.#known.set(host, addresses);
  }

  /** A book that cannot be read is begun anew: it only shortens the search. */
  static async open(path: string): Promise<AddressBook> {
    const bytes = await readIfPresent(path);
    try {
      return new AddressBook(path, bytes === undefined ? [] : bookCodec.decode(bytes));
    } catch {
      return new AddressBook(path, []);
    }
  }

  of(host: HostId): readonly string[] {
    return this.#known.get(host) ?? [];
  }

  hosts(): readonly HostId[] {
    return [...this.#known.keys()];
  }

  /** Puts these addresses before the known ones and keeps the newest 16 of each host. Durable when it resolves. */
  async learn(found: readonly Whereabouts[]): Promise<void> {
    let isNew = false;
    for (const { host, addresses } of found) {
      const merged = [...new Set([...addresses, ...this.of(host)])].slice(0, MAX_ADDRESSES);
      isNew ||= merged.join() !== this.of(host).join();
      this.#known.set(host, merged);
    }
    if (isNew) await this.#writing.run(() => this.#write());
  }

  async #write(): Promise<void> {
    await writeDurably(this.#path, bookCodec.encode([...this.#known].slice(-MAX_HOSTS).map(([host, addresses]) => ({ host, addresses: [...addresses] }))));
  }
}
