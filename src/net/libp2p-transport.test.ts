import { machineEnv, silentLog } from "../platform/index.ts";
import { createTransport } from "./libp2p-transport.ts";
import { askAsInvite } from "./redeem-connection.ts";
import { transportContract } from "./transport.contract.ts";

const env = machineEnv(silentLog);

transportContract("the transport over libp2p", () =>
  Promise.resolve({
    host: (options) => createTransport(env, { ...options, listen: ["127.0.0.1:0"] }),
    askAsInvite,
    close: () => Promise.resolve(),
  }),
);
