import type { Cluster } from "../cluster/index.ts";
import type { HostId } from "../codec/index.ts";
import { hex } from "../codec/index.ts";
import type { DemoSwitch, Door, Place, Status, WebOptions } from "../door/index.ts";
import { createDoor } from "../door/index.ts";
import type { Transport } from "../net/index.ts";
import { addressSet, hostAndPort, isLanAddress, localNetworkHost, openSponsor, parseListenAddress } from "../net/index.ts";
import type { Env } from "../platform/index.ts";
import { codeOf } from "../platform/index.ts";
import { BROWSER_FOLDERS, SESSION_KEY_BYTES } from "./browser.ts";
import { Applicants } from "./applicants.ts";
import { AddressBook } from "./address-book.ts";
import { DataDirectory } from "./directory.ts";
import { gaugesOf } from "./gauges.ts";
import { LanPorts } from "./lan-ports.ts";
import { LiveSettings } from "./live-settings.ts";
import { openStore } from "./open-store.ts";
import { learnPeersFile } from "./peers.ts";
import type { PersonalConfig } from "./personal.ts";
import type { Ports } from "./ports.ts";
import { choosePorts } from "./ports.ts";
import type { Ground, Rooms, UpkeepOptions } from "./rooms.ts";
import { furnish } from "./rooms.ts";
import { PoolView } from "./pool-view.ts";
import { HostUpkeep } from "./upkeep.ts";
import { VERSION } from "./version.ts";
import { View } from "./view.ts";

export interface HostOptions extends UpkeepOptions {
  readonly data: string;
  readonly personal: PersonalConfig;
  /** Given ports must be free. Left out: the ones used before, else the next free pair from 4280. */
  readonly httpPort?: number;
  readonly peerPort?: number;
  /** The address on which other hosts are awaited. Default: all of this machine's. */
  readonly listen?: string;
  /** Addresses under which others reach this host beyond those it sees itself: a forwarded port. */
  readonly announce?: readonly string[];
  /** A file of host ids and addresses, as "holdfast hosts --addresses" writes it. */
  readonly peersFile?: string;
  /** Whether whoever is on the local network sees the sites, each at a port of its own. Default: no. */
  readonly lan?: boolean;
  /** Where the wide web finds sites by their own domains: as "*:80", "192.0.2.7:8080" or "[::1]:8080". */
  readonly httpListen?: readonly string[];
  /** Addresses or networks of proxies whose word about their visitors counts. */
  readonly trustedProxies?: readonly string[];
  /** Name servers that are asked whose domains are, as address or address:port. Default: this machine's. */
  readonly nameServers?: readonly string[];
  /** Whether hosts, and machines on which one is being set up, are looked for on the local network. Default: yes. */
  readonly discovery?: boolean;
  /** In the demo: who takes hosts away and brings them back. */
  readonly demo?: DemoSwitch;
}

export interface RunningHost {
  readonly host: HostId;
  readonly hostName: string;
  readonly networkName: string;
  /** The start page. */
  readonly url: string;
  /** A new link that opens the Browser in a web browser of this machine, once. */
  browserLink(): string;
  readonly httpPort: number;
  readonly peerPort: number;
  readonly addresses: readonly string[];
  /** Where the wide web finds the sites; empty when it does not. */
  readonly web: readonly { readonly address: string; readonly port: number }[];
  /** Where the local network finds this machine; null where sites are not shown there. */
  readonly lan: Status["lan"];
  /** Stops everything in order and resolves when it is done. Idempotent. */
  stop(): Promise<void>;
  /** Resolves when the host has stopped, for whatever reason. */
  readonly closed: Promise<void>;
}

/** As many hosts as start at once on one machine may have to draw again. */
const START_ATTEMPTS = 20;
const START_PAUSE_MS = 300;
/** How long a newcomer's start waits for another host. */
const NEWCOMER_WAIT_MS = 8_000;
/** The invite of a machine that was let in from nearby is used by a person who sits before it. */
const ADMITTED_INVITE_MS = 3_600_000;

/**
 * Starts the host of a data directory and resolves once it serves. What was started is stopped again when a later part fails.
 * @throws StoreError when the directory is not this host's or in use; NetError and DoorError PORT_TAKEN
 */
export async function startHost(env: Env, options: HostOptions): Promise<RunningHost> {
  const isChosenHere = options.httpPort === undefined && options.peerPort === undefined;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(env, options);
    } catch (error) {
      // Between the look for a free pair and its use another host may have taken it: several start at once in a demo, or after a reboot.
      if (!isChosenHere || codeOf(error) !== "PORT_TAKEN" || attempt === START_ATTEMPTS) throw error;
      env.log.info("a port was taken meanwhile; another pair is tried", { attempt });
      await env.timers.sleep(env.random.fraction() * START_PAUSE_MS);
    }
  }
}

