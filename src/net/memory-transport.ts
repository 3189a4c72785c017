import type { HostId } from "../codec/index.ts";
import { shortId } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import { raceAbort, withDeadline } from "../platform/index.ts";
import { BulkService } from "./bulk-service.ts";
import { NetError, unreachable } from "./errors.ts";
import { Handlers } from "./handlers.ts";
import type { Session, SessionHost } from "./memory-session.ts";
import type { MemoryWire } from "./memory-wire.ts";
import type { Admission, BulkHandler, BulkStream, PeerEvent, RequestHandler, RequestOptions, Standing, Transport } from "./port.ts";
import { ReceiveBudget } from "./receive-budget.ts";

export interface MemoryHostOptions {
  readonly self: HostId;
  readonly admission: Admission;
  readonly receiveBudgetBytes?: number;
  readonly stallMs?: number;
}

export interface MemoryHostParts {
  readonly address: string;
  /** Makes a session, or says why it cannot. @throws NetError UNREACHABLE, STRANGER; the signal's reason */
  readonly dial: (from: MemoryTransport, peer: HostId, addresses: readonly string[], signal: AbortSignal | undefined) => Promise<Session>;
  readonly addressOf: (peer: HostId) => string | undefined;
  readonly roundTripMs: (peer: HostId) => number;
  readonly onSessionEnded: (session: Session) => void;
  readonly onClose: () => void;
}

const RECEIVE_BUDGET_BYTES = 256 * 1024 * 1024;
const STALL_MS = 30_000;

/** The transport of one host of a MemoryNetwork. */
export class MemoryTransport implements Transport, SessionHost {
  readonly self: HostId;
  readonly #env: Env;
  readonly #parts: MemoryHostParts;
  readonly #admission: Admission;
  readonly #handlers: Handlers;
  readonly #bulk: BulkService;
  readonly #sessions = new Map<HostId, Session>();
  #connected: readonly HostId[] = [];
  readonly #connecting = new Map<HostId, Promise<void>>();
  readonly #listeners = new Set<(event: PeerEvent) => void>();
  readonly #discovery = new Set<(peer: HostId, addresses: readonly string[]) => void>();
  #closed = false;

  constructor(env: Env, options: MemoryHostOptions, parts: MemoryHostParts) {
    this.self = options.self;
    this.#env = env;
    this.#parts = parts;
    this.#admission = options.admission;
    this.#handlers = new Handlers(env, options.admission);
    this.#bulk = new BulkService(env, {
      openWire: (to) => Promise.resolve().then(() => this.#openWire(to)),
      handlers: this.#handlers,
      budget: new ReceiveBudget(options.receiveBudgetBytes ?? RECEIVE_BUDGET_BYTES),
      stallMs: options.stallMs ?? STALL_MS,
    });
  }

  addresses(): readonly string[] {
    return [this.#parts.address];
  }

  handle(kind: string, handler: RequestHandler): void {
    this.#handlers.handle(kind, handler);
  }

  handleBulk(kind: string, handler: BulkHandler): void {
    this.#handlers.handleBulk(kind, handler);
  }

  async request(to: HostId, kind: string, body: Uint8Array, { timeoutMs, signal }: RequestOptions): Promise<Uint8Array> {
    const session = this.#session(to);
    return withDeadline(this.#env, timeoutMs, `Asking host ${shortId(to)} for "${kind}"`, signal, (limited) => session.ask(this.self, kind, body, limited));
  }

  async openBulk(to: HostId, kind: string, header: Uint8Array, signal?: AbortSignal): Promise<BulkStream> {
    this.#session(to);
    return this.#bulk.open({ to, kind, header: header.slice(), signal });
  }

  async connect(peer: HostId, addresses: readonly string[], signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#closed) throw new NetError("CLOSED", "This host is shut down.");
    if (peer === this.self || this.#sessions.has(peer)) return;
    if (this.standing(peer) !== "member") throw new NetError("STRANGER", `Host ${shortId(peer)} is not a member of this network, as far as this host knows.`);
    const present = this.#connecting.get(peer);
    if (present !== undefined) {
      const waiting = present.catch(() => {});
      await (signal === undefined ? waiting : raceAbort(waiting, signal));
      return this.connect(peer, addresses, signal);
    }
    const attempt = this.#parts.dial(this, peer, addresses, signal).then((session) => this.begin(session)).finally(() => this.#connecting.delete(peer));
    this.#connecting.set(peer, attempt);
    await attempt;
  }

  disconnect(peer: HostId): Promise<void> {
    this.#sessions.get(peer)?.endAt(this.self, new NetError("CLOSED", `This host ended the connection to host ${shortId(peer)}.`));
    return Promise.resolve();
  }

  connected(): readonly HostId[] {
    return this.#connected;
  }

  remoteAddress(peer: HostId): string | undefined {
    return this.#sessions.has(peer) ? this.#parts.addressOf(peer) : undefined;
  }

  roundTripMs(peer: HostId): number | undefined {
    return this.#sessions.has(peer) ? this.#parts.roundTripMs(peer) : undefined;
  }

  onPeer(listener: (event: PeerEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onDiscovered(listener: (peer: HostId, addresses: readonly string[]) => void): () => void {
    this.#discovery.add(listener);
    return () => this.#discovery.delete(listener);
  }

  close(): Promise<void> {
    this.#closed = true;
    for (const session of this.#sessions.values()) session.endAt(this.self, new NetError("CLOSED", "This host is shutting down."));
    this.#parts.onClose();
    return Promise.resolve();
  }

  /** As if the host had been seen on the local network. */
  discovered(peer: HostId, addresses: readonly string[]): void {
    for (const listener of this.#discovery) listener(peer, addresses);
  }

  standing(key: HostId): Standing {
    return this.#admission(key);
  }

  /** The session counts from now on. When both sides dial at once, both come to keep the one that the lesser id dialled. */
  begin(session: Session): void {
    if (session.isOver(this.self)) return;
    const peer = session.other(this.self);
    const present = this.#sessions.get(peer);
    if (present === session) return;
    if (present !== undefined && !present.isOver(peer) && present.dialled !== session.dialled) {
      // The other stays usable for what is under way on it, and is forgotten.
      if (session.dialled < present.dialled) this.#sessions.set(peer, session);
      return;
    }
    present?.endAt(this.self, unreachable(peer, "it has opened a new connection and given this one up."));
    this.#sessions.set(peer, session);
    this.#tell({ kind: "up", peer });
  }

  serve(from: HostId, kind: string, body: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    return this.#handlers.request(from, kind, body, signal);
  }

  acceptBulk(from: HostId, wire: MemoryWire): void {
    this.#bulk.accept(from, (events) => wire.attach(events));
  }

  sessionEnded(session: Session): void {
    const peer = session.other(this.self);
    this.#parts.onSessionEnded(session);
    if (this.#sessions.get(peer) !== session) return;
    this.#sessions.delete(peer);
    this.#tell({ kind: "down", peer });
  }

  #session(to: HostId): Session {
    const session = this.#sessions.get(to);
    if (session === undefined) throw unreachable(to, "it is not connected.");
    return session;
  }

  #openWire(to: HostId): Parameters<BulkService["accept"]>[1] {
    const wire = this.#session(to).openWire(this.self);
    return (events) => wire.attach(events);
  }

  #tell(event: PeerEvent): void {
    this.#connected = [...this.#sessions.keys()];
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#env.log.error("a listener to hosts failed", { error });
      }
    }
  }
}
