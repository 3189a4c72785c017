import type { ComponentLogger, ConnectionGater, Libp2p, Logger } from "@libp2p/interface";
import { tcp } from "@libp2p/tcp";
import { createLibp2p } from "libp2p";
import type { Env } from "../platform/index.ts";
import { messageOf } from "../platform/index.ts";
import { hostAndPort } from "./address.ts";
import { boundedYamux } from "./bounded-yamux.ts";
import { Dialer } from "./dialer.ts";
import type { DiscoveryPlan } from "./discovery.ts";
import { Discovery } from "./discovery.ts";
import { NetError } from "./errors.ts";
import { bindFault, isAbsentAddress } from "./free-port.ts";
import { privateKeyOf } from "./peer-id.ts";
import { socketTls } from "./socket-tls.ts";

/** A network has about a hundred hosts with direct connections, of up to six each while they are being sorted out. */
const CONNECTIONS_MAX = 800;
/** Connections that have not proved a key yet. */
const PENDING_MAX = 64;
/** New connections a second from one IP address. Many hosts may stand behind one address. */
const INBOUND_PER_SECOND = 100;
const UPGRADE_MS = 5_000;

export interface NodePlan {
  readonly seed: Uint8Array;
  /** Multiaddrs to listen on. */
  readonly listen: readonly string[];
  readonly gater: ConnectionGater;
  /** What is announced and found on the local network; undefined: nothing. */
  readonly discovery?: DiscoveryPlan;
}

export interface Node {
  readonly libp2p: Libp2p;
  readonly dialer: Dialer;
  readonly discovery: Discovery | undefined;
  /** Where the node really listens, with the ports it got and every address of the machine. */
  listening(): string[];
}

/** libp2p's own log is for its developers; what matters here is logged by this room. */
const quiet: Logger = Object.assign(() => {}, { error() {}, trace() {}, enabled: false, newScope: () => quiet });
const quietLogger: ComponentLogger = { forComponent: () => quiet };

/**
 * A libp2p node with TCP, TLS 1.3 and yamux, and nothing that speaks of itself: no identify, so that an invite's peer finds no
 * protocol but ours, and no ping, because channels have their own. It is not started yet.
 */
export async function makeNode(env: Env, plan: NodePlan): Promise<Node> {
  const made: { dialer?: Dialer; discovery?: Discovery; listening?: () => string[] } = {};
  const libp2p = await createLibp2p({
    start: false,
    privateKey: await privateKeyOf(plan.seed),
    logger: quietLogger,
    addresses: { listen: [...plan.listen] },
    transports: [tcp()],
    connectionEncrypters: [socketTls(env)],
    streamMuxers: [boundedYamux()],
    connectionGater: plan.gater,
    connectionMonitor: { enabled: false },
    connectionManager: { maxConnections: CONNECTIONS_MAX, maxIncomingPendingConnections: PENDING_MAX, inboundConnectionThreshold: INBOUND_PER_SECOND, inboundUpgradeTimeout: UPGRADE_MS, inboundStreamProtocolNegotiationTimeout: UPGRADE_MS },
    services: {
      // A service is how libp2p hands out its parts.
      holdfast: (components) => {
        made.dialer = new Dialer(env, components.transportManager);
        made.listening = () => components.transportManager.getAddrs().map((address) => address.toString());
        if (plan.discovery !== undefined) made.discovery = new Discovery(env, plan.discovery, components);
        return {};
      },
    },
  });
  if (made.dialer === undefined || made.listening === undefined) throw new Error("libp2p did not make its services");
  return { libp2p, dialer: made.dialer, discovery: made.discovery, listening: made.listening };
}

/**
 * Starts listening.
 * @throws NetError PORT_TAKEN, CANNOT_LISTEN
 */
export async function startNode(node: Node): Promise<void> {
  try {
    await node.libp2p.start();
  } catch (error) {
    await node.libp2p.stop();
    if (messageOf(error).includes("EADDRINUSE")) throw portTaken("the given port", error);
    throw new NetError("CANNOT_LISTEN", `The host cannot listen: ${messageOf(error)}. Choose another address with --listen.`, { cause: error });
  }
}

/**
 * The addresses of the list that this machine can listen on: one without IPv6 leaves out its IPv6 addresses.
 * @throws NetError PORT_TAKEN, CANNOT_LISTEN
 */
export async function bindable(env: Env, listen: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const address of listen) {
    const { host, port } = hostAndPort(address);
    const fault = await bindFault(host, port);
    if (fault === undefined) found.push(address);
    else if (fault === "EADDRINUSE") throw portTaken(`port ${port} on ${host}`, undefined);
    else if (isAbsentAddress(fault) && host.includes(":")) env.log.info("this machine has no such IPv6 address, so it does not listen there", { address });
    else throw new NetError("CANNOT_LISTEN", `The host cannot listen on ${address} (${fault}). ${fault === "EACCES" ? "Ports below 1024 are for the administrator; choose a higher one." : "Choose an address of this machine with --listen."}`);
  }
  if (listen.length > 0 && found.length === 0) throw new NetError("CANNOT_LISTEN", `This machine has none of the addresses ${listen.join(", ")}. Choose one of its own with --listen.`);
  return found;
}

function portTaken(what: string, cause: unknown): NetError {
  return new NetError("PORT_TAKEN", `${what} is taken by another program. Choose another with --peer-port, or leave the choice to Holdfast.`, { cause });
}
