import assert from "node:assert/strict";
import test from "node:test";
import { isLanAddress, isLocalNetwork, localNetworkHost, withoutLoopback } from "./local-network.ts";

test("addresses of homes, cables and this machine are local, and no others", () => {
  for (const address of ["192.168.1.7", "10.0.0.1", "172.16.0.1", "172.31.255.1", "169.254.3.4", "127.0.0.1", "::ffff:192.168.1.7"]) assert.ok(isLocalNetwork(address), address);
  for (const address of ["", "8.8.8.8", "172.32.0.1", "192.169.0.1", "100.64.0.1", "2001:db8::1"]) assert.ok(!isLocalNetwork(address), address);
  const own = localNetworkHost();
  assert.ok(own === undefined || (isLanAddress(own.replace(/^\[|\]$/g, "")) && !own.startsWith("127.") && !own.startsWith("[fe80")));
});

test("IPv6 addresses that nobody routes to the wide web belong to the local network too", () => {
  for (const address of ["fd12:3456::7", "fc00::1", "fe80::1", "fe80::1%eth0", "::1", "192.168.1.7", "::ffff:192.168.1.7"]) assert.ok(isLanAddress(address), address);
  for (const address of ["", "%eth0", "2001:db8::1", "2a00:1450::1%eth0", "fec0::1", "ff02::1", "::", "::ffff:8.8.8.8", "8.8.8.8"]) assert.ok(!isLanAddress(address), address);
});

test("announced addresses that lead to this machine's loopback are left out, unless the machine has no others", () => {
  const loopback = ["/ip4/127.0.0.1/tcp/5432", "/ip4/127.9.9.9/tcp/22"];
  const lan = ["/ip4/192.168.1.7/tcp/4281", "/ip4/10.127.0.1/tcp/4281"];
  assert.deepEqual(withoutLoopback([...loopback, ...lan], ["192.168.1.2"]), lan);
  assert.deepEqual(withoutLoopback(loopback, ["192.168.1.2"]), []);
  assert.deepEqual(withoutLoopback(loopback, []), loopback);
});
