import { machineEnv, silentLog } from "../platform/index.ts";
import { hostOf } from "./contract-pair.ts";
import { MemoryNetwork } from "./memory-network.ts";
import { transportContract } from "./transport.contract.ts";

const env = machineEnv(silentLog);

transportContract("the transport in memory", () => {
  const network = new MemoryNetwork(env, { delayMs: 1, jitterMs: 2 });
  return Promise.resolve({
    host: ({ seed, ...options }) => Promise.resolve(network.transport({ ...options, self: hostOf(seed) })),
    askAsInvite: network.askAsInvite,
    close: () => Promise.resolve(),
  });
});
