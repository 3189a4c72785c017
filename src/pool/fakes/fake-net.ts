import type { HostId } from "../../codec/index.ts";
import type { BulkHandler, BulkStream, PeerEvent, RequestHandler, RequestOptions } from "../../net/index.ts";
import { HoldfastError, codeOf, messageOf, raceAbort, withDeadline } from "../../platform/index.ts";
import type { Env } from "../../platform/index.ts";
import type { PoolTransport } from "../parts.ts";

const QUEUE_FRAMES = 4;

/** What a test does to a link: wait, throw, or change what is sent. Called for each bulk frame from one host to another. */
export type FrameFault = (from: HostId, to: HostId, kind: string, frame: Uint8Array) => Promise<Uint8Array> | Uint8Array;

/** Frames in one direction, at most four waiting. */
class Pipe {
  readonly #frames: Uint8Array[] = [];
  #wake: (() => void)[] = [];
  #isFinished = false;
  #error: Error | undefined;

  async send(frame: Uint8Array): Promise<void> {
    while (this.#frames.length >= QUEUE_FRAMES && this.#error === undefined) await this.#change();
    if (this.#error !== undefined) throw this.#error;
    this.#frames.push(frame);
    this.#changed();
  }

  finish(): void {
    this.#isFinished = true;
    this.#changed();
  }

  fail(error: Error): void {
    this.#error ??= error;
    this.#changed();
  }

  async *frames(): AsyncGenerator<Uint8Array> {
    for (;;) {
      if (this.#error !== undefined) throw this.#error;
      const frame = this.#frames.shift();
      if (frame !== undefined) {
        this.#changed();
        yield frame;
      } else if (this.#isFinished) return;
      else await this.#change();
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  #changed(): void {
    const waking = this.#wake;
    this.#wake = [];
    for (const wake of waking) wake();
  }
}

interface Pair {
  readonly from: HostId;
  readonly to: HostId;
  abort(reason: Error): void;
}

/** Hosts connected in one process. Hosts can be killed, hung and brought back, and their frames tampered with. */
export class FakeNet {
  readonly env: Env;
  readonly hosts = new Map<HostId, FakeTransport>();
  readonly down = new Set<HostId>();
  /** Hosts that are connected and do nothing. */
  readonly hung = new Set<HostId>();
  readonly pairs = new Set<Pair>();
  fault: FrameFault = (_from, _to, _kind, frame) => frame;

  constructor(env: Env) {
    this.env = env;
  }

  join(host: HostId): FakeTransport {
    const transport = new FakeTransport(this, host);
    this.hosts.set(host, transport);
    this.#tell(host, "up");
    return transport;
  }

  kill(host: HostId): void {
    this.down.add(host);
    for (const pair of this.pairs) if (pair.from === host || pair.to === host) pair.abort(new HoldfastError("UNREACHABLE", "the connection was lost"));
    this.#tell(host, "down");
  }

  revive(host: HostId): void {
    this.down.delete(host);
    this.#tell(host, "up");
  }

  isUp(a: HostId, b: HostId): boolean {
    return this.hosts.has(a) && this.hosts.has(b) && !this.down.has(a) && !this.down.has(b);
  }

  #tell(peer: HostId, kind: PeerEvent["kind"]): void {
    for (const [host, transport] of this.hosts) {
      if (host === peer || this.down.has(host)) continue;
      transport.tell({ kind, peer });
      if (kind === "up") this.hosts.get(peer)?.tell({ kind, peer: host });
    }
  }
}

/** One host's transport, as far as the pool uses it. */
export class FakeTransport implements PoolTransport {
  readonly self: HostId;
  readonly #net: FakeNet;
  readonly #handlers = new Map<string, RequestHandler>();
  readonly #bulkHandlers = new Map<string, BulkHandler>();
  readonly #listeners = new Set<(event: PeerEvent) => void>();
  /** How many requests of each kind this host has answered. */
  readonly answered = new Map<string, number>();

  constructor(net: FakeNet, self: HostId) {
    this.#net = net;
    this.self = self;
  }

  tell(event: PeerEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  handle(kind: string, handler: RequestHandler): void {
    this.#handlers.set(kind, handler);
  }

  handleBulk(kind: string, handler: BulkHandler): void {
    this.#bulkHandlers.set(kind, handler);
  }

  async request(to: HostId, kind: string, body: Uint8Array, { timeoutMs, signal }: RequestOptions): Promise<Uint8Array> {
    const other = this.#reach(to);
    return await withDeadline(this.#net.env, timeoutMs, kind, signal, async (within) => {
      if (this.#net.hung.has(to)) return await raceAbort(new Promise<never>(() => {}), within);
      return await other.answer(this.self, kind, body, within);
    });
  }

  async answer(from: HostId, kind: string, body: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const handler = this.#handlers.get(kind);
    if (handler === undefined) throw remote("UNKNOWN_KIND", kind);
    this.answered.set(kind, (this.answered.get(kind) ?? 0) + 1);
    try {
      return await handler(from, body, signal);
    } catch (error) {
      throw remote(codeOf(error) ?? "UNKNOWN", messageOf(error));
    }
  }

  async openBulk(to: HostId, kind: string, header: Uint8Array, signal?: AbortSignal): Promise<BulkStream> {
    signal?.throwIfAborted();
    const other = this.#reach(to);
    const [there, back] = [new Pipe(), new Pipe()];
    const ended = new AbortController();
    const abort = (reason: Error): void => {
      this.#net.pairs.delete(pair);
      there.fail(reason);
      back.fail(reason);
      ended.abort(reason);
    };
    const pair: Pair = { from: this.self, to, abort };
    this.#net.pairs.add(pair);
    signal?.addEventListener("abort", () => abort(signal.reason as Error), { once: true });
    // The opener learns the other side's error by its code only.
    const refuse = (reason: Error): void => abort(remote(codeOf(reason) ?? "UNKNOWN", messageOf(reason)));
    if (!this.#net.hung.has(to)) other.accept(this.self, kind, header, this.#end(to, this.self, kind, back, there, refuse), ended.signal);
    return this.#end(this.self, to, kind, there, back, abort);
  }

  accept(from: HostId, kind: string, header: Uint8Array, stream: BulkStream, signal: AbortSignal): void {
    const handler = this.#bulkHandlers.get(kind);
    const run = async (): Promise<void> => {
      if (handler === undefined) throw remote("UNKNOWN_KIND", kind);
      await handler(from, header, stream, signal);
      await stream.finish();
    };
    run().catch((error: unknown) => stream.abort(error as Error));
  }

  #end(from: HostId, to: HostId, kind: string, out: Pipe, into: Pipe, abort: (reason: Error) => void): BulkStream {
    const net = this.#net;
    return {
      async send(frame) {
        // What is sent is what the wire would carry: later changes at the sender do not reach the other side.
        await out.send(await net.fault(from, to, kind, frame.slice()));
      },
      finish: async () => out.finish(),
      frames: () => into.frames(),
      abort,
    };
  }

  #reach(to: HostId): FakeTransport {
    const other = this.#net.hosts.get(to);
    if (other === undefined || !this.#net.isUp(this.self, to)) throw new HoldfastError("UNREACHABLE", "not connected");
    return other;
  }

  connected(): readonly HostId[] {
    return [...this.#net.hosts.keys()].filter((host) => host !== this.self && this.#net.isUp(this.self, host));
  }

  onPeer(listener: (event: PeerEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

function remote(code: string, message: string): HoldfastError {
  const error = new HoldfastError("REMOTE", message);
  return Object.assign(error, { remoteCode: code });
}
