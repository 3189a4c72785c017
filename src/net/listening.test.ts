import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { newSeed } from "../crypto/index.ts";
import { machineEnv, silentLog } from "../platform/index.ts";
import { code } from "./contract-pair.ts";
import type { TransportOptions } from "./libp2p-transport.ts";
import { createTransport } from "./libp2p-transport.ts";
import type { Transport } from "./port.ts";

const env = machineEnv(silentLog);

function host(options: Partial<TransportOptions>): Promise<Transport> {
  return createTransport(env, { seed: newSeed(), listen: ["127.0.0.1:0"], admission: () => "member", ...options });
}

describe("a listening host", () => {
  test("says the port it got, puts what was announced first, and gives the port free when it closes", async () => {
    const one = await host({ announce: ["attic.example:4281"] });
    const [announced, own, ...others] = one.addresses();
    assert.equal(announced, "/dns/attic.example/tcp/4281");
    assert.match(own ?? "", /^\/ip4\/127\.0\.0\.1\/tcp\/[1-9]\d*$/);
    assert.deepEqual(others, []);
    await one.close();
    const again = await host({ listen: [own!] });
    assert.deepEqual(again.addresses(), [own]);
    await again.close();
  });

  test("names every address of the machine when it listens on all, the loopback ones last", async () => {
    const one = await host({ listen: ["0"] });
    const loopback = one.addresses().map((address) => address.startsWith("/ip4/127.") || address.startsWith("/ip6/::1/"));
    assert.ok(loopback.includes(true));
    assert.deepEqual(loopback, loopback.toSorted((x, y) => Number(x) - Number(y)));
    await one.close();
  });

  test("is refused a port that is taken, an address of another machine, and a key that is none", async () => {
    const one = await host({});
    await assert.rejects(host({ listen: [one.addresses()[0]!] }), code("PORT_TAKEN"));
    await assert.rejects(host({ listen: ["203.0.113.7:0"] }), code("CANNOT_LISTEN"));
    await assert.rejects(host({ listen: ["nowhere"] }), code("BAD_ADDRESS"));
    await assert.rejects(host({ announce: ["1.2.3.4:0"] }), code("BAD_ADDRESS"));
    await assert.rejects(host({ seed: new Uint8Array(31) }), code("BAD_KEY"));
    await one.close();
  });

  test("closes as often as it is told to, and connects nobody afterwards", async () => {
    const [one, two] = await Promise.all([host({}), host({})]);
    await Promise.all([one.close(), one.close()]);
    await assert.rejects(one.connect(two.self, two.addresses()), code("CLOSED"));
    await two.close();
  });
});

const canUnshare = spawnSync("unshare", ["-Urn", "sh", "-c", "ip link set lo up"]).status === 0;

test("two hosts on a machine with nothing but its loopback interface start, and find each other and a machine that is being set up by multicast", { skip: canUnshare ? false : "needs unshare and ip" }, async () => {
  const fixture = fileURLToPath(new URL("./discovery.fixture.ts", import.meta.url));
  const run = promisify(execFile);
  const { stdout } = await run("unshare", ["-Urn", "sh", "-c", 'ip link set lo up && exec "$0" "$1"', process.execPath, fixture], { timeout: 20_000 });
  assert.deepEqual(JSON.parse(stdout), { foundAtItsAddresses: true, foundOtherNetworks: false, foundBeingSetUp: true, connected: 0 });
});
