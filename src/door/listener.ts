import type { RequestListener, Server, createServer as CreateServer } from "node:http";
import { createRequire } from "node:module";
import type { Env } from "../platform/index.ts";
import { codeOf } from "../platform/index.ts";
import { DoorError } from "./errors.ts";

// Not by an import: that would read all of the module's properties, one of which loads fetch, at 5 to 16 MB a host.
const { createServer } = createRequire(import.meta.url)("node:http") as { createServer: typeof CreateServer };

/** Where a door listens. */
export interface Place {
  /** The first is needed, the others are taken where they exist. */
  readonly addresses: readonly [string, ...string[]];
  /** 0 takes one that is free on all of them. */
  readonly port: number;
  /** By which another place can be chosen. */
  readonly option: string;
  /** Which connections are taken, by the addresses of both ends. Default: all. */
  readonly admits?: (peer: string, own: string) => boolean;
}

/** Nobody but this machine can come in. */
export function loopback(port: number): Place {
  return { addresses: ["127.0.0.1", "::1"], port, option: "--http-port" };
}

const MISSING = new Set(["EADDRNOTAVAIL", "EAFNOSUPPORT"]);
const TAKEN = new Set(["EADDRINUSE", "EACCES"]);
/** How often a free port is looked for that is free on both addresses. */
const ATTEMPTS = 20;
/** How long answers under way may go on when the door closes. */
const LAST_ANSWERS_MS = 2_000;
const CHECK_MS = 20;

export interface ListenerLimits {
  /** Per address. */
  readonly connectionsMax: number;
  /** A connection without a byte in either direction for this long is closed. */
  readonly silenceMs: number;
  /** From the first byte of a request to the end of its headers. */
  readonly headersMs: number;
  /** How long a connection is kept for a next request. */
  readonly keepAliveMs: number;
}

export interface Listener {
  readonly port: number;
  readonly addresses: readonly string[];
  /** Hands all requests to `listener`, those first that have come already. */
  serve(listener: RequestListener): void;
  /** Takes no more connections, lets answers under way end for up to 2 s, then cuts them off. */
  close(): Promise<void>;
}

function server(env: Env, limits: ListenerLimits, early: RequestListener, { admits }: Place): Server {
  // Whether the rest of a request is wanted, its receiver says: a body that is refused need not be sent.
  const made = createServer(
    {
      maxHeaderSize: 16 * 1024,
      headersTimeout: limits.headersMs,
      // The whole of an upload may take as long as it likes, as long as bytes come.
      requestTimeout: 0,
      keepAliveTimeout: limits.keepAliveMs,
      connectionsCheckingInterval: Math.min(5_000, limits.headersMs),
      optimizeEmptyRequests: true,
    },
    early,
  ).on("checkContinue", early);
  if (admits !== undefined) made.on("connection", (socket) => void (admits(socket.remoteAddress ?? "", socket.localAddress ?? "") || socket.destroy()));
  made.maxConnections = limits.connectionsMax;
  made.timeout = limits.silenceMs;
  // Such as being out of file descriptors when a connection comes: that one is lost, the door stays open.
  made.on("error", (error) => env.log.warn("the HTTP listener had an error", { error }));
  return made;
}

function listen(made: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    made.once("error", reject);
    made.listen({ port, host, ipv6Only: true }, () => {
      made.off("error", reject);
      const address = made.address();
      resolve(address !== null && typeof address === "object" ? address.port : port);
    });
  });
}

/**
 * Listens on one port of all the place's addresses.
 * @throws DoorError PORT_TAKEN, CANNOT_LISTEN
 */
export async function openListener(env: Env, place: Place, limits: ListenerLimits): Promise<Listener> {
  const { addresses, port } = place;
  for (let attempt = 1; ; attempt++) {
    const opened: Opened[] = [];
    const waiting: Parameters<RequestListener>[] = [];
    const early: RequestListener = (request, response) => waiting.push([request, response]);
    let bound = port;
    try {
      for (const address of addresses) {
        const made = server(env, limits, early, place);
        try {
          bound = await listen(made, bound, address);
        } catch (error) {
          if (address !== addresses[0] && MISSING.has(codeOf(error) ?? "")) continue;
          throw error;
        }
        opened.push({ server: made, address });
      }
      return listenerOf(env, bound, opened, early, waiting);
    } catch (error) {
      await closeAll(env, opened.map((each) => each.server));
      if (port !== 0 || attempt === ATTEMPTS || !TAKEN.has(codeOf(error) ?? "")) throw cannotListen(error, bound, place);
    }
  }
}

function cannotListen(error: unknown, port: number, { addresses, option }: Place): unknown {
  const code = codeOf(error) ?? "";
  if (MISSING.has(code)) return new DoorError("CANNOT_LISTEN", `This machine has no address ${addresses[0]}. Choose one of its own with ${option}.`, { cause: error });
  if (!TAKEN.has(code)) return error;
  return new DoorError("PORT_TAKEN", `Port ${port} of this machine ${code === "EACCES" ? "may not be used without special rights" : "is used by another program"}. Choose another with ${option}, or leave it out.`, { cause: error });
}

interface Opened {
  readonly server: Server;
  readonly address: string;
}

function listenerOf(env: Env, port: number, opened: readonly Opened[], early: RequestListener, waiting: readonly Parameters<RequestListener>[]): Listener {
  return {
    port,
    addresses: opened.map((each) => each.address),
    serve(listener) {
      for (const { server } of opened) server.off("request", early).off("checkContinue", early).on("request", listener).on("checkContinue", listener);
      for (const [request, response] of waiting) listener(request, response);
    },
    close: () => closeAll(env, opened.map((each) => each.server)),
  };
}

async function closeAll(env: Env, servers: readonly Server[]): Promise<void> {
  const closed = Promise.all(servers.map((each) => new Promise<boolean>((resolve) => each.close(() => resolve(true)))));
  const endMs = env.clock.monotonicMs() + LAST_ANSWERS_MS;
  // Connections become idle one by one as their answers end; node:http closes them only when asked again.
  while (env.clock.monotonicMs() < endMs) {
    if (await Promise.race([closed, env.timers.sleep(CHECK_MS)])) return;
    for (const each of servers) each.closeIdleConnections();
  }
  for (const each of servers) each.closeAllConnections();
  await closed;
}
