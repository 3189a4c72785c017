import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import test from "node:test";
import { yamux } from "@libp2p/yamux";
import { multiaddr } from "@multiformats/multiaddr";
import { tcp } from "@libp2p/tcp";
import { tls } from "@libp2p/tls";
import { createLibp2p } from "libp2p";
import type { Libp2p } from "libp2p";
import { idFromBytes } from "../codec/index.ts";
import type { HostId } from "../codec/index.ts";
import { keyPairFromSeed, newSeed } from "../crypto/index.ts";
import { machineEnv, silentLog } from "../platform/index.ts";
import type { Env } from "../platform/index.ts";
import { peerIdOf, privateKeyOf } from "./peer-id.ts";
import { socketTls } from "./socket-tls.ts";

const PROTOCOL = "/echo";
/** The name of some other host. */
const newPeer = peerIdOf(idFromBytes<HostId>(keyPairFromSeed(newSeed()).publicKey)).toString();

/** Counts how often the socket of a connection was not found. */
function watchedEnv(): { readonly env: Env; readonly warnings: string[] } {
  const warnings: string[] = [];
  return { env: machineEnv({ ...silentLog, warn: (message) => void warnings.push(message) }), warnings };
}

async function makeNode(encrypter: ReturnType<typeof tls>): Promise<Libp2p> {
  const node = await createLibp2p({ privateKey: await privateKeyOf(newSeed()), addresses: { listen: ["/ip4/127.0.0.1/tcp/0"] }, transports: [tcp()], connectionEncrypters: [encrypter], streamMuxers: [yamux()], connectionManager: { inboundConnectionThreshold: 1000, maxIncomingPendingConnections: 100 } });
  await node.handle(PROTOCOL, (stream) => stream.addEventListener("message", ({ data }) => void stream.send(data)));
  return node;
}

/** Sends bytes over a new connection and says what came back. */
async function echoed(from: Libp2p, to: Libp2p, bytes: Uint8Array): Promise<Uint8Array> {
  const stream = await from.dialProtocol(to.getMultiaddrs(), PROTOCOL);
  const parts: Uint8Array[] = [];
  const done = new Promise<void>((resolve) =>
    stream.addEventListener("message", ({ data }) => {
      parts.push(data instanceof Uint8Array ? data : data.subarray());
      if (parts.reduce((sum, { length }) => sum + length, 0) === bytes.length) resolve();
    }),
  );
  stream.send(bytes);
  await done;
  return new Uint8Array(Buffer.concat(parts));
}

async function withPair(encrypters: readonly [ReturnType<typeof tls>, ReturnType<typeof tls>], work: (a: Libp2p, b: Libp2p) => Promise<void>): Promise<void> {
  const [a, b] = await Promise.all([makeNode(encrypters[0]), makeNode(encrypters[1])]);
  try {
    await work(a, b);
  } finally {
    await Promise.all([a.stop(), b.stop()]);
  }
}

function ownTls(env: Env): ReturnType<typeof tls> {
  return socketTls(env) as ReturnType<typeof tls>;
}

test("TLS upon the socket and libp2p's own understand each other, whichever side dials", async () => {
  const { env, warnings } = watchedEnv();
  const bytes = new Uint8Array(200_000).map((_, at) => at % 251);
  for (const encrypters of [[ownTls(env), tls()], [tls(), ownTls(env)], [ownTls(env), ownTls(env)]] as const) {
    await withPair(encrypters, async (a, b) => assert.deepEqual(await echoed(a, b, bytes), bytes));
  }
  assert.deepEqual(warnings, [], "every connection's socket was found");
});

test("TLS upon the socket refuses a host whose key is not the one that its address names", async () => {
  const { env } = watchedEnv();
  await withPair([ownTls(env), ownTls(env)], async (a, b) => {
    const wrong = b.getMultiaddrs()[0]!.toString().replace(b.peerId.toString(), newPeer);
    await assert.rejects(a.dial(multiaddr(wrong)));
    assert.deepEqual([a.getConnections(), b.getConnections().filter(({ status }) => status === "open")], [[], []]);
  });
});

test("a host that could not make its certificate once makes it for the next connection", async () => {
  const { env } = watchedEnv();
  let isBroken = true;
  const broken = new Error("no key for now");
  const failing = (components: object): object => new Proxy(components, { get: (of, name) => (name === "privateKey" && isBroken ? { publicKey: {}, sign: () => Promise.reject(broken) } : Reflect.get(of, name)) });
  const encrypter: ReturnType<typeof tls> = (components) => ownTls(env)(failing(components) as typeof components);
  await withPair([encrypter, tls()], async (a, b) => {
    await assert.rejects(a.dial(b.getMultiaddrs()));
    assert.deepEqual(a.getConnections(), []);
    isBroken = false;
    assert.deepEqual(await echoed(a, b, Uint8Array.of(1, 2, 3)), Uint8Array.of(1, 2, 3));
  });
});

test("connections that end at any moment of their handshake or their use leave the host serving others", async () => {
  const { env } = watchedEnv();
  await withPair([ownTls(env), ownTls(env)], async (a, b) => {
    const port = Number(/tcp\/(\d+)/.exec(b.getMultiaddrs()[0]!.toString())![1]);
    for (let at = 0; at < 30; at += 1) {
      const dialled = a.dial(b.getMultiaddrs(), { signal: AbortSignal.timeout(at) }).catch(() => undefined);
      const raw = connect(port, "127.0.0.1").on("error", () => {});
      await Promise.race([once(raw, "connect"), once(raw, "close")]).catch(() => {});
      raw.write("\x13/multistream/1.0.0\n\x0b/tls/1.0.0\n\x16\x03\x01".slice(0, 3 + at * 2));
      const connection = await dialled;
      if (at % 3 === 0) raw.resetAndDestroy();
      else raw.destroy();
      if (at % 2 === 0) for (const each of b.getConnections()) each.abort(new Error("enough"));
      else connection?.abort(new Error("enough"));
    }
  });
  const bytes = Uint8Array.of(1, 2, 3);
  await withPair([ownTls(env), ownTls(env)], async (a, b) => assert.deepEqual(await echoed(a, b, bytes), bytes));
});
