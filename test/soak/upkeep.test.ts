import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { digestOf, makeFilmSite, refusedWith } from "../cluster/attack.ts";
import { digestOfFile } from "../cluster/content.ts";
import type { TestHost } from "../cluster/harness.ts";
import { Bench, until } from "../cluster/harness.ts";
import { MIB } from "../cluster/size.ts";

interface Pool {
  readonly survives: number | null;
  readonly hosts: readonly { readonly name: string; readonly pieces: number; readonly usedBytes: number | null }[];
  readonly people: readonly { readonly name: string; readonly usedBytes: number; readonly quotaBytes: number }[];
}

interface Upgrade {
  readonly packs: number;
  readonly contentBytes: number;
  readonly redundancy: object;
}

interface Where {
  readonly packs: readonly { readonly redundancy: string; readonly places: readonly { readonly name: string; readonly standing: string }[] }[];
}

/** The hosts that hold content of the site, each by its own word: what lies on all of them left out. */
async function holders(asked: TestHost): Promise<string[]> {
  const { packs } = await asked.look<Where>("/where/film");
  return [...new Set(packs.filter(({ redundancy }) => redundancy !== "on all hosts").flatMap(({ places }) => places.filter(({ standing }) => standing !== "lost").map(({ name }) => name)))].sort();
}

test("hosts mirror, have quotas, offer less, are emptied and leave, and content survives all of it", { timeout: 300_000 }, async (t) => {
  await using bench = await Bench.make();
  const all = await bench.network(["attic", "barn", "cellar", "den"]);
  const [attic] = all as [TestHost, TestHost, TestHost, TestHost];
  const folder = await makeFilmSite(bench, "film", 6 * MIB);
  await attic.ask(["publish", folder, "--name", "film", "--copies", "2"]);
  const digest = await digestOfFile(join(folder, "film.bin"));
  const first = await holders(attic);
  assert.equal(first.length, 2);
  const others = all.filter(({ name }) => !first.includes(name));
  const mirror = others[0]!;

  await t.test("a mirror has all of the site, and no more of it when it is one no longer", async () => {
    await mirror.ask(["mirror", "film"]);
    await until("the mirror has it", 20_000, async () => (await holders(attic)).includes(mirror.name));
    assert.deepEqual(await mirror.ask(["mirror"]), { isAll: false, sites: ["film"], releasing: [] });
    await mirror.ask(["mirror", "--off", "film"]);
    await until("the mirror's copy is gone", 20_000, async () => (await holders(attic)).join() === first.join());
    assert.equal(await digestOf(mirror, "film"), digest);
  });

  await t.test("a person over their quota is told by how much, and may publish again with a larger one", async () => {
    await attic.ask(["quota", "attic", "13MB"]);
    const more = await makeFilmSite(bench, "more", 4 * MIB);
    const refused = await attic.run(["publish", more, "--name", "more", "--copies", "2", "--json"]);
    refusedWith(refused, ["OVER_QUOTA"], /by at least [\d,]+ bytes/);
    await attic.ask(["quota", "attic", "share"]);
    await attic.ask(["publish", more, "--name", "more", "--copies", "2"]);
    const { people } = await attic.ask<Pool>(["pool"]);
    assert.ok(people.find(({ name }) => name === "attic")!.usedBytes >= 20 * MIB);
    await attic.ask(["unpublish", "more"]);
  });

  await t.test("a host that offers less than it holds hands it on", async () => {
    const shrunk = all.find(({ name }) => name === first[1])!;
    await shrunk.ask(["capacity", "1MB"]);
    await until("it holds no more than it offers", 30_000, async () => (await shrunk.look<{ usedBytes: number }>("/status")).usedBytes <= 1_000_000);
    await until("two others have it", 20_000, async () => (await holders(attic)).filter((name) => name !== shrunk.name).length === 2);
    await shrunk.ask(["capacity", "1GB"]);
    assert.equal(await digestOf(shrunk, "film"), digest);
  });

  await t.test("an emptied host leaves, and nothing is lost with it", async () => {
    const leaver = all.find(({ name }) => name !== "attic" && name === (mirror.name === "den" ? "cellar" : "den"))!;
    refusedWith(await leaver.run(["leave", "--yes", "--json"]), ["NOT_DRAINED"], /drain/);
    const emptied = await leaver.ask<{ awaitedPieces: number; awaitedShards: number }>(["drain", "--wait"]);
    assert.deepEqual([emptied.awaitedPieces, emptied.awaitedShards], [0, 0]);
    await leaver.ask(["leave", "--yes"]);
    await until("the others know", 20_000, async () => !(await attic.look<{ hosts: { name: string }[] }>("/hosts")).hosts.some(({ name }) => name === leaver.name));
    await leaver.kill();
    await until("it survives another loss", 20_000, async () => ((await attic.look<Pool>("/pool")).survives ?? 0) >= 1);
    for (const host of all.filter((each) => each !== leaver)) assert.equal(await digestOf(host, "film"), digest);
  });

  await t.test("what was put in a weaker way than would be chosen today is upgraded, and the status says what that changes", async () => {
    const paper = join(bench.folder, "paper");
    await writeFile(paper, randomBytes(3 * MIB));
    const { entry } = await attic.ask<{ entry: { id: string } }>(["put", paper, "--copies", "1"]);
    assert.deepEqual([(await attic.ask<Pool>(["status"])).survives, (await attic.ask<Pool>(["pool"])).survives], [0, 0]);
    const plan = await attic.ask<Upgrade>(["upgrade", "--dry-run"]);
    assert.ok(plan.packs > 0 && plan.contentBytes > 3 * MIB, JSON.stringify(plan));
    assert.deepEqual(plan.redundancy, { kind: "code", k: 2, m: 1 });
    assert.deepEqual(await attic.ask<Upgrade>(["upgrade"]), { ...plan, doneBytes: plan.contentBytes, isSpread: true, fault: null });
    assert.equal((await attic.ask<Upgrade>(["upgrade", "--dry-run"])).packs, 0);
    assert.deepEqual((await attic.look<Where>(`/where/${entry.id}`)).packs.map(({ redundancy }) => redundancy), ["2+1"]);
    await attic.ask(["fetch", entry.id, "--to", join(bench.folder, "back")]);
    assert.deepEqual(await readFile(join(bench.folder, "back/paper")), await readFile(paper));
  });
});
