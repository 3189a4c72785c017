import type { NamespaceId, PackId } from "../../codec/index.ts";
import { codec, id, list, struct, utf8 } from "../../codec/index.ts";
import { ownEntry } from "../../store/index.ts";
import type { PoolParts } from "../parts.ts";

export interface UnfinishedPack {
  readonly namespace: NamespaceId;
  readonly pack: PackId;
}

const KEY = utf8("eunfinished");
/** A writer has some sixteen packs under way; those of runs before it come on top, each of which was cut off. */
const LIST_MAX = 1024;

export const unfinishedCodec = codec<readonly UnfinishedPack[]>("Unfinished packs", 1, LIST_MAX * 128, list(struct({ namespace: id<NamespaceId>(), pack: id<PackId>() }), LIST_MAX));

/**
 * The packs whose pieces this host has begun to send and that it has not committed. Written down before the first byte leaves, so that a process
 * that is killed knows of them when it is started again. One that has ended stays in the list until the next begins: whoever reads it looks what became of it.
 */
export class Unfinished {
  readonly #notes: PoolParts["notes"];
  readonly #underWay = new Map<PackId, UnfinishedPack>();
  readonly #before: Map<PackId, UnfinishedPack>;

  constructor(notes: PoolParts["notes"]) {
    this.#notes = notes;
    this.#before = new Map((ownEntry(notes, KEY, unfinishedCodec) ?? []).map((each) => [each.pack, each]));
  }

  /** Packs of former runs of this host of which it does not know yet what became. */
  get before(): readonly UnfinishedPack[] {
    return [...this.#before.values()];
  }

  /** Returns when it would be known after a crash. */
  async begin(unfinished: UnfinishedPack): Promise<void> {
    this.#underWay.set(unfinished.pack, unfinished);
    await this.#write();
  }

  end(pack: PackId): void {
    this.#underWay.delete(pack);
  }

  /** What became of a pack of a former run is known now. */
  async settled(pack: PackId): Promise<void> {
    this.#before.delete(pack);
    await this.#write();
  }

  async #write(): Promise<void> {
    const value = unfinishedCodec.encode([...this.#before.values(), ...this.#underWay.values()].slice(-LIST_MAX));
    await this.#notes.commit([{ kind: "put", key: KEY, value }]);
  }
}