async function start(env: Env, options: HostOptions): Promise<RunningHost> {
  await using started = new AsyncDisposableStack();
  const ground = await layGround(env, options, started);
  const rooms = await furnish(env, options, ground, started);
  const applicants = meetApplicants(env, options, ground, rooms);
  started.defer(() => applicants.stop());
  const door = await openDoor(env, options, ground, { ...rooms, applicants }, started);
  await learnPeersFile(options.peersFile, ground.addressBook);
  await begin(env, ground, rooms, started);
  // A host that is not to be seen on the local network goes only where its person sends it.
  if (options.discovery !== false) await applicants.start();
  const running = started.move();
  const closed = Promise.withResolvers<void>();
  const stop = async (): Promise<void> => {
    if (!running.disposed) {
      env.log.info("the host stops");
      await running.disposeAsync().then(closed.resolve, closed.reject);
    }
    return closed.promise;
  };
  return {
    host: ground.identity.host,
    hostName: ground.settings.hostName,
    networkName: ground.identity.network.rules.name,
    url: `http://127.0.0.1:${door.port}/`,
    browserLink: () => door.browserLink(),
    httpPort: door.port,
    peerPort: peerPortOf(rooms.transport, ground.ports),
    addresses: rooms.transport.addresses(),
    web: door.web,
    lan: options.lan === true ? { host: localNetworkHost() ?? null } : null,
    stop,
    closed: closed.promise,
  };
}

async function layGround(env: Env, options: HostOptions, started: AsyncDisposableStack): Promise<Ground> {
  const directory = new DataDirectory(options.data);
  const known = await options.personal.directory(directory.path);
  const store = await openStore(env, directory, known?.host, started);
  const { identity } = store;
  const ports = await choosePorts(directory, store.settings, options);
  const settings = await LiveSettings.open(directory);
  const addressBook = await AddressBook.open(directory.file("addresses.cbor"));
  return { directory, identity, settings, delegation: await directory.delegation(), seedOf: async (account) => (await options.personal.account(account)).seed, ports, web: { port: ports.httpPort }, store, addressBook };
}

async function openDoor(env: Env, options: HostOptions, ground: Ground, rooms: Rooms & { readonly applicants: Applicants }, started: AsyncDisposableStack): Promise<Door> {
  const token = hex(env.random.bytes(32));
  const workers = [...rooms.workers];
  const ports = options.lan === true ? new LanPorts(ground.settings) : undefined;
  const view = new View(env, {
    identity: ground.identity,
    settings: ground.settings,
    account: ground.delegation?.account,
    version: VERSION,
    processId: process.pid,
    httpPort: () => ground.web.port,
    ...(ports === undefined ? {} : { lanPort: (site) => ports.of(site) }),
    ...rooms,
    workers,
    upkeep: new HostUpkeep(env, { ...ground, ...rooms, store: ground.store.pieces, view: new PoolView({ ...rooms, store: ground.store.pieces }) }),
    store: ground.store.pieces,
    addressBook: ground.addressBook,
    gauges: () => gaugesOf(ground, rooms),
  });
  const sessionKey = await ground.directory.browserKey(env.random.bytes(SESSION_KEY_BYTES));
  const door = await createDoor(env, { node: view, token, sessionKey, browserFolders: BROWSER_FOLDERS, port: ground.ports.httpPort, web: webOf(options), ...(options.demo === undefined ? {} : { demo: options.demo }), ...(ports === undefined ? {} : { lan: { ports, isLan: isLanAddress } }) });
  workers.push(...door.workers);
  ground.web.port = door.port;
  started.defer(() => door.close());
  await ground.directory.writeApi({ url: `http://127.0.0.1:${door.port}/`, token, pid: process.pid });
  started.defer(() => ground.directory.removeApi());
  return door;
}

function meetApplicants(env: Env, { discovery }: HostOptions, { identity, settings }: Ground, { membership }: Rooms): Applicants {
  const applicants: Applicants = new Applicants(env, {
    names: { host: settings.hostName, network: identity.network.rules.name },
    open: () => openSponsor(env, { answer: applicants.answer, ...(discovery === false ? {} : { onFound: applicants.found }) }),
    mayInvite: () => membership.mayInvite(),
    invite: async () => (await membership.invite({ expiresInMs: ADMITTED_INVITE_MS })).code,
  });
  return applicants;
}

/** @throws NetError BAD_ADDRESS */
function webOf({ httpListen = [], trustedProxies = [] }: HostOptions): WebOptions {
  const places = httpListen.map((typed): Place => {
    const [first, ...others] = parseListenAddress(typed).map(hostAndPort);
    return { addresses: [first!.host, ...others.map(({ host }) => host)], port: first!.port, option: "--http-listen" };
  });
  return { places, isTrusted: addressSet(trustedProxies) };
}

/** The doors are open and every part is built: now the work begins. */
async function begin(env: Env, { identity }: Ground, rooms: Rooms, started: AsyncDisposableStack): Promise<void> {
  const { acquaintances, pool, sites, entries, cluster, transport } = rooms;
  await rooms.start();
  acquaintances.start();
  pool.start();
  sites.start();
  entries.start();
  // A host that has become a voter has names to countersign.
  started.defer(cluster.onChange(() => sites.workers.forEach((worker) => worker.nudge())));
  if (identity.entrances.length > 0) await becomingKnown(env, cluster);
  env.log.info("the host serves", { host: identity.host, network: identity.network.id, addresses: transport.addresses() });
}

/**
 * Resolves when this host finds its admission, or after a while without. A host that has only just joined knows no site and no
 * place for content, and somebody who publishes as soon as it is up would be told so, or would found a second site of the same name.
 */
async function becomingKnown(env: Env, cluster: Cluster): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = (): void => {
    if (cluster.register.admissions.has(cluster.self)) resolve();
  };
  const stop = cluster.onChange(look);
  const timer = env.timers.after(NEWCOMER_WAIT_MS, resolve);
  look();
  await promise.finally(stop);
  timer.cancel();
}

function peerPortOf(transport: Transport, ports: Ports): number {
  return Number(/\/tcp\/(\d+)/.exec(transport.addresses()[0] ?? "")?.[1] ?? ports.peerPort);
}
