/**
 * Adds up products in GF(2^8): output i becomes the sum over j of rows[i][j] · inputs[j], byte by byte. All outputs have one length; an input may be
 * shorter and then counts as followed by zeros. Outputs share no bytes with inputs.
 */
export interface Combiner {
  combine(rows: readonly Uint8Array[], inputs: readonly Uint8Array[], outputs: readonly Uint8Array[]): void;
}
