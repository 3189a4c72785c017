import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { dirname, join } from "node:path";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Digests } from "./content.ts";
import { digestOfFile, writeNoise } from "./content.ts";
import type { TestHost } from "./harness.ts";
import { Bench, allSee, until } from "./harness.ts";
import { emptyCache } from "./household.ts";
import { MIB, SIZE, sized } from "./size.ts";

const NAMES = ["attic", "cellar", "barn", "shed", "roof"] as const;
const FILES = sized(3000, 100);
const FILM_BYTES = sized(1024, 64) * MIB;
const COMMON_MS = 10_000;

/** A folder of many small files in nested folders with names in several scripts, and one large film. */
async function makeFolder(folder: string): Promise<Digests> {
  const digests = new Map<string, string>();
  const names = ["page", "größe", "ページ", "صفحة", "a b & c"];
  for (let at = 0; at < FILES; at += 1) {
    const path = `${names[at % names.length]!}/${at % 7}/${at}.html`;
    const bytes = Buffer.from(`<p>${at}</p>${randomBytes(at % 4096).toString("base64")}`);
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
    digests.set(path, createHash("sha256").update(bytes).digest("hex"));
  }
  await writeFile(join(folder, "index.html"), "<h1>library</h1>");
  digests.set("index.html", createHash("sha256").update("<h1>library</h1>").digest("hex"));
  await writeNoise(join(folder, "film.bin"), FILM_BYTES);
  digests.set("film.bin", await digestOfFile(join(folder, "film.bin")));
  return digests;
}

/** The SHA-256 of a page as a host serves it; `onBytes` hears how far it is. */
function digestOf(host: TestHost, site: string, path: string, onBytes: (received: number) => void = () => {}): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const url = `/${path.split("/").map(encodeURIComponent).join("/")}`;
  const sent = request({ host: "127.0.0.1", port: host.httpPort, path: url, headers: { host: `${site}.localhost:${host.httpPort}` }, agent: false, timeout: 60_000 }, (response) => {
    const hash = createHash("sha256");
    let received = 0;
    response.on("data", (chunk: Buffer) => {
      hash.update(chunk);
      received += chunk.length;
      onBytes(received);
    });
    response.on("error", reject);
    response.on("end", () => (response.statusCode === 200 ? resolve(hash.digest("hex")) : reject(new Error(`${host.name} answered ${response.statusCode} for ${path}`))));
  });
  sent.on("error", reject).on("timeout", () => sent.destroy(new Error(`${host.name} fell silent over ${path}`))).end();
  return promise;
}

async function servesAll(host: TestHost, site: string, digests: Digests): Promise<void> {
  const wrong: string[] = [];
  const waiting = [...digests];
  const lane = async (): Promise<void> => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const [path, expected] = next;
      const found = await digestOf(host, site, path).catch((error: unknown) => String(error));
      if (found !== expected) wrong.push(`${path}: ${found}`);
    }
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
  assert.deepEqual(wrong, [], `${host.name} does not serve everything`);
}

/** Every pair in full size; else each item in one pair or two. */
function pairs<T>(items: readonly T[]): (readonly [T, T])[] {
  if (SIZE < 1) return items.filter((_, at) => at % 2 === 0).map((a, at) => [a, items[(2 * at + 1) % items.length]!] as const);
  return items.flatMap((a, at) => items.slice(at + 1).map((b) => [a, b] as const));
}

interface SiteRow {
  readonly name: string;
  readonly holders: readonly string[];
  readonly survives: number | null;
  readonly head: { readonly root: string } | null;
}

