import { generateKeyPair } from "@libp2p/crypto/keys";
import { tcp } from "@libp2p/tcp";
import { tls } from "@libp2p/tls";
import { yamux } from "@libp2p/yamux";
import { createLibp2p } from "libp2p";
import { once } from "node:events";
import { Worker } from "node:worker_threads";

export async function openStack(database: string): Promise<void> {
  const node = await createLibp2p({
    privateKey: await generateKeyPair("Ed25519"),
    addresses: { listen: ["/ip4/127.0.0.1/tcp/0"] },
    transports: [tcp()],
    connectionEncrypters: [tls()],
    streamMuxers: [yamux()],
  });
  await node.start();
  const worker = new Worker(new URL("bare-database.ts", import.meta.url), { workerData: database });
  await once(worker, "message");
}
