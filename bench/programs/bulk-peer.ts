import { randomBytes } from "node:crypto";
import { createServer as createTcpServer, connect as connectTcp } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { createInterface } from "node:readline";
import { setFlagsFromString } from "node:v8";
import { createServer as createTlsServer, connect as connectTls } from "node:tls";
import { utf8 } from "../../src/codec/index.ts";
import type { HostId } from "../../src/codec/index.ts";
import { newSeed } from "../../src/crypto/index.ts";
import { createTransport } from "../../src/net/index.ts";
import { machineEnv, silentLog } from "../../src/platform/index.ts";

// One end of a line between two processes: "take" listens and swallows, "give" sends as many MiB as it is asked to and says how long it
// took until the other end had them all. Over Holdfast's transport, over bare TCP, and over bare TLS.

// As src/cli/main.ts does for a host.
setFlagsFromString("--external-memory-accounted-in-global-limit");

const MIB = 1024 ** 2;
const CHUNK = new Uint8Array(randomBytes(MIB));
/** A shared key instead of certificates; the bytes are encrypted by AES-256-GCM as they are between hosts. */
const TLS = { ciphers: "PSK-AES256-GCM-SHA384", maxVersion: "TLSv1.2" } as const;
const KEY = Buffer.alloc(32, 1);

export interface Place {
  readonly holdfast: { readonly self: HostId; readonly addresses: readonly string[] };
  readonly tcp: number;
  readonly tls: number;
}

function say(what: unknown): void {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}

/** Reads a line's worth of bytes as announced in the first eight, then answers with one byte; again and again. */
function swallow(socket: Socket): void {
  let left = 0;
  socket.on("data", (data: Buffer) => {
    let at = 0;
    if (left === 0) {
      left = Number(data.readBigUInt64BE());
      at = 8;
    }
    left -= data.length - at;
    if (left === 0) socket.write("!");
  });
  socket.on("error", () => {});
}

function portOf(server: Server): Promise<number> {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)));
}

async function take(): Promise<void> {
  const host = await createTransport(machineEnv(silentLog), { seed: newSeed(), listen: ["127.0.0.1:0"], admission: () => "member" });
  host.handleBulk("swallow", async (_from, _header, stream) => {
    let bytes = 0;
    for await (const frame of stream.frames()) bytes += frame.length;
    await stream.send(utf8(String(bytes)));
  });
  const tcp = await portOf(createTcpServer(swallow));
  const tls = await portOf(createTlsServer({ ...TLS, pskCallback: () => KEY }, swallow));
  say({ holdfast: { self: host.self, addresses: host.addresses() }, tcp, tls } satisfies Place);
}

async function pour(socket: Socket, sizeMib: number): Promise<void> {
  const done = new Promise((resolve, reject) => {
    socket.once("data", resolve);
    socket.once("error", reject);
  });
  const head = Buffer.alloc(8);
  head.writeBigUInt64BE(BigInt(sizeMib * MIB));
  socket.write(head);
  for (let sent = 0; sent < sizeMib; sent += 1) {
    if (!socket.write(CHUNK)) await new Promise((resolve) => socket.once("drain", resolve));
  }
  await done;
}

async function give(place: Place): Promise<void> {
  const host = await createTransport(machineEnv(silentLog), { seed: newSeed(), listen: ["127.0.0.1:0"], admission: () => "member" });
  await host.connect(place.holdfast.self, place.holdfast.addresses);
  const tcp = connectTcp(place.tcp, "127.0.0.1");
  const tls = connectTls({ ...TLS, port: place.tls, host: "127.0.0.1", checkServerIdentity: () => undefined, pskCallback: () => ({ psk: KEY, identity: "bench" }) });
  const ways: Readonly<Record<string, (sizeMib: number) => Promise<void>>> = {
    tcp: (sizeMib) => pour(tcp, sizeMib),
    tls: (sizeMib) => pour(tls, sizeMib),
    async holdfast(sizeMib) {
      const stream = await host.openBulk(place.holdfast.self, "swallow", new Uint8Array(0));
      for (let sent = 0; sent < sizeMib; sent += 1) await stream.send(CHUNK);
      await stream.finish();
      for await (const answer of stream.frames()) if (Buffer.from(answer).toString() !== String(sizeMib * MIB)) throw new Error("not all of it arrived");
    },
  };
  say({ ready: true });
  for await (const line of createInterface({ input: process.stdin })) {
    const { way, sizeMib } = JSON.parse(line) as { way: string; sizeMib: number };
    const started = performance.now();
    await ways[way]!(sizeMib);
    say({ seconds: (performance.now() - started) / 1000 });
  }
  process.exit();
}

const [role, place] = process.argv.slice(2);
if (role === "take") {
  await take();
  process.stdin.resume().on("end", () => process.exit());
} else {
  await give(JSON.parse(place!) as Place);
}
