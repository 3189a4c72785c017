import { accountRule } from "../account/index.ts";
import { Cluster, Connector, Liveness } from "../cluster/index.ts";
import type { Beat, Delegation } from "../cluster/index.ts";
import type { AccountId, HostId, InviteId } from "../codec/index.ts";
import type { Standing, Transport } from "../net/index.ts";
import { createTransport } from "../net/index.ts";
import type { Env, Worker } from "../platform/index.ts";
import type { HostPool } from "../pool/index.ts";
import { createPool } from "../pool/index.ts";
import type { RunningRecords } from "../records/index.ts";
import { createRecords, recordsNetworkRules } from "../records/index.ts";
import type { RunningSites } from "../site/index.ts";
import { createSites, nameRule, siteRule } from "../site/index.ts";
import { acquaintancesWorker } from "./acquaintances.ts";
import type { AddressBook } from "./address-book.ts";
import type { DataDirectory, HostIdentity, Settings } from "./directory.ts";
import { Membership } from "./membership.ts";
import type { LocalStore } from "./open-store.ts";
import type { Ports } from "./ports.ts";
import { VERSION } from "./version.ts";
import { Voters } from "./voters.ts";

/** What has been read from the data directory before anything runs. */
export interface Ground {
  readonly directory: DataDirectory;
  readonly identity: HostIdentity;
  readonly settings: Settings;
  readonly delegation: Delegation | undefined;
  readonly ports: Ports;
  /** Where the door listens: known once it is open, when any free port was asked for. */
  readonly web: { port: number };
  readonly store: LocalStore;
  readonly addressBook: AddressBook;
}

/** How the host meets others. */
export interface MeetingOptions {
  readonly listen?: string;
  readonly announce?: readonly string[];
  readonly discovery?: boolean;
}

/** Who takes part, and the records that say so. */
interface Circle {
  readonly transport: Transport;
  readonly cluster: Cluster;
  readonly records: RunningRecords;
  readonly membership: Membership;
}

/** Everything between the disk and the doors. */
export interface Rooms extends Circle {
  readonly liveness: Liveness;
  readonly pool: HostPool;
  readonly sites: RunningSites;
  /** The workers of this room: connecting, heartbeats, voters, the host's card, whom it knows. */
  readonly ownWorkers: readonly Worker[];
  /** Those of all rooms. */
  readonly workers: readonly Worker[];
}

/** Builds every room on the ground, lowest first. Nothing works by itself yet but the transport, which answers. */
export async function furnish(env: Env, options: MeetingOptions, ground: Ground, started: AsyncDisposableStack): Promise<Rooms> {
  const circle = await gather(env, options, ground, started);
  const { transport, cluster, records, membership } = circle;
  const { identity, directory, delegation, addressBook, store } = ground;
  const liveness = new Liveness(env, { transport, members: () => cluster.members(), beat: () => ownBeat(ground, transport) });
  const connector = new Connector(env, { transport, targets: () => targets(cluster, identity, addressBook, liveness) });
  const voters = new Voters(env, { identity, directory, cluster, records, transport });
  const acquaintances = acquaintancesWorker(env, { directory, identity, cluster });
  started.defer(cluster.onChange(() => acquaintances.nudge()));
  const ownWorkers = [connector.worker, liveness.worker, voters.worker, membership.card, acquaintances];
  // Connections nudge them from now on, whether or not the host comes to be started.
  started.defer(async () => {
    await Promise.all(ownWorkers.map((worker) => worker.stop()));
  });
  const roster = () => cluster.register;
  const pool = createPool(env, {
    self: identity.host,
    hostKey: identity.key,
    store: store.pieces,
    cache: store.cache,
    transport,
    records,
    roster,
    presence: (host) => liveness.presence(host),
    freeBytes: (host) => liveness.lastBeat(host)?.freeBytes,
    delegation: () => delegation,
  });
  started.defer(() => pool.close());
  const account = (): AccountId | undefined => delegation?.account;
  const sites = createSites(env, { network: identity.network.id, self: identity.host, account, roster, records, pool });
  started.defer(() => sites.stop());
  return { ...circle, liveness, pool, sites, ownWorkers, workers: [...ownWorkers, ...records.workers(), ...pool.workers, ...sites.workers] };
}

async function gather(env: Env, options: MeetingOptions, ground: Ground, started: AsyncDisposableStack): Promise<Circle> {
  const { identity, settings, store, delegation } = ground;
  const { network } = identity;
  // Whoever knocks before the roster has been read is a stranger.
  const known: { membership?: Membership } = {};
  const admission = (key: HostId | InviteId): Standing => {
    if (known.membership?.isMember(key as HostId) === true) return "member";
    return known.membership?.isInvite(key as InviteId) === true ? "invite" : "stranger";
  };
  const transport = await createTransport(env, {
    seed: identity.key.seed,
    listen: [listenAddress(options.listen, ground.ports.peerPort)],
    admission,
    ...(options.announce === undefined ? {} : { announce: options.announce }),
    ...(options.discovery === false ? {} : { discoveryTag: network.id }),
  });
  started.defer(() => transport.close());
  const cluster = new Cluster({
    self: identity.host,
    network,
    connected: () => transport.connected(),
    rules: { site: siteRule, account: accountRule },
    networkRules: { name: nameRule, ...recordsNetworkRules },
  });
  const records = await createRecords(env, { log: store.log, transport, cluster, signer: { host: identity.key, delegation: () => delegation }, network: network.id });
  started.defer(() => records.stop());
  await records.create(network.genesis);
  const membership = new Membership(env, { identity, settings, account: delegation?.account, version: VERSION, cluster, records, transport });
  membership.refresh();
  known.membership = membership;
  return { transport, cluster, records, membership };
}

async function ownBeat({ store, web }: Ground, transport: Transport): Promise<Beat> {
  return { freeBytes: await store.pieces.availableBytes(), usedBytes: store.pieces.usedBytes, addresses: [...transport.addresses()].slice(0, 16), httpPort: web.port, processId: process.pid };
}

function* targets(cluster: Cluster, identity: HostIdentity, addressBook: AddressBook, liveness: Liveness): Generator<{ readonly host: HostId; readonly addresses: readonly string[] }> {
  const { members } = cluster.register;
  for (const { host, addresses } of members.values()) {
    yield { host, addresses: [...(liveness.lastBeat(host)?.addresses ?? []), ...addressBook.of(host), ...addresses] };
  }
  if (members.has(identity.host)) return;
  // A host that has only just joined knows nobody but those it was told of; a person may know better where they are now.
  for (const { host, addresses } of identity.entrances) yield { host, addresses: [...addressBook.of(host), ...addresses] };
}

/** Without an address given: all of the machine's, of both kinds. */
function listenAddress(listen: string | undefined, peerPort: number): string {
  if (listen === undefined) return `*:${peerPort}`;
  return listen.includes(":") && !listen.startsWith("[") ? `[${listen}]:${peerPort}` : `${listen}:${peerPort}`;
}
