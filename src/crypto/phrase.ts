import { entropyToMnemonic, mnemonicToEntropy } from "@scure/bip39";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import { CryptoError } from "./errors.ts";

/** The 24 words that stand for a seed of 32 bytes, checksum included (BIP-39). */
export function phraseFromSeed(seed: Uint8Array): string {
  return entropyToMnemonic(seed, wordlist);
}

/**
 * Reads words as people type them: any case, any white space, line numbers left out.
 * @throws CryptoError BAD_PHRASE naming the first unknown word, or saying that the words do not fit together
 */
export function seedFromPhrase(typed: string): Uint8Array {
  const words = typed.normalize("NFKD").toLowerCase().split(/[^a-z]+/).filter((word) => word !== "");
  if (words.length !== 24) throw new CryptoError("BAD_PHRASE", `A recovery phrase has 24 words; these are ${words.length}. Type all of them, in order.`);
  const unknown = words.findIndex((word) => !wordlist.includes(word));
  if (unknown >= 0) throw new CryptoError("BAD_PHRASE", `Word ${unknown + 1}, "${words[unknown]}", is not a word of recovery phrases. Check its spelling.`);
  try {
    return mnemonicToEntropy(words.join(" "), wordlist);
  } catch (error) {
    throw new CryptoError("BAD_PHRASE", "These 24 words do not fit together: one is wrong, or two are swapped. Compare them with the paper.", { cause: error });
  }
}

/** Three words that two people compare by voice: 33 bits of a digest. */
export function checkWords(digest: Uint8Array): string {
  const view = new DataView(digest.buffer, digest.byteOffset, digest.byteLength);
  return [0, 2, 4].map((at) => wordlist[view.getUint16(at) % wordlist.length]).join(" ");
}
