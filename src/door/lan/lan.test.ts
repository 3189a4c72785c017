import assert from "node:assert/strict";
import { once } from "node:events";
import test from "node:test";
import type { NamespaceId } from "../../codec/index.ts";
import { idFromBytes } from "../../codec/index.ts";
import { freePortPair } from "../../net/index.ts";
import { FakeNode, TestDoor } from "../fakes/harness.ts";
import type { SitePorts } from "../port.ts";
import { isLanName } from "./lan-name.ts";

class FakePorts implements SitePorts {
  readonly kept = new Map<NamespaceId, number>();
  of = (site: NamespaceId): number | undefined => this.kept.get(site);
  all = (): ReadonlySet<number> => new Set(this.kept.values());
  keep = async (site: NamespaceId, port: number): Promise<void> => void this.kept.set(site, port);
}

async function shown(door: TestDoor, sites: number): Promise<void> {
  while (!door.door.workers[0]!.status().progress.startsWith(`${sites} sites`)) {
    door.door.workers[0]!.nudge();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function firstFree(): Promise<number> {
  return (await freePortPair(20_000 + Math.floor(Math.random() * 20_000))).httpPort;
}

test("each site has a port of its own, which it keeps, and which nobody gets after it", async () => {
  const [ports, firstPort] = [new FakePorts(), await firstFree()];
  const node = new FakeNode();
  const [blog, wiki] = [node.sites.put("blog", { "index.html": "the blog" }), node.sites.put("wiki", { "index.html": "the wiki" })];
  node.sites.claim("empty");
  {
    await using door = await TestDoor.open(node, { lan: { ports, isLan: () => true, firstPort } });
    await shown(door, 2);
    for (const [site, text] of [[blog, "the blog"], [wiki, "the wiki"]] as const) {
      const port = ports.kept.get(site.namespace)!;
      assert.equal((await door.ask(`192.168.1.7:${port}`, "/", { port })).body.toString(), text);
    }
    assert.equal(new Set(ports.kept.values()).size, 2);
    await node.sites.unpublish("blog");
    await shown(door, 1);
    await assert.rejects(door.ask("192.168.1.7", "/", { port: ports.kept.get(blog.namespace)! }), { code: "ECONNREFUSED" });
  }
  const shop = node.sites.put("shop", { "index.html": "the shop" });
  await using door = await TestDoor.open(node, { lan: { ports, isLan: () => true, firstPort } });
  await shown(door, 2);
  const [was, now] = [ports.kept.get(blog.namespace)!, ports.kept.get(shop.namespace)!];
  assert.notEqual(was, now, "a browser may still keep what the blog stored there");
  assert.equal((await door.ask("attic.local", "/", { port: ports.kept.get(wiki.namespace)! })).body.toString(), "the wiki");
});

test("a site whose port another program has is shown when that is free again, and not elsewhere", async () => {
  const ports = new FakePorts();
  const node = new FakeNode();
  const blog = node.sites.put("blog", { "index.html": "the blog" });
  const other = (await import("node:net")).createServer().listen(0, "0.0.0.0");
  await once(other, "listening");
  const port = (other.address() as { port: number }).port;
  ports.kept.set(blog.namespace, port);
  await using door = await TestDoor.open(node, { lan: { ports, isLan: () => true } });
  await shown(door, 0);
  assert.match(door.door.workers[0]!.status().progress, /1 are used/);
  other.close();
  await once(other, "close");
  await shown(door, 1);
  assert.equal((await door.ask("attic", "/", { port })).body.toString(), "the blog");
  assert.equal(ports.kept.get(blog.namespace), port);
});

test("a new site whose port cannot be written down keeps no other from being shown, and is not shown itself", async () => {
  const firstPort = await firstFree();
  const ports = new FakePorts();
  ports.keep = () => Promise.reject(new Error("the disk is full"));
  const node = new FakeNode();
  node.sites.put("a-new-one", { "index.html": "new" });
  const blog = node.sites.put("blog", { "index.html": "the blog" });
  ports.kept.set(blog.namespace, firstPort + 1);
  await using door = await TestDoor.open(node, { lan: { ports, isLan: () => true, firstPort } });
  const [worker] = door.door.workers;
  while (worker!.status().lastError === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(worker!.status().lastError, "the disk is full");
  assert.equal((await door.ask("attic", "/", { port: firstPort + 1 })).body.toString(), "the blog");
  await assert.rejects(door.ask("attic", "/", { port: firstPort }), { code: "ECONNREFUSED" });
});

test("there is nothing there but the site, under no name of the wide web, and nobody from elsewhere comes in", async () => {
  const ports = new FakePorts();
  const node = new FakeNode();
  const blog = node.sites.put("blog", { "index.html": "the blog" });
  node.sites.put("wiki", { "index.html": "the wiki" });
  let isLocal = true;
  await using door = await TestDoor.open(node, { lan: { ports, isLan: () => isLocal, firstPort: await firstFree() } });
  await shown(door, 2);
  const port = ports.kept.get(blog.namespace)!;
  for (const path of ["/api/status", "/metrics", "/ipfs/bafkqaaa", "/health"]) assert.equal((await door.ask("192.168.1.7", path, { port })).status, 404, path);
  assert.equal((await door.ask("wiki.localhost.", "/", { port })).status, 421);
  for (const host of ["evil.example", "192.168.1.7.evil.example", "blog.org:80"]) assert.equal((await door.ask(host, "/", { port })).status, 421, host);
  assert.match(await door.raw("GET / HTTP/1.1\r\nHost: attic\r\nHost: attic\r\n\r\n", port), /^HTTP\/1\.1 400 /);
  assert.equal((await door.ask("attic", "/.well-known/holdfast", { port })).body.toString().includes("wiki"), false);
  isLocal = false;
  await assert.rejects(door.ask("192.168.1.7", "/", { port }), { code: "ECONNRESET" });
});

test("a site's port shows nothing of another one that has got its name", async () => {
  const ports = new FakePorts();
  const node = new FakeNode();
  const blog = node.sites.put("blog", { "index.html": "ours" });
  await using door = await TestDoor.open(node, { lan: { ports, isLan: () => true, firstPort: await firstFree() } });
  await shown(door, 1);
  const namespace = idFromBytes<NamespaceId>(new Uint8Array(32).fill(3));
  node.sites.find = () => ({ ...blog, namespace });
  const { status, body } = await door.ask("attic", "/", { port: ports.kept.get(blog.namespace)! });
  assert.deepEqual([status, body.toString()], [404, "The site that was at this address is not there any more.\n"]);
});

test("names of a local network are told from those of the wide web", () => {
  for (const host of ["192.168.1.7", "192.168.1.7:4600", "[fd00::7]:4600", "attic", "ATTIC:4600", "attic.local", "attic.home.arpa:80", "nas.lan", "x_y"]) assert.ok(isLanName(host), host);
  for (const host of ["", "example.org", "local.example.org:4600", "1.2.3", "192.168.1.7.example.org", "a b", "attic.local.", "attic:99999999"]) assert.ok(!isLanName(host), host);
});

test("a site is shown by IPv6 at the same port, to whoever is let in there", async () => {
  const ports = new FakePorts();
  const node = new FakeNode();
  const blog = node.sites.put("blog", { "index.html": "the blog" });
  let isLocal = false;
  await using door = await TestDoor.open(node, { lan: { ports, isLan: (address) => isLocal && address === "::1", firstPort: await firstFree() } });
  await shown(door, 1);
  const get = async (host: string): Promise<string> => (await fetch(`http://${host}:${ports.kept.get(blog.namespace)!}/`)).text();
  await assert.rejects(get("[::1]"));
  isLocal = true;
  assert.equal(await get("[::1]"), "the blog");
  await assert.rejects(get("127.0.0.1"), "IPv4 is judged by its own addresses");
});
