import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import type { TestHost } from "../cluster/harness.ts";
import { Bench, until } from "../cluster/harness.ts";

interface Failed {
  readonly error: { readonly code: string; readonly message: string };
}

async function publish(host: TestHost, folder: string, text: string, name: string): Promise<void> {
  await writeFile(join(folder, "index.html"), text);
  await host.ask(["publish", folder, "--name", name]);
}

async function failure(host: TestHost, args: readonly string[]): Promise<Failed["error"]> {
  const finished = await host.run([...args, "--json"]);
  assert.notEqual(finished.code, 0, `holdfast ${args.join(" ")} ended well`);
  return finished.json<Failed>().error;
}

test("a person acts on three hosts and ends one host's right to act for them", { timeout: 300_000 }, async (t) => {
  await using bench = await Bench.make();
  const [attic, shed] = (await bench.network(["attic", "shed"])) as [TestHost, TestHost];
  const { phrase } = await attic.ask<{ phrase: string }>(["key", "export"]);
  const folder = join(bench.folder, "dist");
  await mkdir(folder);

  const laptop = bench.host("laptop");
  const { code } = await attic.ask<{ code: string }>(["invite"]);
  await laptop.ask(["join", "-", "--phrase", "--host", "laptop", "--capacity", "1GB"], `${code}\n${phrase}`);
  await laptop.up();
  const all = [attic, shed, laptop];
  const everyHostShows = (site: string, text: string, hosts = all): Promise<void> =>
    until(`${hosts.map(({ name }) => name).join(", ")} show "${text}"`, 15_000, async () => (await Promise.all(hosts.map((host) => host.get(site)))).every((page) => page.text === text));

  await t.test("by joining with the phrase, and by importing it on a host that was another's", async () => {
    await publish(attic, folder, "from the attic", "blog");
    await everyHostShows("blog", "from the attic");
    await publish(laptop, folder, "from the laptop", "blog");
    await everyHostShows("blog", "from the laptop");
    assert.equal((await failure(shed, ["publish", folder, "--name", "blog"])).code, "NAME_TAKEN");
    await shed.ask(["key", "import"], phrase);
    await shed.kill("SIGTERM");
    await shed.up();
    await until("the shed hears of the site", 15_000, async () => (await shed.get("blog")).status === 200);
    await publish(shed, folder, "from the shed", "blog");
    await everyHostShows("blog", "from the shed");
    await publish(laptop, folder, "the laptop's last", "blog");
    await publish(laptop, folder, "the laptop's own", "diary");
    await everyHostShows("blog", "the laptop's last");
    await everyHostShows("diary", "the laptop's own");
  });

  await t.test("a host does not revoke its own delegation, nor one of nobody", async () => {
    const own = await failure(attic, ["key", "revoke", "attic"]);
    assert.equal(own.code, "OWN_DELEGATION");
    assert.match(own.message, /another of your hosts/);
    assert.equal((await failure(attic, ["key", "revoke", "nobody"])).code, "USAGE");
  });

  await t.test("the revoked host publishes nothing more in the person's name, and is told why; what it published stays", async () => {
    const revoked = await attic.ask<{ host: string; safe: boolean }>(["key", "revoke", "laptop"]);
    assert.deepEqual([revoked.host, revoked.safe], ["laptop", true]);
    await until("the laptop has heard of it", 15_000, async () => (await failure(laptop, ["publish", folder, "--name", "blog"])).message.includes("REVOKED"));
    assert.match((await failure(laptop, ["unpublish", "diary"])).message, /revoked this host's delegation/);
    await everyHostShows("blog", "the laptop's last");
    await everyHostShows("diary", "the laptop's own");
    assert.equal((await attic.ask<unknown[]>(["hosts"])).length, 3, "it remains a host of the network");
  });

  await t.test("what it signs before it hears of that is refused by those who have heard", async () => {
    const barn = bench.host("barn");
    const { code: another } = await attic.ask<{ code: string }>(["invite"]);
    await barn.ask(["join", "-", "--phrase", "--host", "barn", "--capacity", "1GB"], `${another}\n${phrase}`);
    await barn.up();
    await everyHostShows("blog", "the laptop's last", [barn]);
    await Promise.all([barn.kill(), laptop.kill()]);
    assert.ok((await attic.ask<{ safe: boolean }>(["key", "revoke", "barn"])).safe, "attic and shed know");
    await Promise.all([attic.kill(), shed.kill()]);
    await barn.up();
    await publish(barn, folder, "from the barn, alone", "blog");
    assert.equal((await barn.get("blog")).text, "from the barn, alone");
    await Promise.all([attic.up(), shed.up()]);
    await until("the barn hears that it is revoked", 20_000, async () => (await failure(barn, ["publish", folder, "--name", "blog"])).message.includes("REVOKED"));
    for (const host of [attic, shed]) assert.equal((await host.get("blog")).text, "the laptop's last", host.name);
  });

  await t.test("the person goes on from another host", async () => {
    await publish(shed, folder, "after all", "blog");
    await everyHostShows("blog", "after all", [attic, shed]);
  });
});
