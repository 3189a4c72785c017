import { HoldfastError } from "../platform/index.ts";

export type ErasureErrorCode = "BAD_CODE" | "BAD_SLICES";

export class ErasureError extends HoldfastError<ErasureErrorCode> {}
