import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { gunzipSync } from "node:zlib";
import { freePortPair, localNetworkHost } from "../../src/net/index.ts";
import { NameServer } from "../../src/net/name-server.fixture.ts";
import { Bench, httpGet, until } from "../cluster/harness.ts";
import type { Front } from "./fronts.ts";
import { ask, startCaddy, startNginx } from "./fronts.ts";

interface Domain {
  readonly domain: string;
  readonly standing: string;
  readonly proof: { readonly name: string; readonly text: string };
}

interface Visits {
  readonly requests: number;
  readonly statuses: readonly { readonly status: number }[];
}

const LETTERS = "All the news that is fit to be compressed. ".repeat(500);
const LARGE = Buffer.alloc(5 * 1024 * 1024 + 17, "0123456789");

test("a host that faces the web serves sites under their own domains, by itself and behind Caddy and nginx", { timeout: 180_000 }, async (t) => {
  await using bench = await Bench.make();
  await using dns = await NameServer.open();
  const host = bench.host("attic");
  await host.ask(["init", "--network", "friends", "--host", "attic", "--capacity", "1GB"]);
  await host.up("--lan", "--http-listen", "127.0.0.1:0", "--trust-proxy", "127.0.0.1", "--dns", dns.address);
  const port = host.ready!.web[0]!.port;
  const up = (): Promise<unknown> => host.up("--lan", "--http-listen", `127.0.0.1:${port}`, "--trust-proxy", "127.0.0.1", "--dns", dns.address);
  const folder = join(bench.folder, "dist");
  await mkdir(folder);
  await writeFile(join(folder, "index.html"), "<h1>news</h1>");
  await writeFile(join(folder, "letters.txt"), LETTERS);
  await writeFile(join(folder, "film.bin"), LARGE);

  await t.test("a domain is served once its DNS names the site", async () => {
    const { domains } = await host.ask<{ domains: Domain[] }>(["publish", folder, "--name", "news", "--domain", "example.org", "Other.example"]);
    assert.deepEqual(domains.map(({ domain, standing }) => [domain, standing]), [["example.org", "unproven"], ["other.example", "unproven"]]);
    assert.equal((await httpGet(port, "/", { host: "example.org" })).status, 421);
    for (const { proof } of domains) dns.texts.set(proof.name, [proof.text]);
    dns.texts.delete("_holdfast.other.example");
    assert.deepEqual((await host.ask<Domain[]>(["domains", "news"])).map(({ standing }) => standing), ["proven", "unproven"]);
    assert.equal((await httpGet(port, "/", { host: "example.org" })).text, "<h1>news</h1>");
    assert.equal((await httpGet(port, "/", { host: "other.example" })).status, 421);
    await host.ask(["domains", "news", "--confirm", "other.example"]);
    assert.equal((await httpGet(port, "/", { host: "other.example" })).text, "<h1>news</h1>");
    await host.ask(["publish", "--name", "news", "--domain", "www.example.org"]);
    await host.ask(["domains", "news", "--remove", "other.example"]);
    assert.equal((await httpGet(port, "/", { host: "other.example" })).status, 421);
  });

  await t.test("a phone on the local network finds the site at a port of its own, also after a restart", async () => {
    const lanPort = async (): Promise<number> => Number((JSON.parse(await readFile(join(host.data, "settings.json"), "utf8")) as { lanPorts?: string[] }).lanPorts?.[0]?.split(" ")[1]);
    await until("the site has a port", 10_000, async () => (await lanPort()) > 0);
    const port = await lanPort();
    const { sites } = await host.look<{ sites: { lanAddress: string | null }[] }>("/sites");
    const own = localNetworkHost();
    assert.equal(sites[0]!.lanAddress, own === undefined ? null : `http://${own}:${port}/`);
    assert.equal((await httpGet(port, "/", { host: `192.168.1.7:${port}` })).text, "<h1>news</h1>");
    const counted = (): Promise<{ visits: Visits[] }> => host.look("/sites/news/visits");
    const [before] = (await host.ask<Visits[]>(["stats", "news"])) as [Visits];
    assert.ok(before.requests > 0 && before.statuses.some(({ status }) => status === 200));
    await host.kill("SIGTERM");
    await up();
    assert.deepEqual((await counted()).visits[0], before, "what was counted is found again");
    await until("it is shown again", 10_000, async () => (await httpGet(port, "/", { host: "attic" })).text === "<h1>news</h1>");
  });

  await t.test("after a restart it says that it serves when it knows whose the domains are, and serves them", async () => {
    await until("it is healthy", 10_000, async () => (await httpGet(port, "/.well-known/holdfast-health", { host: `10.0.0.1:${port}` })).status === 200);
    assert.equal((await httpGet(port, "/", { host: "example.org" })).text, "<h1>news</h1>");
  });

  for (const [name, start] of [["Caddy", startCaddy], ["nginx", startNginx]] as const) {
    await t.test(`behind ${name} it serves them over HTTPS, whole, in parts, and compressed, beside a host that is dead`, async () => {
      const { httpPort: dead } = await freePortPair(20_000 + Math.floor(Math.random() * 20_000));
      const front = await start(bench, `127.0.0.1:${port}`, `127.0.0.1:${dead}`);
      await assertServes(front);
      await assertTellsNothing(front);
    });
  }

  await t.test("Caddy gets no certificate for a domain that is not served", async () => {
    const asked = (domain: string): Promise<number> => httpGet(port, `/.well-known/holdfast-ask?domain=${domain}`, { host: "127.0.0.1" }).then(({ status }) => status);
    assert.equal(await asked("example.org"), 200);
    assert.equal(await asked("www.example.org"), 404, "nothing proves that it is the site's");
  });
});

