import type { Genesis } from "../cluster/index.ts";
import { ON_ALL_HOSTS, genesisCodec, majority, namespaceIdOf } from "../cluster/index.ts";
import type { AccountId, HostId, NamespaceId, NetworkId } from "../codec/index.ts";
import { byteString, bytesOfId, codec, compareBytes, id, idFromText, struct } from "../codec/index.ts";
import { isSiteName } from "./site-name.ts";

// How names are given out. A person claims a name by a record of their own, `name/<label>/claim/<account>`, so that no one's claim can
// overwrite another's. Each voter countersigns the first claim it saw, in `name/<label>/vote/<host>`. All of it lies in the network's
// namespace, on every host, and who owns the name follows from these records alone.

export const NAME_PREFIX = "name/";
export const SITE_TYPE = "site";
const MAX_GENESIS_BYTES = 1024;

/** Which key of the network's namespace, taken apart. */
export type NameKey = { readonly kind: "claim"; readonly label: string; readonly account: AccountId } | { readonly kind: "vote"; readonly label: string; readonly host: HostId };

export function labelPrefix(label: string): string {
  return `${NAME_PREFIX}${label}/`;
}

export function claimKey(label: string, account: AccountId): string {
  return `${labelPrefix(label)}claim/${account}`;
}

export function voteKey(label: string, host: HostId): string {
  return `${labelPrefix(label)}vote/${host}`;
}

/** @throws CodecError for an id that is none. Undefined for a key of another form, or for a label that cannot name a site. */
export function readNameKey(key: string): NameKey | undefined {
  const [kind, label, what, who, ...rest] = key.split("/");
  if (`${kind}/` !== NAME_PREFIX || label === undefined || who === undefined || rest.length > 0 || !isSiteName(label)) return undefined;
  if (what === "claim") return { kind: "claim", label, account: idFromText<AccountId>(who) };
  if (what === "vote") return { kind: "vote", label, host: idFromText<HostId>(who) };
  return undefined;
}

/** A person's claim of a name for the site whose namespace has this genesis. */
export interface Claim {
  readonly namespace: NamespaceId;
  readonly genesis: Genesis;
  readonly owner: AccountId;
}

const claimBytes = codec("A claim of a name", 1, MAX_GENESIS_BYTES + 16, struct({ genesis: byteString(MAX_GENESIS_BYTES) }));

export function siteGenesis(network: NetworkId, owner: AccountId, nonce: Uint8Array): Genesis {
  return { type: SITE_TYPE, network, owner, replicas: ON_ALL_HOSTS, subShards: 0, rules: new Uint8Array(0), nonce };
}

export function encodeClaim(genesis: Genesis): Uint8Array {
  return claimBytes.encode({ genesis: genesisCodec.encode(genesis) });
}

/**
 * The claim, or undefined when it is not for a site of this network that belongs to `account`.
 * @throws CodecError
 */
export function readClaim(bytes: Uint8Array, network: NetworkId, account: AccountId): Claim | undefined {
  const genesis = genesisCodec.decode(claimBytes.decode(bytes).genesis);
  const isSite = genesis.type === SITE_TYPE && genesis.network === network && genesis.replicas === ON_ALL_HOSTS;
  return isSite && genesis.owner === account ? { namespace: namespaceIdOf(genesis), genesis, owner: account } : undefined;
}

export interface Vote {
  readonly namespace: NamespaceId;
}

export const voteCodec = codec<Vote>("A vote for a name", 1, 64, struct({ namespace: id<NamespaceId>() }));

/** All that is recorded about one name. */
export interface NameEntries {
  readonly claims: readonly Claim[];
  readonly votes: ReadonlyMap<HostId, NamespaceId>;
}

/** Who has a name. */
export interface Holding {
  readonly claim: Claim;
  readonly standing: "final" | "provisional";
}

/**
 * The claim with the most votes of the present voters, else the one with the smallest namespace id: the same on every host that has the
 * same records. Final once a majority of the voters is for it.
 */
export function settle({ claims, votes }: NameEntries, voters: readonly HostId[]): Holding | undefined {
  const count = (claim: Claim): number => voters.filter((voter) => votes.get(voter) === claim.namespace).length;
  const ranked = claims.map((claim) => ({ claim, votes: count(claim) }));
  ranked.sort((a, b) => b.votes - a.votes || compareBytes(bytesOfId(a.claim.namespace), bytesOfId(b.claim.namespace)));
  const first = ranked[0];
  return first && { claim: first.claim, standing: first.votes >= majority(voters.length) ? "final" : "provisional" };
}
