import type { Beat, Delegation } from "../cluster/index.ts";
import { auditCodec } from "../cluster/index.ts";
import type { AccountId } from "../codec/index.ts";
import type { Admission, Transport } from "../net/index.ts";
import { createTransport, nameTexts } from "../net/index.ts";
import type { Env, Worker } from "../platform/index.ts";
import type { HostPool, PoolParts } from "../pool/index.ts";
import { PRIVATE_TYPE, createPool } from "../pool/index.ts";
import type { RunningSites } from "../site/index.ts";
import { createSites } from "../site/index.ts";
import { acquaintancesWorker } from "./acquaintances.ts";
import type { AddressBook } from "./address-book.ts";
import type { RunningEntries } from "../drive/index.ts";
import { createEntries } from "../drive/index.ts";
import type { Kv } from "../kv/index.ts";
import { createKv } from "../kv/index.ts";
import type { Circle } from "./circle.ts";
import { createCircle } from "./circle.ts";
import type { DataDirectory, HostIdentity } from "./directory.ts";
import type { LiveSettings } from "./live-settings.ts";
import type { LocalStore } from "./open-store.ts";
import { MirrorChoice } from "./mirror-choice.ts";
import type { Ports } from "./ports.ts";
import { VERSION } from "./version.ts";

/** What has been read from the data directory before anything runs. */
export interface Ground {
  readonly directory: DataDirectory;
  readonly identity: HostIdentity;
  readonly settings: LiveSettings;
  readonly delegation: Delegation | undefined;
  /** The seed of a person who uses this machine. @throws DaemonError NO_ACCOUNT_KEY */
  readonly seedOf: (account: AccountId) => Promise<Uint8Array>;
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

/** What is done to keep pieces where they should be, where it differs from the usual. */
export interface UpkeepOptions {
  /** Moved for repair at most, in bytes a second. */
  readonly repairRate?: number;
  /** Between two audits of the same host. */
  readonly auditEveryMs?: number;
  /** In which all pieces of this host are read again. */
  readonly scrubPeriodMs?: number;
}

export interface FurnishOptions extends MeetingOptions, UpkeepOptions {
  /** Where the wide web finds sites by their own domains. */
  readonly httpListen?: readonly string[];
  /** Asked whose domains are, in place of the machine's name servers. */
  readonly nameServers?: readonly string[];
}

/** Everything between the disk and the doors. */
export interface Rooms extends Circle {
  readonly acquaintances: Worker;
  readonly pool: HostPool;
  readonly mirrors: MirrorChoice;
  readonly sites: RunningSites;
  readonly kv: Kv;
  readonly entries: RunningEntries;
  /** Those of all rooms. */
  readonly workers: readonly Worker[];
}

/** Builds every room on the ground, lowest first. Nothing works by itself yet but the transport, which answers. */
export async function furnish(env: Env, options: FurnishOptions, ground: Ground, started: AsyncDisposableStack): Promise<Rooms> {
  const { identity, settings, directory, delegation, addressBook, store } = ground;
  const circle = await createCircle(
    env,
    {
      identity,
      settings,
      delegation,
      version: VERSION,
      log: store.log,
      connect: (admission) => openTransport(env, options, ground, admission),
      beat: (transport) => ownBeat(ground, transport),
      whereabouts: (host) => addressBook.of(host),
    },
    started,
  );
  const { transport, cluster, records, liveness } = circle;
  const acquaintances = acquaintancesWorker(env, { directory, identity, cluster, isRosterWhole: () => records.isRosterWhole });
  started.defer(cluster.onChange(() => acquaintances.nudge()));
  started.defer(() => acquaintances.stop());
  const roster = () => cluster.register;
  const mirrors = new MirrorChoice(settings);
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
    provenBytes: (host) => cluster.member(host)?.provenBytes,
    delegation: () => delegation,
    ...upkeepOf(ground, circle, options),
    condemnedForMs: () => cluster.settings.condemnedForMs,
    mirrors,
  });
  started.defer(() => pool.close());
  const account = (): AccountId | undefined => delegation?.account;
  const sites = createSites(env, { network: identity.network.id, self: identity.host, account, roster, records, pool, reuse: pool.upkeep, lookUpTexts: nameTexts(options.nameServers ?? []), servesDomains: (options.httpListen ?? []).length > 0 });
  pool.upkeep.sweeps("site", (namespace, signal) => sites.packsUsed(namespace, signal));
  started.defer(() => sites.stop());
  const entries = createEntries(env, { network: identity.network.id, account, seed: ground.seedOf, records, pool, reuse: pool.upkeep });
  pool.upkeep.sweeps(PRIVATE_TYPE, (_namespace, signal) => entries.usage(signal));
  started.defer(() => entries.stop());
  const kv = createKv({ records, network: identity.network.id, account });
  return { ...circle, acquaintances, pool, mirrors, sites, kv, entries, workers: [...circle.workers, acquaintances, ...pool.workers, ...sites.workers, ...entries.workers] };
}

/** What the pool needs to know to repair, audit and scrub, and where it makes notes. */
function upkeepOf({ identity, store }: Ground, { cluster, records, absences }: Circle, { repairRate, auditEveryMs, scrubPeriodMs }: UpkeepOptions): Pick<PoolParts, "repair" | "audit" | "scrub" | "notes"> {
  const { namespace } = identity.network;
  return {
    repair: {
      coordinator: () => cluster.coordinator()?.host,
      repairAfterMs: () => cluster.settings.repairAfterMs,
      isAwayFor: (host, ms) => absences.isAwayFor(host, ms),
      ...(repairRate === undefined ? {} : { bytesPerSecond: repairRate }),
    },
    audit: {
      told: (host) => cluster.register.audits.get(host)?.get(identity.host),
      tell: (key, audit) => records.write([{ namespace, key, value: auditCodec.encode(audit) }], { as: "host" }),
      ...(auditEveryMs === undefined ? {} : { everyMs: auditEveryMs }),
    },
    scrub: scrubPeriodMs === undefined ? {} : { periodMs: scrubPeriodMs },
    notes: store.log,
  };
}

function openTransport(env: Env, options: MeetingOptions, { identity, ports }: Ground, admission: Admission): Promise<Transport> {
  return createTransport(env, {
    seed: identity.key.seed,
    listen: [listenAddress(options.listen, ports.peerPort)],
    admission,
    ...(options.announce === undefined ? {} : { announce: options.announce }),
    ...(options.discovery === false ? {} : { discoveryTag: identity.network.id }),
  });
}

async function ownBeat({ store, web }: Ground, transport: Transport): Promise<Beat> {
  return { freeBytes: await store.pieces.availableBytes(), usedBytes: store.pieces.usedBytes, addresses: [...transport.addresses()].slice(0, 16), httpPort: web.port, processId: process.pid };
}

/** Without an address given: all of the machine's, of both kinds. */
function listenAddress(listen: string | undefined, peerPort: number): string {
  if (listen === undefined) return `*:${peerPort}`;
  return listen.includes(":") && !listen.startsWith("[") ? `[${listen}]:${peerPort}` : `${listen}:${peerPort}`;
}
