// cluster: who takes part and who holds what. Genesis and ids of namespaces, delegation, invites, the roster that follows from the
// network's records, the rules of the network's namespace, liveness, and the layout of shards over hosts.
// In: records of the network's namespace, connections coming and going. Out: the roster, presence, preference lists, verdicts.
export { ACCEPT, EVERYWHERE, ON_ALL_HOSTS, SHARDS, genesisCodec, namespaceIdOf, shardOf } from "./namespace.ts";
export type { Genesis, JudgedRecord, Verdict } from "./namespace.ts";
export { delegate, delegationCodec, isGenuine } from "./delegation.ts";
export type { Delegation } from "./delegation.ts";
export type { Member, Person, Presence, Roster } from "./port.ts";
