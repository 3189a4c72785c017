import { PoolError } from "../errors.ts";

/** A host takes nothing more for a person who has what they may have. */
export class OverQuota extends PoolError {
  readonly overBytes: number;

  constructor(overBytes: number, message = `this would be ${overBytes} bytes more than the person may take`) {
    super("OVER_QUOTA", message);
    this.overBytes = overBytes;
  }
}

/** A host's answer that it takes a piece not, or not now, as an error. */
export function refusalOf(answer: { readonly kind: "overQuota"; readonly value: { readonly overBytes: number } } | { readonly kind: "later"; readonly value: { readonly waitMs: number } }): PoolError {
  return answer.kind === "overQuota" ? new OverQuota(answer.value.overBytes) : new PoolError("HOST_BUSY", `it was asked for too much at once, and takes more in ${answer.value.waitMs} ms`);
}
