import type { Account } from "../account/index.ts";
import { accountFromPhrase, delegateToHost, newAccount } from "../account/index.ts";
import { ClusterError, checkHostName, foundNetwork, inviteCheckWords, inviteIdOf, proveAdmission, readCertificate, readInviteCode, redeemAnswerCodec, writeRedeemRequest } from "../cluster/index.ts";
import type { InviteCode, RedeemAnswer } from "../cluster/index.ts";
import type { AccountId, HostId, InviteId, NetworkId } from "../codec/index.ts";
import { CodecError, bytesOfId, codec, concatBytes, fixedBytes, id, idFromBytes, struct, utf8 } from "../codec/index.ts";
import { keyPairFromSeed, newSeed, sha256 } from "../crypto/index.ts";
import { NetError, askAsInvite } from "../net/index.ts";
import type { Env } from "../platform/index.ts";
import { readIfPresent, removeIfPresent, writeDurably } from "../platform/index.ts";
import { MARKER_NAME, checkPlace, prepareDataDirectory } from "../store/index.ts";
import { DataDirectory } from "./directory.ts";
import { DaemonError } from "./errors.ts";
import { HOST_FILES, writeHost } from "./host-files.ts";
import type { PersonalConfig } from "./personal.ts";

export interface PrimeOptions {
  readonly data: string;
  /** The host's name. */
  readonly host: string;
  /** Default: the host's name. */
  readonly zone?: string;
  /** Default: half of what is free. */
  readonly capacityBytes?: number;
  /** The recovery phrase of an account that exists already. */
  readonly phrase?: string;
}

export interface InitOptions extends PrimeOptions {
  readonly network: string;
  readonly maxHosts?: number;
}

export interface JoinOptions extends PrimeOptions {
  readonly code: string;
  readonly signal?: AbortSignal;
}

export interface Primed {
  readonly data: string;
  readonly host: HostId;
  readonly network: NetworkId;
  readonly networkName: string;
  readonly account: AccountId;
  /** The recovery phrase of an account made just now; undefined when it existed before. */
  readonly phrase: string | undefined;
  readonly capacityBytes: number;
}

/** Who is about to join: of which host what its seed follows from, and for which account it began. */
interface JoiningKeys {
  readonly host: Uint8Array;
  readonly account: AccountId;
}

const DEFAULT_MAX_HOSTS = 100;
const REDEEM_TIMEOUT_MS = 20_000;
/** It outlives a lost answer, so that the invite is not used up by nobody. The account's key is not on this disk. */
const JOINING = "joining.key";
/** What of the network's answer may lie beside it when a join was killed. */
const LEFT_BY_JOINING = [...HOST_FILES.flatMap((name) => [name, `${name}.new`]), `${MARKER_NAME}.new`];
export const joiningCodec = codec("The keys of a joining host", 2, 128, struct({ host: fixedBytes(32), account: id<AccountId>() }));

/**
 * Primes a folder for hosting and founds a network with it as its first host.
 * @throws StoreError when the folder is not empty or the disk too small; ClusterError for a bad name
 */
export async function initNetwork(env: Env, personal: PersonalConfig, options: InitOptions): Promise<Primed> {
  checkHostName(options.host);
  checkHostName(options.network);
  const account = options.phrase === undefined ? newAccount() : accountFromPhrase(options.phrase);
  const directory = new DataDirectory(options.data);
  const capacityBytes = await prepareDataDirectory(directory.path, placeOf(options));
  const now = env.clock.wallMs();
  const certificate = foundNetwork(account.signingKey, { name: options.network, maxHosts: options.maxHosts ?? DEFAULT_MAX_HOSTS, createdMs: now }, env.random);
  const settled = await settle(env, personal, directory, { options, capacityBytes, account, seed: newSeed(), answer: { certificate, entrances: [] } });
  return { ...settled, phrase: options.phrase === undefined ? account.phrase : undefined };
}

