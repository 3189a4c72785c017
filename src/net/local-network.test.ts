import assert from "node:assert/strict";
import test from "node:test";
import { isLocalNetwork, localNetworkAddress } from "./local-network.ts";

test("addresses of homes, cables and this machine are local, and no others", () => {
  for (const address of ["192.168.1.7", "10.0.0.1", "172.16.0.1", "172.31.255.1", "169.254.3.4", "127.0.0.1", "::ffff:192.168.1.7"]) assert.ok(isLocalNetwork(address), address);
  for (const address of ["", "8.8.8.8", "172.32.0.1", "192.169.0.1", "100.64.0.1", "2001:db8::1"]) assert.ok(!isLocalNetwork(address), address);
  const own = localNetworkAddress();
  assert.ok(own === undefined || (isLocalNetwork(own) && !own.startsWith("127.")));
});
