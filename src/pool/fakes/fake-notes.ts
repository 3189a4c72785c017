import { hex } from "../../codec/index.ts";
import { DamagedEntry } from "../../store/index.ts";
import type { LogOperation, RecordLog } from "../../store/index.ts";

/** The part of a record log that a host's own notes need, in memory. */
export class FakeNotes implements Pick<RecordLog, "get" | "commit"> {
  readonly #notes = new Map<string, Uint8Array>();
  readonly #damaged = new Set<string>();

  /** What lies there is not what was written any more, until it is written anew. */
  damage(): void {
    for (const key of this.#notes.keys()) this.#damaged.add(key);
  }

  get(key: Uint8Array): Uint8Array | undefined {
    if (this.#damaged.has(hex(key))) throw new DamagedEntry("in memory", key);
    return this.#notes.get(hex(key));
  }

  async commit(operations: readonly LogOperation[]): Promise<void> {
    for (const operation of operations) {
      this.#damaged.delete(hex(operation.key));
      if (operation.kind === "put") this.#notes.set(hex(operation.key), operation.value);
      else this.#notes.delete(hex(operation.key));
    }
  }
}
