import type { HostId } from "../../../src/codec/index.ts";
import type { BulkHandler, BulkStream, PeerEvent, RequestHandler, RequestOptions, Transport } from "../../../src/net/index.ts";
import type { LogEntry, LogOperation, LogRange, RecordLog } from "../../../src/store/index.ts";

// The two ports, with somebody who looks on at each call: to write it down, and to end the process there and then.

/** Where in a call the process may end. */
export type CallPoint = "before a commit" | "after a commit" | "before a request" | "after an answer" | "before answering" | "after answering";

export interface Onlooker {
  /** Whether the process has ended at this point: whoever called is not heard of again. */
  endsAt(point: CallPoint): boolean;
  committing(operations: readonly LogOperation[]): void;
  /** A commit was not done. */
  failed(error: unknown): void;
  delivered(from: HostId, kind: string, bytes: number): void;
}

/** What a process that has ended is told. */
const never = <T>(): Promise<T> => new Promise<T>(() => {});

export class WatchedLog implements RecordLog {
  readonly storeId: RecordLog["storeId"];
  readonly #log: RecordLog;
  readonly #onlooker: Onlooker;
  readonly #stepBytes: number;

  /** @param stepBytes where a scan may end before its limit, it ends with so many bytes: few rows are then as many as need several steps */
  constructor(log: RecordLog, onlooker: Onlooker, stepBytes: number) {
    this.storeId = log.storeId;
    this.#log = log;
    this.#onlooker = onlooker;
    this.#stepBytes = stepBytes;
  }

  async commit(operations: readonly LogOperation[]): Promise<void> {
    if (this.#onlooker.endsAt("before a commit")) return never();
    this.#onlooker.committing(operations);
    await this.#log.commit(operations).catch((error: unknown) => {
      this.#onlooker.failed(error);
      throw error;
    });
    if (this.#onlooker.endsAt("after a commit")) return never();
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#log.get(key);
  }

  scan(range: LogRange): LogEntry[] {
    return this.#log.scan(range.bytes === undefined ? range : { ...range, bytes: Math.min(range.bytes, this.#stepBytes) });
  }

  close(): Promise<void> {
    return this.#log.close();
  }
}

export class WatchedTransport implements Transport {
  readonly self: HostId;
  readonly #transport: Transport;
  readonly #onlooker: Onlooker;

  constructor(transport: Transport, onlooker: Onlooker) {
    this.self = transport.self;
    this.#transport = transport;
    this.#onlooker = onlooker;
  }

  async request(to: HostId, kind: string, body: Uint8Array, options: RequestOptions): Promise<Uint8Array> {
    if (this.#onlooker.endsAt("before a request")) return never();
    const answer = await this.#transport.request(to, kind, body, options);
    this.#onlooker.delivered(to, `answer ${kind}`, answer.length);
    return this.#onlooker.endsAt("after an answer") ? never() : answer;
  }

  handle(kind: string, handler: RequestHandler): void {
    this.#transport.handle(kind, async (from, body, signal) => {
      this.#onlooker.delivered(from, kind, body.length);
      if (this.#onlooker.endsAt("before answering")) return never();
      const answer = await handler(from, body, signal);
      return this.#onlooker.endsAt("after answering") ? never() : answer;
    });
  }

  addresses(): readonly string[] {
    return this.#transport.addresses();
  }

  handleBulk(kind: string, handler: BulkHandler): void {
    this.#transport.handleBulk(kind, handler);
  }

  openBulk(to: HostId, kind: string, header: Uint8Array, signal?: AbortSignal): Promise<BulkStream> {
    return this.#transport.openBulk(to, kind, header, signal);
  }

  connect(peer: HostId, addresses: readonly string[], signal?: AbortSignal): Promise<void> {
    return this.#transport.connect(peer, addresses, signal);
  }

  disconnect(peer: HostId): Promise<void> {
    return this.#transport.disconnect(peer);
  }

  connected(): readonly HostId[] {
    return this.#transport.connected();
  }

  remoteAddress(peer: HostId): string | undefined {
    return this.#transport.remoteAddress(peer);
  }

  roundTripMs(peer: HostId): number | undefined {
    return this.#transport.roundTripMs(peer);
  }

  onPeer(listener: (event: PeerEvent) => void): () => void {
    return this.#transport.onPeer(listener);
  }

  onDiscovered(listener: (peer: HostId, addresses: readonly string[]) => void): () => void {
    return this.#transport.onDiscovered(listener);
  }

  close(): Promise<void> {
    return this.#transport.close();
  }
}
