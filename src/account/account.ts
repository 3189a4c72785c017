import type { Delegation } from "../cluster/index.ts";
import { delegate } from "../cluster/index.ts";
import type { AccountId, HostId, NetworkId } from "../codec/index.ts";
import { idFromBytes } from "../codec/index.ts";
import type { KeyPair } from "../crypto/index.ts";
import { derive, keyPairFromSeed, newSeed, phraseFromSeed, seedFromPhrase } from "../crypto/index.ts";

/** A person's keys. Everything follows from the seed, and the phrase is the seed in words. */
export interface Account {
  readonly id: AccountId;
  readonly seed: Uint8Array;
  /** 24 words. Whoever has them is this person. */
  readonly phrase: string;
  readonly signingKey: KeyPair;
}

export function newAccount(): Account {
  return accountFromSeed(newSeed());
}

/** @throws CryptoError BAD_PHRASE */
export function accountFromPhrase(phrase: string): Account {
  return accountFromSeed(seedFromPhrase(phrase));
}

export function accountFromSeed(seed: Uint8Array): Account {
  // One key per purpose: the seed itself signs nothing, so that other keys can be derived from it later.
  const signingKey = keyPairFromSeed(derive(seed, "account signing key"));
  return { id: idFromBytes<AccountId>(signingKey.publicKey), seed, phrase: phraseFromSeed(seed), signingKey };
}

/** The person's word that `host` may sign for them in `network`. */
export function delegateToHost(account: Account, network: NetworkId, host: HostId, nowMs: number): Delegation {
  return delegate(account.signingKey, { network, account: account.id, host, issuedMs: nowMs });
}
