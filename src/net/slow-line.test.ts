import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { connect, createServer } from "node:net";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { newSeed } from "../crypto/index.ts";
import { machineEnv, silentLog } from "../platform/index.ts";
import { connected } from "./contract-pair.ts";
import { createTransport } from "./libp2p-transport.ts";
import type { Transport } from "./port.ts";

const env = machineEnv(silentLog);
const KIB = 1024;
/** A host counts as gone after 450 ms of silence: a tenth of what real hosts wait, on a line ten times as fast as theirs may be. */
const LIVENESS = { pingEveryMs: 150, missesMax: 3 };

async function member(t: TestContext): Promise<Transport> {
  const transport = await createTransport(env, { seed: newSeed(), listen: ["127.0.0.1:0"], admission: () => "member", liveness: LIVENESS });
  t.after(() => transport.close());
  return transport;
}

async function pass(from: Socket, to: Socket, bytesPerSecond: number): Promise<void> {
  for await (const chunk of from as AsyncIterable<Uint8Array>) {
    await sleep((chunk.length / bytesPerSecond) * 1000);
    to.write(chunk);
  }
  to.end();
}

/** An address of the host's behind a line that passes so many bytes a second each way. */
async function slowAddress(t: TestContext, host: Transport, bytesPerSecond: number): Promise<string> {
  const port = Number(host.addresses()[0]!.split("/").at(-1));
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    for (const [from, to] of [[near, far], [far, near]] as const) pass(from, to, bytesPerSecond).catch(() => to.destroy());
  }).listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  return `/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}`;
}

test("a long answer on a slow line counts as a sign of life while it comes", async (t) => {
  const [asker, answerer] = await Promise.all([member(t), member(t)]);
  answerer.handle("page", () => Promise.resolve(new Uint8Array(640 * KIB)));
  await asker.connect(answerer.self, [await slowAddress(t, answerer, 512 * KIB)]);
  await connected(answerer, asker.self);
  const gone: string[] = [];
  for (const host of [asker, answerer]) host.onPeer(({ kind }) => void gone.push(kind));
  const page = await asker.request(answerer.self, "page", new Uint8Array(0), { timeoutMs: 10_000 });
  assert.equal(page.length, 640 * KIB);
  assert.deepEqual(gone, []);
});
