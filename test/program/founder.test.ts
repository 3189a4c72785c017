import assert from "node:assert/strict";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { Bench, until } from "../cluster/harness.ts";

test("the network outlives its founder's host and disk, and the founder goes on from another host with the recovery phrase", { timeout: 300_000 }, async (t) => {
  await using bench = await Bench.make();
  const [attic, cellar, barn] = (await bench.network(["attic", "cellar", "barn"])) as [ReturnType<Bench["host"]>, ReturnType<Bench["host"]>, ReturnType<Bench["host"]>];
  const folder = join(bench.folder, "dist");
  await mkdir(folder);
  await writeFile(join(folder, "index.html"), "by the founder");
  await attic.ask(["publish", folder, "--name", "blog"]);
  const { phrase } = await attic.ask<{ phrase: string }>(["key", "export"]);
  await attic.kill();
  await rm(attic.data, { recursive: true });
  await rm(attic.config, { recursive: true });

  await t.test("the others serve its site, publish, and invite a new host", async () => {
    assert.equal((await barn.get("blog")).text, "by the founder");
    await barn.ask(["publish", folder, "--name", "barns"]);
    const loft = bench.host("loft");
    await bench.join(cellar, loft);
    await loft.up();
    await until("the new host serves both sites", 10_000, async () => (await loft.get("blog")).status === 200 && (await loft.get("barns")).status === 200);
  });

  await t.test("nobody else can change its site", async () => {
    const refused = await barn.run(["publish", folder, "--name", "blog", "--json"]);
    assert.equal(refused.json<{ error: { code: string } }>().error.code, "NAME_TAKEN");
  });

  await t.test("with the phrase it is changed from another host", async () => {
    const study = bench.host("study");
    const { code } = await cellar.ask<{ code: string }>(["invite"]);
    await study.ask(["join", "-", "--phrase", "--host", "study", "--capacity", "1GB"], `${code}\n${phrase}`);
    await study.up();
    await writeFile(join(folder, "index.html"), "the founder again");
    await study.ask(["publish", folder, "--name", "blog"]);
    await until("every host serves what the founder changed", 10_000, async () => (await Promise.all([barn, cellar, study].map((host) => host.get("blog")))).every((page) => page.text === "the founder again"));
  });
});
