import type { NamespaceId, PackId } from "../../codec/index.ts";
import { codec, id, list, struct, utf8 } from "../../codec/index.ts";
import { ownEntry } from "../../store/index.ts";
import type { PoolParts } from "../parts.ts";

export interface UnfinishedPack {
  readonly namespace: NamespaceId;
  readonly pack: PackId;
}

const KEY = utf8("eunfinished");
/** A writer has some sixteen packs under way; those that failed, or were cut off in runs before it, come on top. */
const LIST_MAX = 1024;

export const unfinishedCodec = codec<readonly UnfinishedPack[]>("Unfinished packs", 1, LIST_MAX * 128, list(struct({ namespace: id<NamespaceId>(), pack: id<PackId>() }), LIST_MAX));

/**
 * The packs whose pieces this host has begun to send and that it has not committed: those under way, and those of which it has not found out yet what
 * became of them. Written down before the first byte leaves, so that a process that is killed knows of them when it is started again. One that was
 * committed stays in the list until the next begins: whoever reads it looks what became of it.
 */
export class Unfinished {
  readonly #notes: PoolParts["notes"];
  readonly #underWay = new Map<PackId, UnfinishedPack>();
  readonly #left: Map<PackId, UnfinishedPack>;

  constructor(notes: PoolParts["notes"]) {
    this.#notes = notes;
    this.#left = new Map((ownEntry(notes, KEY, unfinishedCodec) ?? []).map((each) => [each.pack, each]));
  }

  /** Packs that failed, or that a former run of this host had under way, of which it does not know yet what became. */
  get left(): readonly UnfinishedPack[] {
    return [...this.#left.values()];
  }

  /** Returns when it would be known after a crash. */
  async begin(unfinished: UnfinishedPack): Promise<void> {
    this.#underWay.set(unfinished.pack, unfinished);
    await this.#write();
  }

  end(pack: PackId): void {
    this.#underWay.delete(pack);
  }

  /** It was sent, and not committed as far as its writer knows. */
  failed(pack: PackId): void {
    this.#left.set(pack, this.#underWay.get(pack)!);
    this.#underWay.delete(pack);
  }

  /** What became of one that was left is known now. */
  async settled(pack: PackId): Promise<void> {
    this.#left.delete(pack);
    await this.#write();
  }

  async #write(): Promise<void> {
    const value = unfinishedCodec.encode([...this.#left.values(), ...this.#underWay.values()].slice(-LIST_MAX));
    await this.#notes.commit([{ kind: "put", key: KEY, value }]);
  }
}