/**
 * Primes a folder for hosting and joins a network with an invite's code.
 * @throws ClusterError saying why the invite cannot be used; NetError when no host of the network answers
 */
export async function joinNetwork(env: Env, personal: PersonalConfig, options: JoinOptions): Promise<Primed> {
  checkHostName(options.host);
  const code = readInviteCode(options.code);
  if (env.clock.wallMs() > code.expiresMs) throw new ClusterError("INVITE_EXPIRED", "The invite has expired. Ask for a new one.");
  const directory = new DataDirectory(options.data);
  const capacityBytes = await prepareDataDirectory(directory.path, await placeOfJoining(directory, options));
  const { seed, account } = await joiningKeys(directory, personal, inviteIdOf(code), options.phrase);
  const answer = await redeem(env, code, { ...options, capacityBytes }, seed, account).catch(async (error: unknown) => {
    // A refusal is final; after silence the same keys may be tried again. And where the network has let a host in before with another invite, that one is taken up by them.
    if (error instanceof ClusterError && !(await wasLetIn(directory))) await removeIfPresent(directory.file(JOINING));
    throw error;
  });
  const settled = await settle(env, personal, directory, { options, capacityBytes, account, seed, answer });
  await removeIfPresent(directory.file(JOINING));
  return { ...settled, phrase: options.phrase === undefined ? account.phrase : undefined };
}

/** The words by which two people compare an invite, and the network's name, before it is used. */
export function decodeInvite(typed: string): { readonly networkName: string; readonly expiresMs: number; readonly checkWords: string } {
  const code = readInviteCode(typed);
  return { networkName: code.networkName, expiresMs: code.expiresMs, checkWords: inviteCheckWords(code.network, inviteIdOf(code)) };
}

function placeOf({ capacityBytes }: Pick<PrimeOptions, "capacityBytes">): { readonly capacityBytes?: number; readonly mayHold: readonly string[] } {
  return { ...(capacityBytes === undefined ? {} : { capacityBytes }), mayHold: [JOINING] };
}

/** A folder in which a host was joining when it was killed has some of what the network's answer left, and all of it is written again. */
async function placeOfJoining(directory: DataDirectory, options: Pick<PrimeOptions, "capacityBytes">): Promise<ReturnType<typeof placeOf>> {
  const [place, asLeft] = [placeOf(options), { ...placeOf(options), mayHold: [JOINING, ...LEFT_BY_JOINING] }];
  // First of all: where there is no folder nothing is looked for in it, so that it is said what is there.
  await checkPlace(directory.path, asLeft);
  return (await readIfPresent(directory.file(JOINING))) === undefined ? place : asLeft;
}

async function wasLetIn(directory: DataDirectory): Promise<boolean> {
  for (const name of LEFT_BY_JOINING) if ((await readIfPresent(directory.file(name))) !== undefined) return true;
  return false;
}

/** What would stop a host from joining is found before anybody is asked to let it in. @param options without `data`: a disk that is primed later */
export async function checkBeforeJoining(options: Pick<PrimeOptions, "host" | "capacityBytes"> & { readonly data: string | undefined }): Promise<void> {
  checkHostName(options.host);
  if (options.data !== undefined) await checkPlace(options.data, await placeOfJoining(new DataDirectory(options.data), options));
}

/** @throws DaemonError NO_ACCOUNT_KEY when a former attempt was another person's */
async function joiningKeys(directory: DataDirectory, personal: PersonalConfig, invite: InviteId, phrase: string | undefined): Promise<{ readonly seed: Uint8Array; readonly account: Account }> {
  const former = await formerKeys(directory);
  if (former !== undefined) {
    const account = phrase === undefined ? await personal.account(former.account) : accountFromPhrase(phrase);
    return { seed: hostSeed(former, invite, account.id), account };
  }
  const account = phrase === undefined ? newAccount() : accountFromPhrase(phrase);
  const keys = { host: newSeed(), account: account.id };
  await personal.keepAccount(account);
  await writeDurably(directory.file(JOINING), joiningCodec.encode(keys));
  return { seed: hostSeed(keys, invite, account.id), account };
}

