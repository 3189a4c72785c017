import type { Genesis } from "../cluster/index.ts";
import { ON_ALL_HOSTS } from "../cluster/index.ts";
import type { AccountId, NetworkId } from "../codec/index.ts";

/** The type of the namespaces in which people's private content lies. */
export const PRIVATE_TYPE = "private";

/**
 * The one namespace of a person's private content. It follows from network and person, so that each of their hosts finds it without asking.
 * It is on all hosts: each knows from its own records what is to be kept, repaired, audited and let go. docs/decisions/pool-records.md says what that costs.
 */
export function privateGenesis(network: NetworkId, owner: AccountId): Genesis {
  return { type: PRIVATE_TYPE, network, owner, replicas: ON_ALL_HOSTS, subShards: 0, rules: new Uint8Array(0), nonce: new Uint8Array(0) };
}
