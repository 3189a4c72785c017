import { randomBytes } from "node:crypto";
import type { NetworkId } from "../codec/index.ts";
import { idFromBytes } from "../codec/index.ts";
import { machineEnv, silentLog } from "../platform/index.ts";
import { openApplicant } from "./applicant.ts";
import { createTransport } from "./libp2p-transport.ts";
import { openSponsor } from "./sponsor.ts";

// Two hosts of one network and one of another announce themselves, and a machine on which a host is being set up; says what the first of them has found.
const random = (): Uint8Array => new Uint8Array(randomBytes(32));
const start = (network: Uint8Array) => createTransport(machineEnv(silentLog), { seed: random(), listen: ["0"], admission: () => "member", discoveryTag: idFromBytes<NetworkId>(network) });
const network = random();
const [other, stranger] = [await start(network), await start(random())];
const one = await start(network);
const found = new Map<string, readonly string[]>();
await new Promise<void>((resolve) => {
  one.onDiscovered((peer, addresses) => {
    found.set(peer, addresses);
    if (found.has(other.self)) resolve();
  });
});
const answer = (): Promise<Uint8Array> => Promise.resolve(new Uint8Array(0));
const setUp = Promise.withResolvers<readonly string[]>();
const sponsor = await openSponsor(machineEnv(silentLog), { answer, onFound: (_peer, addresses) => setUp.resolve(addresses) });
const applicant = await openApplicant(machineEnv(silentLog), { hosts: ["127.0.0.1"], port: 0, announces: true, answer, onCall: () => {} });
const foundBeingSetUp = (await setUp.promise).join() === applicant.addresses.join();
const foundAtItsAddresses = other.addresses().every((address) => found.get(other.self)?.includes(address) === true);
process.stdout.write(JSON.stringify({ foundAtItsAddresses, foundOtherNetworks: found.has(stranger.self), foundBeingSetUp, connected: one.connected().length }));
await Promise.all([one, other, stranger, sponsor, applicant].map((each) => each.close()));
