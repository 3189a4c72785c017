import { randomBytes } from "node:crypto";
import { machineEnv, silentLog } from "../platform/index.ts";
import { createTransport } from "./libp2p-transport.ts";

// A host in a process of its own, for tests that stop it or measure its memory. It says on its channel to the parent where it
// listens, and answers "memory" with its resident bytes, those of them in buffers, and the number of bulk frames that its handlers hold.
const host = await createTransport(machineEnv(silentLog), { seed: new Uint8Array(randomBytes(32)), listen: ["127.0.0.1:0"], admission: () => "member" });
const held = new Set<Uint8Array>();

host.handle("echo", (_from, body) => Promise.resolve(body));
// Holds the first frame and asks for no other.
host.handleBulk("hold", async (_from, _header, stream, signal) => {
  for await (const frame of stream.frames()) {
    held.add(frame);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    held.delete(frame);
  }
});
host.handleBulk("pour", async (_from, _header, stream, signal) => {
  const frame = new Uint8Array(randomBytes(1024 * 1024));
  while (!signal.aborted) await stream.send(frame.slice());
});
host.handleBulk("count", async (_from, _header, stream) => {
  for await (const frame of stream.frames()) void frame;
});

process.on("message", (word) => {
  if (word !== "memory") return;
  (globalThis as { gc?: () => void }).gc?.();
  const { rss, arrayBuffers } = process.memoryUsage();
  process.send?.({ residentBytes: rss, bufferBytes: arrayBuffers, held: held.size });
});
process.on("disconnect", () => process.exit());
process.send?.({ self: host.self, addresses: host.addresses() });