test("a published site outlives any two of five hosts, and hosts that were away catch up", { timeout: 1_800_000 }, async (t) => {
  await using bench = await Bench.make();
  const hosts = await bench.network(NAMES, "20GB");
  const [attic] = hosts as [TestHost];
  const folder = join(bench.folder, "library");
  const digests = await makeFolder(folder);

  await t.test("publishing makes three copies and says that any two hosts may be lost", async () => {
    const published = await attic.ask<{ survives: number; head: { files: number } }>(["publish", folder, "--name", "library"]);
    assert.equal(published.survives, 2);
    assert.equal(published.head.files, digests.size);
    for (const host of hosts) await until(`${host.name} knows the site`, COMMON_MS, async () => (await sites(host))[0]?.survives === 2);
  });

  await t.test("kill -9 of a host in the middle of a download costs nobody a byte", async () => {
    const reader = hosts[4]!;
    await emptyCache(reader);
    const [victim] = [hosts[1]!];
    const killing: { done?: Promise<unknown> } = {};
    const digest = await digestOf(reader, "library", "film.bin", (received) => {
      if (received > FILM_BYTES / 4) killing.done ??= victim.kill();
    });
    assert.notEqual(killing.done, undefined, "the host was killed while the download ran");
    assert.equal(digest, digests.get("film.bin"));
    await killing.done;
    await victim.up();
    await allSee(hosts, 20_000);
  });

  for (const [a, b] of pairs(hosts)) {
    await t.test(`without ${a.name} and ${b.name} every other host serves every byte`, async () => {
      const others = hosts.filter((host) => host !== a && host !== b);
      const asked = keepAsking(others[0]!);
      await Promise.all([a.kill(), b.kill()]);
      for (const host of others) await emptyCache(host);
      await Promise.all(others.map((host) => servesAll(host, "library", digests)));
      const { failed, answered } = await asked.stop();
      assert.deepEqual(failed, [], "no request to a surviving host fails while others are killed");
      assert.ok(answered > 0);
      await Promise.all([a.up(), b.up()]);
      await allSee(hosts, 20_000);
    });
  }

  await t.test("two hosts that were away agree with the others within ten seconds of their return", () => comeBack(bench, hosts));
});

/** Between two requests of one visitor: often enough to meet any moment of a host's death, and all but idle. */
const PAUSE_MS = 10;

/** Asks for the index page again and again, one request after another. */
function keepAsking(host: TestHost): { stop(): Promise<{ readonly failed: readonly string[]; readonly answered: number }> } {
  const failed: string[] = [];
  let answered = 0;
  let stopping = false;
  const loop = (async () => {
    for (;;) {
      if (stopping) return;
      try {
        const answer = await host.get("library", "/");
        if (answer.status === 200) answered += 1;
        else failed.push(`status ${answer.status}`);
      } catch (error) {
        failed.push(String(error));
      }
      await sleep(PAUSE_MS);
    }
  })();
  return {
    async stop() {
      stopping = true;
      await loop;
      return { failed, answered };
    },
  };
}

async function comeBack(bench: Bench, hosts: readonly TestHost[]): Promise<void> {
  const [attic, cellar, , shed, roof] = hosts as [TestHost, TestHost, TestHost, TestHost, TestHost];
  const folder = join(bench.folder, "notes");
  await mkdir(folder);
  await writeFile(join(folder, "index.html"), "first");
  await cellar.ask(["publish", folder, "--name", "notes"]);
  await cellar.ask(["publish", folder, "--name", "gone"]);
  await Promise.all([shed.kill(), roof.kill()]);
  await writeFile(join(folder, "index.html"), "second");
  await cellar.ask(["publish", folder, "--name", "notes"]);
  await cellar.ask(["publish", folder, "--name", "newer"]);
  await cellar.ask(["unpublish", "gone", "--yes"]).catch(() => cellar.ask(["unpublish", "gone"]));
  await Promise.all([shed.up(), roof.up()]);
  await until("all five agree", COMMON_MS, async () => {
    const views = await Promise.all(hosts.map(async (host) => JSON.stringify([await rosterOf(host), await sitesOf(host)])));
    return new Set(views).size === 1;
  });
  assert.equal(new Set(await Promise.all(hosts.map(async (host) => (await filesOf(host)).join("\n")))).size, 1, "and on every file");
  assert.deepEqual((await sitesOf(roof)).map((site) => site.split(" ")[0]), ["library", "newer", "notes"]);
  assert.equal((await roof.get("notes", "/")).text, "second");
  assert.equal((await roof.get("gone", "/")).status, 404);
  assert.equal(await digestOfFile(join(folder, "index.html")), await digestOf(attic, "newer", "index.html"));
}

async function rosterOf(host: TestHost): Promise<string[]> {
  const { hosts } = await host.look<{ hosts: { id: string; name: string; presence: string }[] }>("/hosts");
  return hosts.map(({ id, name, presence }) => `${name} ${id} ${presence}`).sort();
}

async function sites(host: TestHost): Promise<readonly SiteRow[]> {
  return (await host.look<{ sites: SiteRow[] }>("/sites")).sites;
}

async function sitesOf(host: TestHost): Promise<string[]> {
  return (await sites(host)).map(({ name, head }) => `${name} ${head?.root}`).sort();
}

async function filesOf(host: TestHost): Promise<string[]> {
  const finished = await host.run(["files", "--json"]);
  assert.equal(finished.code, 0, finished.stderr);
  return finished.stdout.split("\n").sort();
}