async function assertServes(front: Front): Promise<void> {
  const page = await until2xx(front);
  assert.equal(page.text, "<h1>news</h1>");
  assert.equal((JSON.parse((await ask(front, "example.org", "/.well-known/holdfast")).text) as { address: string }).address, "https://example.org/");
  assert.deepEqual((await ask(front, "example.org", "/film.bin")).body, LARGE);
  const part = await ask(front, "example.org", "/film.bin", { headers: { range: "bytes=5-14" } });
  assert.deepEqual([part.status, part.text], [206, "5678901234"]);
  const again = await ask(front, "example.org", "/film.bin", { headers: { "if-none-match": part.headers.etag! } });
  assert.equal(again.status, 304);
  const packed = await ask(front, "example.org", "/letters.txt", { headers: { "accept-encoding": "gzip" } });
  assert.equal(packed.headers["content-encoding"], "gzip");
  assert.equal(gunzipSync(packed.body).toString(), LETTERS);
  const head = await ask(front, "example.org", "/letters.txt", { method: "HEAD" });
  assert.deepEqual([head.status, head.headers["content-length"], head.body.length], [200, String(LETTERS.length), 0]);
  assert.equal((await ask(front, "example.org", "/none")).status, 404);
  const plain = await httpGet(front.httpPort, "/letters.txt?x", { host: "example.org" });
  assert.ok([301, 308].includes(plain.status), String(plain.status));
  assert.match(String(plain.headers.location), /^https:\/\/example\.org(?::\d+)?\/letters\.txt\?x$/);
}

/** Caddy makes its authority, and then the certificate, when the first visitor comes. */
async function until2xx(front: Front): Promise<Awaited<ReturnType<typeof ask>>> {
  let page: Awaited<ReturnType<typeof ask>> | undefined;
  await until("the first page comes", 15_000, async () => (page = await ask(front, "example.org", "/")).status === 200);
  return page!;
}

/** What a visitor claims of themselves reaches neither another site nor the host itself. */
async function assertTellsNothing(front: Front): Promise<void> {
  const forged = await ask(front, "example.org", "/", { headers: { "x-forwarded-host": "localhost", "x-forwarded-proto": "gopher", forwarded: "host=localhost" } });
  assert.equal(forged.text, "<h1>news</h1>");
  for (const host of ["localhost", "news.localhost", "127.0.0.1"]) assert.equal((await ask(front, "example.org", "/api/status", { headers: { host } })).status, 421, host);
  await assert.rejects(ask(front, "stranger.example", "/"), "there is no certificate for it");
}
