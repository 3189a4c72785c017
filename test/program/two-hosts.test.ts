import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, readdir, stat, watch, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { digestOfFile, writeNoise } from "../cluster/content.ts";
import { Bench, until } from "../cluster/harness.ts";
import { MIB } from "../cluster/size.ts";
import { copyApplication, crawl, documentation, renderWiki } from "./real-sites.ts";

interface Published {
  readonly site: { readonly name: string };
  readonly head: { readonly sequence: number; readonly root: string; readonly files: number };
  readonly survives: number;
}

async function makeSite(folder: string, words: string): Promise<void> {
  await mkdir(join(folder, "deep/er"), { recursive: true });
  await writeFile(join(folder, "index.html"), `<h1>${words}</h1>`);
  await writeFile(join(folder, "deep/er/a b.txt"), words);
  await writeFile(join(folder, "large.bin"), Buffer.alloc(3 * 1024 * 1024 + 17, words));
}

/** Kills a fetch as soon as so much of its file is on the disk. */
async function killAt(bytes: number, fetching: ChildProcess, folder: string): Promise<void> {
  const ended = once(fetching, "exit");
  for await (const { filename } of watch(folder, { signal: AbortSignal.timeout(60_000) })) {
    if (filename?.endsWith("-part") === true && (await stat(join(folder, filename))).size >= bytes) break;
  }
  fetching.kill("SIGKILL");
  assert.equal((await ended)[1], "SIGKILL");
}

test("a site published on one of two hosts is served by the other when the first is killed, and caught up after its return", { timeout: 300_000 }, async (t) => {
  await using bench = await Bench.make();
  const [attic, cellar] = (await bench.network(["attic", "cellar"])) as [ReturnType<Bench["host"]>, ReturnType<Bench["host"]>];
  const folder = join(bench.folder, "dist");
  await makeSite(folder, "first");
  const wiki = renderWiki(join(bench.folder, "wiki"));

  await t.test("it is on both and says so", async () => {
    const published = await cellar.ask<Published>(["publish", folder, "--name", "blog"]);
    assert.equal(published.head.files, 3);
    assert.equal(published.survives, 1);
    assert.match(published.head.root, /^bafy/);
    for (const host of [attic, cellar]) assert.match((await host.get("blog")).text, /first/);
  });

  await t.test("the survivor serves every byte", async () => {
    await cellar.kill();
    assert.match((await attic.get("blog")).text, /first/);
    assert.equal((await attic.get("blog", "/deep/er/a%20b.txt")).text, "first");
    assert.deepEqual((await attic.get("blog", "/large.bin")).body, await readFile(join(folder, "large.bin")));
    assert.equal((await attic.run(["files", "--site", "blog", "--json"])).rows().length, 3);
  });

  await t.test("the one that was away serves what changed meanwhile", async () => {
    await cellar.up();
    await makeSite(folder, "second");
    await cellar.ask(["publish", folder, "--name", "blog"]);
    await cellar.kill();
    await cellar.up();
    await until("both serve the second version", 10_000, async () => {
      const pages = await Promise.all([attic, cellar].map((host) => host.get("blog")));
      return pages.every((page) => page.text.includes("second"));
    });
  });

  await t.test("the whole site can be downloaded, and rolled back", async () => {
    const to = join(bench.folder, "copy");
    await attic.ask(["get", "blog", "--to", to]);
    assert.equal(await readFile(join(to, "deep/er/a b.txt"), "utf8"), "second");
    assert.deepEqual(await readFile(join(to, "large.bin")), await readFile(join(folder, "large.bin")));
    await cellar.ask(["publish", "--name", "blog", "--rollback", "1"]);
    await until("both serve the first version again", 10_000, async () => (await Promise.all([attic, cellar].map((host) => host.get("blog")))).every((page) => page.text.includes("first")));
  });

  await t.test("a fetch that is killed in the middle of a file goes on there", async () => {
    const film = join(bench.folder, "film");
    await writeNoise(film, 16 * MIB);
    const { entry } = await attic.ask<{ entry: { id: string } }>(["put", film]);
    const to = join(bench.folder, "fetched");
    await mkdir(to);
    await killAt(2 * MIB, bench.spawn(["fetch", entry.id, "--to", to, "--data", attic.data], attic.config), to);
    assert.deepEqual(new Set((await readdir(to)).map((name) => name.split(".")[1])), new Set(["holdfast-lock", "holdfast-part"]));
    const { resumedBytes } = await attic.ask<{ resumedBytes: number }>(["fetch", entry.id, "--to", to]);
    assert.ok(resumedBytes >= MIB && resumedBytes < 16 * MIB, `${resumedBytes} bytes were there`);
    assert.deepEqual(await readdir(to), ["film"]);
    assert.equal(await digestOfFile(join(to, "film")), await digestOfFile(film));
  });

  await t.test("sites that nobody here wrote are served by both, every link and every file as their folders have them", async () => {
    const sites = [
      { name: "docs", folder: documentation, reached: 70 },
      { name: "wiki", folder: await wiki, reached: 25, first: "/static.html" },
      { name: "app", folder: await copyApplication(join(bench.folder, "app")), reached: 8, fallback: "index.html" },
    ];
    for (const { name, folder, reached, ...how } of sites) {
      await cellar.ask(["publish", folder, "--name", name]);
      await until(`both have ${name}`, 10_000, async () => (await attic.get(name)).status === 200);
      for (const host of [attic, cellar]) {
        const crawled = await crawl(folder, (path) => host.get(name, path), how);
        assert.ok(crawled.reached >= reached, `${name}: only ${crawled.reached} were reached`);
        t.diagnostic(`${name} on ${host.name}: ${crawled.reached} reached, ${crawled.files} files compared, ${crawled.broken.length} of its own links lead nowhere`);
      }
    }
    assert.match((await attic.get("app", "/trace/of/something")).text, /Playwright Trace Viewer/);
    assert.equal((await attic.get("docs", "/trace/of/something")).status, 404);
  });
});
