import type { Connection, Stream } from "@libp2p/interface";
import type { HostId } from "../codec/index.ts";
import { idFromBytes } from "../codec/index.ts";
import { keyPairFromSeed } from "../crypto/index.ts";
import type { Env } from "../platform/index.ts";
import { farthestFirst, hostAndPort } from "./address.ts";
import { APPLICANTS_NAME } from "./discovery.ts";
import { endConnection } from "./end-connection.ts";
import { NetError } from "./errors.ts";
import type { Node } from "./libp2p-node.ts";
import { bindable, makeNode, startNode } from "./libp2p-node.ts";
import type { AnswerCall, LocalCall } from "./local-call.ts";
import { ChannelCall } from "./local-call.ts";
import { isLocalNetwork } from "./local-network.ts";
import { hostIdOf } from "./peer-id.ts";
import { APPLY_PROTOCOL } from "./protocols.ts";

/** Of all hosts, and of those of one machine: more than a home has, and few enough to be shown. */
const CONNECTIONS_MAX = 32;
const CONNECTIONS_PER_ADDRESS = 8;
/** A connection on which nobody greets within this time is ended, in milliseconds. */
const IDLE_MS = 10_000;
const KEY_BYTES = 32;

export interface ApplicantPlan {
  /** This machine's own addresses on which hosts are awaited, of local networks only. */
  readonly hosts: readonly string[];
  /** 0 takes any free port, another one for each address. */
  readonly port: number;
  /** Whether this machine announces itself to the local network. */
  readonly announces: boolean;
  /** Told of each host that has come. */
  readonly onCall: (call: LocalCall) => void;
  readonly answer: AnswerCall;
}

/** The end at a machine on which a host is being set up. It dials nobody. */
export interface Applicant {
  /** Where it is awaited, as multiaddrs, that of this machine only at the end. */
  readonly addresses: readonly string[];
  close(): Promise<void>;
}

/**
 * Lets hosts of the local network come to this machine, which is no member of anything yet: hosts let no stranger in, so it is they who dial.
 * The key is new each time.
 * @throws NetError PORT_TAKEN, CANNOT_LISTEN
 */
export async function openApplicant(env: Env, plan: ApplicantPlan): Promise<Applicant> {
  const seed = env.random.bytes(KEY_BYTES);
  const wanted = plan.hosts.filter(isLocalNetwork).map((host) => `/ip4/${host}/tcp/${plan.port}`);
  const node = await makeNode(env, {
    seed,
    listen: await bindable(env, wanted),
    gater: { denyInboundConnection: ({ remoteAddr }) => !isLocalNetwork(hostAndPort(remoteAddr.toString()).host), denyOutboundConnection: () => true },
    ...(plan.announces ? { discovery: { name: APPLICANTS_NAME } } : {}),
  });
  const reception = new Reception(env, idFromBytes<HostId>(keyPairFromSeed(seed).publicKey), plan);
  await reception.open(node);
  return {
    addresses: farthestFirst(node.listening()),
    async close() {
      await node.discovery?.stop();
      await node.libp2p.stop();
    },
  };
}

/** Takes hosts' connections in, within bounds. */
class Reception {
  readonly #env: Env;
  readonly #self: HostId;
  readonly #plan: ApplicantPlan;
  readonly #connections = new Set<Connection>();

  constructor(env: Env, self: HostId, plan: ApplicantPlan) {
    this.#env = env;
    this.#self = self;
    this.#plan = plan;
  }

  async open(node: Node): Promise<void> {
    node.libp2p.addEventListener("connection:open", (event: CustomEvent<Connection>) => this.#opened(event.detail));
    node.libp2p.addEventListener("connection:close", (event: CustomEvent<Connection>) => void this.#connections.delete(event.detail));
    await node.libp2p.handle(APPLY_PROTOCOL, (stream, connection) => this.#called(stream, connection), { maxInboundStreams: 1 });
    await startNode(node);
    await node.discovery?.start();
  }

  #opened(connection: Connection): void {
    const from = (each: Connection): string => hostAndPort(each.remoteAddr.toString()).host;
    const fromThere = [...this.#connections].filter((each) => from(each) === from(connection)).length;
    if (this.#connections.size >= CONNECTIONS_MAX || fromThere >= CONNECTIONS_PER_ADDRESS) return endConnection(connection, new NetError("BUSY", "There are enough hosts at this machine."));
    this.#connections.add(connection);
    this.#env.timers.after(IDLE_MS, () => {
      if (connection.streams.length === 0) endConnection(connection, new NetError("STALLED", "A connection was opened and not used."));
    });
  }

  #called(stream: Stream, connection: Connection): void {
    const peer = hostIdOf(connection.remotePeer);
    if (peer === undefined) return endConnection(connection, new NetError("STRANGER", "The key of a connection is not an Ed25519 key."));
    const call = new ChannelCall(this.#env, { self: this.#self, peer, opened: false, connection, stream, answer: this.#plan.answer });
    const late = this.#env.timers.after(IDLE_MS, () => call.end());
    // Whoever does not greet has ended the call with it.
    call.greeted.then(() => this.#plan.onCall(call), () => {}).finally(() => late.cancel());
  }
}