/**
 * With each invite that is tried, and each account for which it is, the host is another one: one that two invites had let in, or two members for two
 * accounts, each where the other was not known yet, would have come by the one for some hosts and by the other for the rest.
 */
export function hostSeed(keys: JoiningKeys, invite: InviteId, account: AccountId): Uint8Array {
  // With the account with which it began it is the one that it was before accounts counted.
  const other = account === keys.account ? [] : [bytesOfId(account)];
  return sha256(concatBytes(utf8("holdfast joining"), keys.host, bytesOfId(invite), ...other));
}

/** Keys that cannot be read were used by nobody who could say so. */
async function formerKeys(directory: DataDirectory): Promise<JoiningKeys | undefined> {
  const bytes = await readIfPresent(directory.file(JOINING));
  try {
    return bytes === undefined ? undefined : joiningCodec.decode(bytes);
  } catch (error) {
    if (error instanceof CodecError) return undefined;
    throw error;
  }
}

async function redeem(env: Env, code: InviteCode, options: JoinOptions & { readonly capacityBytes: number }, seed: Uint8Array, account: Account): Promise<RedeemAnswer> {
  const key = keyPairFromSeed(seed);
  const host = idFromBytes<HostId>(key.publicKey);
  const proof = proveAdmission(keyPairFromSeed(code.seed), code.network, host, account.id);
  const body = writeRedeemRequest(key, { host, account: account.id, name: options.host, zone: options.zone ?? "", capacityBytes: options.capacityBytes, proof });
  const asked = await askAsInvite(env, {
    seed: code.seed,
    entrances: code.entrances,
    body,
    timeoutMs: REDEEM_TIMEOUT_MS,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  }).catch((error: unknown) => {
    throw refusal(error) ?? error;
  });
  const answer = redeemAnswerCodec.decode(asked.body);
  if (readCertificate(answer.certificate)?.id !== code.network) throw new ClusterError("OTHER_NETWORK", "The host that answered belongs to another network than the invite. Ask your friend for a new invite.");
  return answer;
}

/** What the other host said, as if it had been said here. */
function refusal(error: unknown): ClusterError | undefined {
  if (!(error instanceof NetError) || error.remoteCode === undefined) return undefined;
  switch (error.remoteCode) {
    case "BAD_INVITE":
    case "INVITE_EXPIRED":
    case "INVITE_USED":
    case "INVITE_UNKNOWN":
    case "INVITER_REMOVED":
    case "NETWORK_FULL":
    case "HOST_NAME_TAKEN":
    case "BAD_HOST_NAME":
      return new ClusterError(error.remoteCode, error.message, { cause: error });
    default:
      return undefined;
  }
}

interface Settling {
  readonly options: PrimeOptions;
  readonly capacityBytes: number;
  readonly account: Account;
  readonly seed: Uint8Array;
  readonly answer: RedeemAnswer;
}

async function settle(env: Env, personal: PersonalConfig, directory: DataDirectory, settling: Settling): Promise<Omit<Primed, "phrase">> {
  const { options, capacityBytes, account, seed, answer } = settling;
  const network = readCertificate(answer.certificate);
  if (network === undefined) throw new DaemonError("BAD_SETTINGS", "The network's certificate does not bear its founder's signature. Ask for a new invite.");
  const host = idFromBytes<HostId>(keyPairFromSeed(seed).publicKey);
  await personal.keepAccount(account);
  const delegation = delegateToHost(account, network.id, host, env.clock.wallMs());
  await writeHost(personal, directory, { seed, network, answer, delegation, settings: { hostName: options.host, zone: options.zone ?? options.host, capacityBytes } });
  return { data: directory.path, host, network: network.id, networkName: network.rules.name, account: account.id, capacityBytes };
}
