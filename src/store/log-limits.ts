import { StoreError } from "./errors.ts";
import type { LogOperation } from "./port.ts";

/** Keys are names, not content: 4 KiB. */
export const MAX_KEY_BYTES = 4096;
/** 16 MiB, the size of the largest batch of records with room to spare. */
export const MAX_VALUE_BYTES = 16 * 1024 * 1024;

/** Says which operation the log would not take, before anything is done. */
export function checkOperations(operations: readonly LogOperation[]): StoreError | undefined {
  for (const operation of operations) {
    const valueLength = operation.kind === "put" ? operation.value.length : 0;
    if (operation.key.length > MAX_KEY_BYTES || valueLength > MAX_VALUE_BYTES) {
      return new StoreError("ENTRY_TOO_LARGE", `An entry with a key of ${operation.key.length} and a value of ${valueLength} bytes is too large for the record log; keys have up to ${MAX_KEY_BYTES}, values up to ${MAX_VALUE_BYTES} bytes. Split it.`);
    }
  }
  return undefined;
}
