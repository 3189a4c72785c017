import { Socket } from "node:net";
import { TLSSocket, connect, createSecureContext } from "node:tls";
import type { SecureContext } from "node:tls";
import { tls } from "@libp2p/tls";
import { generateCertificate, toMessageStream, verifyPeerCertificate } from "@libp2p/tls/utils";
import type { ConnectionEncrypter, MessageStream, PrivateKey, SecureConnectionOptions, SecuredConnection, StreamMessageEvent, StreamMuxerFactory } from "@libp2p/interface";
import type { Env } from "../platform/index.ts";
import { raceAbort } from "../platform/index.ts";
import { NetError } from "./errors.ts";

// libp2p's TLS (https://github.com/libp2p/specs/blob/master/tls/tls.md) with the runtime's TLS laid right upon the TCP socket. @libp2p/tls lays
// it upon a stream in JavaScript around the socket, which costs every record of 16 KiB a way through five streams on each side: more than half of
// what a transfer takes. Handshake, certificates and their judgement are @libp2p/tls's own, so both understand each other. Where
// the socket of a connection is not found, the connection is left to @libp2p/tls.

interface Components {
  readonly privateKey: PrivateKey;
  readonly upgrader: { getStreamMuxers(): Map<string, StreamMuxerFactory> };
}

type TlsComponents = Parameters<ReturnType<typeof tls>>[0];

/** Certificates are signed by themselves; the key that they carry is judged after the handshake, as the specification has it. */
const BOTH = { minVersion: "TLSv1.3", maxVersion: "TLSv1.3", rejectUnauthorized: false } as const;
/** What a side offers that chooses its muxer later. */
const NO_MUXER = "libp2p";

/** For libp2p's `connectionEncrypters`. */
export function socketTls(env: Env): (components: TlsComponents) => ConnectionEncrypter {
  return (components) => new SocketTls(env, components);
}

class SocketTls implements ConnectionEncrypter {
  readonly protocol: string;
  readonly #env: Env;
  readonly #components: Components;
  readonly #plain: ConnectionEncrypter;
  #context: Promise<SecureContext> | undefined;

  constructor(env: Env, components: TlsComponents) {
    this.#env = env;
    this.#components = components;
    this.#plain = tls()(components);
    this.protocol = this.#plain.protocol;
  }

  secureInbound(connection: MessageStream, options: SecureConnectionOptions = {}): Promise<SecuredConnection> {
    const socket = this.#socketOf(connection);
    if (socket === undefined) return this.#plain.secureInbound(connection, options);
    return this.#secure(connection, socket, options, (context) => {
      const muxers = this.#components.upgrader.getStreamMuxers();
      const choose = ({ protocols }: { protocols: string[] }): string | undefined => protocols.find((name) => name === NO_MUXER || muxers.has(name));
      return new TLSSocket(socket, { ...BOTH, secureContext: context, isServer: true, requestCert: true, ALPNCallback: choose });
    });
  }

  secureOutbound(connection: MessageStream, options: SecureConnectionOptions = {}): Promise<SecuredConnection> {
    const socket = this.#socketOf(connection);
    if (socket === undefined) return this.#plain.secureOutbound(connection, options);
    return this.#secure(connection, socket, options, (context) => connect({ ...BOTH, socket, secureContext: context, ALPNProtocols: [...this.#components.upgrader.getStreamMuxers().keys(), NO_MUXER] }));
  }

  async #secure(connection: MessageStream, socket: Socket, options: SecureConnectionOptions, begin: (context: SecureContext) => TLSSocket): Promise<SecuredConnection> {
    // What comes from now on is for TLS.
    connection.pause();
    try {
      const context = await raceAbort(this.#makeContext(), options.signal ?? NEVER);
      takeOver(connection, socket);
      return await this.#shakeHands(connection, socket, options, begin(context));
    } catch (error) {
      connection.abort(error as Error);
      throw error;
    }
  }

  async #shakeHands(connection: MessageStream, socket: Socket, options: SecureConnectionOptions, secured: TLSSocket): Promise<SecuredConnection> {
    endThrough(secured, socket);
    const failed = Promise.withResolvers<never>();
    failed.promise.catch(() => {});
    secured.on("error", (error: Error) => {
      connection.abort(error);
      failed.reject(error);
    });
    secured.once("close", () => failed.reject(new NetError("UNREACHABLE", "The connection ended during its handshake.")));
    try {
      const done = this.#judged(connection, options, secured);
      return await raceAbort(Promise.race([done, failed.promise]), options.signal ?? NEVER);
    } catch (error) {
      secured.destroy();
      throw error;
    }
  }

  /** The handshake, and whose key the other side has proved. */
  async #judged(connection: MessageStream, { remotePeer, skipStreamMuxerNegotiation }: SecureConnectionOptions, secured: TLSSocket): Promise<SecuredConnection> {
    await new Promise<void>((resolve) => secured.once("secure", () => resolve()));
    const found = await verifyPeerCertificate(secured.getPeerCertificate().raw, remotePeer);
    const { alpnProtocol } = secured;
    const streamMuxer = typeof alpnProtocol === "string" && skipStreamMuxerNegotiation !== true ? this.#components.upgrader.getStreamMuxers().get(alpnProtocol) : undefined;
    return { remotePeer: found, connection: toMessageStream(connection, secured), ...(streamMuxer === undefined ? {} : { streamMuxer }) };
  }

  /** One certificate for all connections; making one takes longer than a handshake. When that fails, the next connection tries again. */
  #makeContext(): Promise<SecureContext> {
    this.#context ??= generateCertificate(this.#components.privateKey)
      .then((made) => createSecureContext({ ...made, ...BOTH }))
      .catch((error: unknown) => {
        this.#context = undefined;
        throw error;
      });
    return this.#context;
  }

  /** The TCP transport keeps it as a field that its types do not name. */
  #socketOf(connection: MessageStream): Socket | undefined {
    const socket: unknown = Reflect.get(connection, "socket");
    if (socket instanceof Socket && !(socket instanceof TLSSocket)) return socket;
    this.#env.log.warn("the socket of a connection was not found, so its encryption is slow");
    return undefined;
  }
}

const NEVER = new AbortController().signal;

/** Takes the socket from the connection, with what has come and nobody has read. The connection still hears of the socket's end, and may end it. */
function takeOver(connection: MessageStream, socket: Socket): void {
  const unread: Uint8Array[] = [];
  const keep = ({ data }: StreamMessageEvent): void => void unread.push(...(data instanceof Uint8Array ? [data] : data));
  connection.addEventListener("message", keep);
  connection.resume();
  connection.removeEventListener("message", keep);
  socket.pause();
  socket.removeAllListeners("data");
  for (const chunk of unread.reverse()) socket.unshift(chunk);
}

/** The connection ends its socket by itself. Under a TLS that lies right upon it that crashes the runtime, so TLS is ended in its place, and ends the socket. */
function endThrough(secured: TLSSocket, socket: Socket): void {
  socket.resetAndDestroy = () => {
    secured.destroy();
    return socket;
  };
  socket.destroySoon = () => secured.destroySoon();
}
