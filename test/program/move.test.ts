import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import type { TestHost } from "../cluster/harness.ts";
import { Bench, allSee } from "../cluster/harness.ts";

const OTHER_PORTS = ["--http-port", "0", "--peer-port", "0"] as const;
test("hosts that come back on other ports are found again", { timeout: 300_000 }, async (t) => {
  await using bench = await Bench.make();
  const hosts = (await bench.network(["attic", "cellar", "barn"])) as [TestHost, TestHost, TestHost];
  const [attic, cellar, barn] = hosts;

  await t.test("one, by hosts that knew only its old ones", async () => {
    const before = cellar.ready!.peerPort;
    await cellar.kill();
    await cellar.up(...OTHER_PORTS);
    assert.notEqual(cellar.ready!.peerPort, before);
    await allSee(hosts, 20_000);
  });

  await t.test("two at once, by way of the one that stayed", async () => {
    await Promise.all([attic.kill(), cellar.kill()]);
    await Promise.all([attic.up(...OTHER_PORTS), cellar.up(...OTHER_PORTS)]);
    await allSee(hosts, 20_000);
  });

  await t.test("all at once, by a list of addresses carried by hand", async () => {
    await Promise.all(hosts.map((host) => host.kill()));
    await attic.up(...OTHER_PORTS);
    const list = join(bench.folder, "peers.txt");
    const finished = await attic.run(["hosts", "--addresses"]);
    assert.match(finished.stdout, new RegExp(`${attic.ready!.hostId} /ip4/127\\.0\\.0\\.1/tcp/${attic.ready!.peerPort}`));
    await writeFile(list, finished.stdout);
    await Promise.all([cellar.up(...OTHER_PORTS, "--peers", list), barn.up(...OTHER_PORTS, "--peers", list)]);
    await allSee(hosts, 20_000);
  });
});
