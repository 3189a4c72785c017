import { hex } from "../../codec/index.ts";
import type { LogOperation, RecordLog } from "../../store/index.ts";

/** The part of a record log that a host's own notes need, in memory. */
export class FakeNotes implements Pick<RecordLog, "get" | "commit"> {
  readonly #notes = new Map<string, Uint8Array>();

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#notes.get(hex(key));
  }

  async commit(operations: readonly LogOperation[]): Promise<void> {
    for (const operation of operations) {
      if (operation.kind === "put") this.#notes.set(hex(operation.key), operation.value);
      else this.#notes.delete(hex(operation.key));
    }
  }
}
