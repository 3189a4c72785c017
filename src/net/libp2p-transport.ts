import type { Connection, Stream } from "@libp2p/interface";
import type { HostId, NetworkId } from "../codec/index.ts";
import { idFromBytes, shortId } from "../codec/index.ts";
import { keyPairFromSeed } from "../crypto/index.ts";
import type { Env } from "../platform/index.ts";
import { raceAbort, withDeadline } from "../platform/index.ts";
import { farthestFirst, parseAddress, parseListenAddress } from "./address.ts";
import type { MakeWire } from "./bulk-ends.ts";
import { BulkLines } from "./bulk-lines.ts";
import { BulkService, STREAMS_PER_PEER } from "./bulk-service.ts";
import { Channels } from "./channels.ts";
import { dialFailure } from "./dialer.ts";
import { discoveryNameOf } from "./discovery.ts";
import { endConnection } from "./end-connection.ts";
import { NetError, unreachable } from "./errors.ts";
import { Gate } from "./gate.ts";
import { Handlers } from "./handlers.ts";
import type { Liveness } from "./keepalive.ts";
import { LIVENESS } from "./keepalive.ts";
import type { Node } from "./libp2p-node.ts";
import { bindable, makeNode, startNode } from "./libp2p-node.ts";
import { Links } from "./links.ts";
import { hostIdOf } from "./peer-id.ts";
import type { Admission, BulkHandler, BulkStream, PeerEvent, RequestHandler, RequestOptions, Transport } from "./port.ts";
import { BULK_LINE_PROTOCOL, BULK_PROTOCOL, CONTROL_PROTOCOL } from "./protocols.ts";
import { ReceiveBudget } from "./receive-budget.ts";
import { StreamWire } from "./stream-wire.ts";

export interface TransportOptions {
  /** The Ed25519 seed of the host's key, 32 bytes. */
  readonly seed: Uint8Array;
  /** Where to listen, as people type it (see parseListenAddress). Port 0 takes any free port. */
  readonly listen: readonly string[];
  /** Further addresses at which others reach this host, for instance that of a forwarding router. */
  readonly announce?: readonly string[];
  readonly admission: Admission;
  /** The network under whose name hosts are announced and found on the local network; absent, none are. */
  readonly discoveryTag?: NetworkId;
  /** What all bulk streams together may hold of what came and was not used up; 256 MiB by default. */
  readonly receiveBudgetBytes?: number;
  readonly liveness?: Liveness;
  /** Milliseconds that a bulk sender waits for the other side to take anything; 30 s by default. */
  readonly stallMs?: number;
  /** Milliseconds after which an unused connection for bulk is ended; 60 s by default. */
  readonly bulkIdleMs?: number;
}

const RECEIVE_BUDGET_BYTES = 256 * 1024 * 1024;
const STALL_MS = 30_000;
const BULK_IDLE_MS = 60_000;

/**
 * The transport between real hosts, over libp2p: TCP, TLS 1.3, yamux. It listens when this resolves.
 * @throws NetError PORT_TAKEN, CANNOT_LISTEN, BAD_ADDRESS, BAD_KEY
 */
export async function createTransport(env: Env, options: TransportOptions): Promise<Transport> {
  const announce = (options.announce ?? []).map(parseAddress);
  const listen = await bindable(env, [...new Set(options.listen.flatMap(parseListenAddress))]);
  const gate = new Gate(env, options.admission);
  const node = await makeNode(env, { seed: options.seed, listen, gater: gate.gater, ...(options.discoveryTag === undefined ? {} : { discovery: { name: discoveryNameOf(options.discoveryTag) } }) });
  const transport = new Libp2pTransport(env, options, { node, gate, announce });
  await transport.start();
  return transport;
}

interface Parts {
  readonly node: Node;
  readonly gate: Gate;
  readonly announce: readonly string[];
}

