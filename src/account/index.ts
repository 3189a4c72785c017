// account: people. A person's key is made by themselves, apart from any host's key, and comes back from 24 words; a host signs for a
// person under a delegation that the person can revoke. In: a phrase or fresh randomness. Out: account ids, delegations, the rule
// that an account's own namespace is written by that account alone.
export { accountFromPhrase, accountFromSeed, delegateToHost, newAccount } from "./account.ts";
export type { Account } from "./account.ts";
export { accountRule } from "./rule.ts";
