import type { Connection, Stream } from "@libp2p/interface";
import type { HostId } from "../codec/index.ts";
import { concatBytes, utf8 } from "../codec/index.ts";
import { newSeed } from "../crypto/index.ts";
import type { Env } from "../platform/index.ts";
import { hostOf } from "./contract-pair.ts";
import { CONTROL, INCARNATION_BYTES, encodeHello, encodeRequestHead } from "./control-frames.ts";
import { FrameReader, frameHead } from "./frame-reader.ts";
import type { Node } from "./libp2p-node.ts";
import { makeNode, startNode } from "./libp2p-node.ts";
import type { Transport } from "./port.ts";

/** A peer that speaks libp2p correctly and, above it, whatever a test has it say. */
export class RawPeer {
  readonly id: HostId;
  readonly #node: Node;

  private constructor(id: HostId, node: Node) {
    this.id = id;
    this.#node = node;
  }

  static async start(env: Env, seed = newSeed(), listen: readonly string[] = []): Promise<RawPeer> {
    const node = await makeNode(env, { seed, listen, gater: {} });
    await startNode(node);
    return new RawPeer(hostOf(seed), node);
  }

  get node(): Node {
    return this.#node;
  }

  addresses(): string[] {
    return this.#node.listening();
  }

  dial(to: Transport): Promise<Connection> {
    return this.#node.dialer.first([{ peer: to.self, address: to.addresses()[0]! }], new AbortController().signal, (connection) => Promise.resolve(connection));
  }

  async stream(to: Transport, protocol: string): Promise<RawStream> {
    const connection = await this.dial(to);
    return new RawStream(connection, await connection.newStream([protocol]));
  }

  async stop(): Promise<void> {
    await this.#node.libp2p.stop();
  }
}

/** Frames in both directions, without any rules. */
export class RawStream {
  readonly connection: Connection;
  readonly stream: Stream;
  readonly frames: { readonly type: number; readonly payload: Uint8Array }[] = [];
  readonly closed: Promise<void>;
  #wake: () => void = () => {};

  constructor(connection: Connection, stream: Stream) {
    this.connection = connection;
    this.stream = stream;
    this.closed = new Promise((resolve) => {
      stream.addEventListener("close", () => resolve());
      stream.addEventListener("remoteCloseWrite", () => resolve());
    });
    const reader = new FrameReader({ head: () => {}, frame: (type, payload) => this.#arrived(type, payload) });
    stream.addEventListener("message", ({ data }) => reader.push(data instanceof Uint8Array ? data : data.subarray()));
  }

  send(bytes: Uint8Array): void {
    this.stream.send(bytes);
  }

  frame(type: number, ...parts: readonly Uint8Array[]): void {
    const payload = concatBytes(...parts);
    this.send(concatBytes(frameHead(type, payload.length), payload));
  }

  hello(): void {
    this.frame(CONTROL.hello, encodeHello(new Uint8Array(INCARNATION_BYTES)));
  }

  request(id: number, kind: string, body = utf8("")): void {
    this.frame(CONTROL.request, encodeRequestHead(id, kind), body);
  }

  /** Waits for a frame of this type, those that came already included. */
  async next(type: number): Promise<Uint8Array> {
    for (;;) {
      const at = this.frames.findIndex((frame) => frame.type === type);
      if (at >= 0) return this.frames.splice(at, 1)[0]!.payload;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #arrived(type: number, payload: Uint8Array): void {
    this.frames.push({ type, payload });
    this.#wake();
  }
}
