import { machineEnv, silentLog } from "../platform/index.ts";
import { MemoryNetwork } from "./memory-network.ts";
import { seedOfHost, transportContract } from "./transport.contract.ts";

const env = machineEnv(silentLog);

transportContract("the transport in memory", () => {
  const network = new MemoryNetwork(env, { delayMs: 1, jitterMs: 2 });
  return Promise.resolve({
    host: ({ seed, ...options }) => Promise.resolve(network.transport({ ...options, self: seedOfHost(seed) })),
    askAsInvite: network.askAsInvite,
    close: () => Promise.resolve(),
  });
});
