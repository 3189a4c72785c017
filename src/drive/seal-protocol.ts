import type { BlobKey, SealedText } from "./seal-text.ts";

// What the sealer and its thread say to each other. Each question has one answer, and answers come in the order of the questions.

export interface SealData {
  readonly gear: Uint8Array;
  readonly content: BlobKey;
}

/** The next bytes of a file, 1 MiB at most. "drop": nobody wants the file any longer. */
export interface SealQuestion {
  readonly file: number;
  readonly kind: "more" | "last" | "drop";
  readonly bytes: Uint8Array;
}

export interface SealedChunk extends SealedText {
  /** Of the text. */
  readonly length: number;
}

export interface SealAnswer {
  readonly chunks: readonly SealedChunk[];
  /** The question's bytes, to be used again. */
  readonly block: Uint8Array;
  /** With the last bytes: SHA-256 of the whole file. */
  readonly digest?: Uint8Array;
}