class Libp2pTransport implements Transport {
  readonly self: HostId;
  readonly #env: Env;
  readonly #parts: Parts;
  readonly #admission: Admission;
  readonly #handlers: Handlers;
  readonly #links: Links;
  readonly #channels: Channels;
  readonly #lines: BulkLines;
  readonly #bulk: BulkService;
  readonly #connecting = new Map<HostId, Promise<void>>();
  readonly #closing = new AbortController();

  constructor(env: Env, options: TransportOptions, parts: Parts) {
    this.self = idFromBytes<HostId>(keyPairFromSeed(options.seed).publicKey);
    this.#env = env;
    this.#parts = parts;
    this.#admission = options.admission;
    this.#handlers = new Handlers(env, options.admission);
    this.#links = new Links(env, this.self);
    this.#lines = new BulkLines(env, { links: this.#links, dialer: parts.node.dialer, idleMs: options.bulkIdleMs ?? BULK_IDLE_MS });
    this.#channels = new Channels(env, { links: this.#links, handlers: this.#handlers, liveness: options.liveness ?? LIVENESS, onWantBulk: (peer) => this.#lines.wanted(peer) });
    this.#bulk = new BulkService(env, { openWire: (peer, signal) => this.#openWire(peer, signal), handlers: this.#handlers, budget: new ReceiveBudget(options.receiveBudgetBytes ?? RECEIVE_BUDGET_BYTES), stallMs: options.stallMs ?? STALL_MS });
    // Streams for bulk have no meaning once the host counts as gone.
    this.#links.onPeer(({ kind, peer }) => {
      if (kind === "down") this.#lines.drop(peer, unreachable(peer, "the connection to it was lost."));
    });
  }

  async start(): Promise<void> {
    const { node, gate } = this.#parts;
    node.libp2p.addEventListener("connection:open", (event: CustomEvent<Connection>) => gate.opened(event.detail));
    node.libp2p.addEventListener("connection:close", (event: CustomEvent<Connection>) => gate.closed(event.detail));
    await node.libp2p.handle(CONTROL_PROTOCOL, (stream, connection) => this.#onControl(stream, connection), { maxInboundStreams: 1 });
    await node.libp2p.handle(BULK_LINE_PROTOCOL, (_stream, connection) => this.#onBulkLine(connection), { maxInboundStreams: 1 });
    await node.libp2p.handle(BULK_PROTOCOL, (stream, connection) => this.#onBulk(stream, connection), { maxInboundStreams: 2 * STREAMS_PER_PEER, maxOutboundStreams: 2 * STREAMS_PER_PEER });
    await startNode(node);
    await node.discovery?.start();
  }

  addresses(): readonly string[] {
    return [...new Set([...this.#parts.announce, ...farthestFirst(this.#parts.node.listening())])];
  }

  handle(kind: string, handler: RequestHandler): void {
    this.#handlers.handle(kind, handler);
  }

  handleBulk(kind: string, handler: BulkHandler): void {
    this.#handlers.handleBulk(kind, handler);
  }

  async request(to: HostId, kind: string, body: Uint8Array, { timeoutMs, signal }: RequestOptions): Promise<Uint8Array> {
    const link = this.#links.best(to);
    if (link === undefined) throw unreachable(to, "it is not connected.");
    return withDeadline(this.#env, timeoutMs, `Asking host ${shortId(to)} for "${kind}"`, signal, (limited) => link.channel.ask(kind, body, limited));
  }

  openBulk(to: HostId, kind: string, header: Uint8Array, signal?: AbortSignal): Promise<BulkStream> {
    if (!this.#links.isConnected(to)) return Promise.reject(unreachable(to, "it is not connected."));
    return this.#bulk.open({ to, kind, header, signal });
  }

  async connect(peer: HostId, addresses: readonly string[], signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.#closing.signal.throwIfAborted();
    if (peer === this.self || this.#links.isConnected(peer)) return;
    if (this.#admission(peer) !== "member") throw new NetError("STRANGER", `Host ${shortId(peer)} is not a member of this network, as far as this host knows.`);
    const present = this.#connecting.get(peer);
    if (present !== undefined) {
      // Another caller is already dialling, perhaps other addresses, and may give up.
      await raceAbort(present.catch(() => {}), signal ?? this.#closing.signal);
      return this.connect(peer, addresses, signal);
    }
    const signals = signal === undefined ? [this.#closing.signal] : [signal, this.#closing.signal];
    const attempt = this.#dial(peer, addresses, AbortSignal.any(signals)).finally(() => this.#connecting.delete(peer));
    this.#connecting.set(peer, attempt);
    await attempt;
  }

  disconnect(peer: HostId): Promise<void> {
    this.#drop(peer, new NetError("CLOSED", `This host ended the connection to host ${shortId(peer)}.`));
    return Promise.resolve();
  }

  connected(): readonly HostId[] {
    return this.#links.connected();
  }

  remoteAddress(peer: HostId): string | undefined {
    return this.#links.best(peer)?.address;
  }

  roundTripMs(peer: HostId): number | undefined {
    return this.#links.best(peer)?.channel.roundTripMs;
  }

  onPeer(listener: (event: PeerEvent) => void): () => void {
    return this.#links.onPeer(listener);
  }

  onDiscovered(listener: (peer: HostId, addresses: readonly string[]) => void): () => void {
    return this.#parts.node.discovery?.onDiscovered((peer, addresses) => {
      if (peer !== this.self) listener(peer, addresses);
    }) ?? (() => {});
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    const closed = new NetError("CLOSED", "This host is shutting down.");
    this.#closing.abort(closed);
    const { node, gate } = this.#parts;
    await node.discovery?.stop();
    for (const connection of gate.all()) endConnection(connection, closed);
    await node.libp2p.stop();
  }

  async #dial(peer: HostId, addresses: readonly string[], signal: AbortSignal): Promise<void> {
    if (addresses.length === 0) throw unreachable(peer, "no address of it is known.");
    try {
      await this.#parts.node.dialer.first([...new Set(addresses)].map((address) => ({ peer, address })), signal, async (connection, limited) => {
        const stream = await connection.newStream([CONTROL_PROTOCOL], { signal: limited });
        this.#parts.gate.use(connection);
        await this.#channels.open(peer, connection, stream, limited);
      });
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw unreachable(peer, `${dialFailure(error)}. Is it running, and is its address right?`, error);
    }
  }

  async #openWire(peer: HostId, signal: AbortSignal): Promise<MakeWire> {
    const stream = await this.#lines.openStream(peer, signal);
    return (events) => new StreamWire(this.#env, stream, events);
  }

  #drop(peer: HostId, reason: Error): void {
    for (const connection of this.#parts.gate.connectionsOf(peer)) endConnection(connection, reason);
  }

  #onControl(stream: Stream, connection: Connection): void {
    const peer = this.#judged(connection);
    if (peer === undefined) return;
    this.#parts.gate.use(connection);
    if (this.#admission(peer) === "invite") this.#channels.acceptInvite(peer, connection, stream);
    else this.#channels.accept(peer, connection, stream);
  }

  #onBulkLine(connection: Connection): void {
    const peer = this.#judged(connection);
    if (peer === undefined || !this.#mayBulk(peer, connection)) return;
    this.#parts.gate.use(connection);
    this.#lines.marked(peer, connection);
  }

  #onBulk(stream: Stream, connection: Connection): void {
    const peer = this.#judged(connection);
    if (peer !== undefined && this.#mayBulk(peer, connection)) this.#bulk.accept(peer, (events) => new StreamWire(this.#env, stream, events));
  }

  /** Judged again at every stream, so that a host removed since it connected is refused. */
  #judged(connection: Connection): HostId | undefined {
    const peer = hostIdOf(connection.remotePeer);
    if (peer !== undefined && this.#admission(peer) !== "stranger") return peer;
    endConnection(connection, new NetError("STRANGER", "The other side is not a member of this network."));
    return undefined;
  }

  #mayBulk(peer: HostId, connection: Connection): boolean {
    if (this.#admission(peer) === "member") return true;
    endConnection(connection, new NetError("STRANGER", "An invite may be redeemed and nothing else."));
    return false;
  }
}
