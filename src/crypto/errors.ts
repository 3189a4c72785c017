import { HoldfastError } from "../platform/index.ts";

export type CryptoErrorCode = "BAD_PHRASE" | "BAD_KEY" | "TAMPERED";

export class CryptoError extends HoldfastError<CryptoErrorCode> {}
