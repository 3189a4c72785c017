import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { setFlagsFromString } from "node:v8";
import { drive } from "../clients.ts";
import { ENTRIES, RecordHost, hostNamed } from "../record-host.ts";
import { FrameReader, frame } from "../thin-path.ts";

// One of the hosts that keep a namespace of records, in a process of its own. It writes as it is told, as the rooms above records would,
// or as clients tell it that come over a socket.

// As src/cli/main.ts does for a host.
setFlagsFromString("--external-memory-accounted-in-global-limit");

export type Order = { readonly connect: readonly { readonly name: string; readonly port: number }[] } | { readonly clients: number; readonly seconds: number };

function say(what: unknown): void {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}

const [folder, name, ...others] = process.argv.slice(2) as [string, string, ...string[]];
const members = [name, ...others].map(hostNamed);
const host = new RecordHost(folder, name, () => members);
await host.start();

async function write(key: string, value: Uint8Array): Promise<void> {
  // A machine whose disk stands still for seconds, with what was written before, lets a write miss its deadline: it is not counted as one.
  while (!(await host.records.write([{ namespace: ENTRIES, key, value }])).safe);
}

/** A question is the key's length in one byte, the key and the value; the answer is empty. */
const door = createServer({ noDelay: true }, (socket) => {
  const reader = new FrameReader((id, body) => {
    const keyEnd = 1 + body[0]!;
    void write(body.toString("utf8", 1, keyEnd), new Uint8Array(body.subarray(keyEnd))).then(() => socket.write(frame(id, Buffer.alloc(0))), (error: unknown) => socket.destroy(error as Error));
  });
  socket.on("data", (data: Buffer) => reader.take(data)).on("error", () => {});
});
await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
say({ port: host.port, door: (door.address() as AddressInfo).port });

async function obey(order: Order): Promise<unknown> {
  if ("clients" in order) return drive(order.clients, order.seconds, write);
  for (const { name: other, port } of order.connect) await host.transport.connect(hostNamed(other), [`/ip4/127.0.0.1/tcp/${port}`]);
  return { connected: await host.records.confirmAtStart() };
}

for await (const line of createInterface({ input: process.stdin })) say(await obey(JSON.parse(line) as Order));
process.exit();
