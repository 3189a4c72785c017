import assert from "node:assert/strict";
import test from "node:test";
import type { DoorOptions } from "../door.ts";
import { FakeNode, SESSION_KEY, TOKEN, TestDoor, env } from "../fakes/harness.ts";
import { createDoor } from "../door.ts";

const isTrusted = (address: string): boolean => address === "127.0.0.1";
const place = { addresses: ["127.0.0.1"], port: 0, option: "--http-listen" } as const;

/** A door with the site `blog`, which has example.org, also open to the wide web. */
async function open(web: Partial<DoorOptions["web"]> = {}): Promise<TestDoor> {
  const door = await TestDoor.open(new FakeNode(), { web: { places: [place], isTrusted: () => false, ...web } });
  door.sites.put("blog", { "index.html": "<p>blog", "a.txt": "a" });
  door.sites.put("secret", { "index.html": "not for all" });
  door.sites.domains.owners.set("example.org", "blog");
  return door;
}

test("a site is served under its own domain, in any spelling that means it", async () => {
  await using door = await open();
  for (const host of ["example.org", "EXAMPLE.org", "example.org.", "example.org:8080", "Example.Org.:443"]) {
    const reply = await door.web(host, "/");
    assert.deepEqual([reply.status, reply.body.toString()], [200, "<p>blog"], host);
  }
  assert.equal((await door.web("example.org", "/a.txt")).body.toString(), "a");
  assert.equal((await door.web("example.org", "/none")).status, 404);
});

test("neither the API, nor the host's own pages, nor sites without a domain can be reached from the wide web, by whatever name", async () => {
  await using door = await open({ isTrusted });
  const authorization = { authorization: `Bearer ${TOKEN}` };
  const own = door.door.port;
  for (const host of ["localhost", `localhost:${own}`, "127.0.0.1", `127.0.0.1:${own}`, "[::1]", "blog.localhost", "secret.localhost", "1.blog.localhost", "secret", "blog", "sub.example.org", "example.org.evil", "", "example.org, localhost", "xexample.org"]) {
    for (const path of ["/", "/api/status", "/metrics", "/health", "/ipfs/bafkqaaa"]) {
      assert.equal((await door.web(host, path, { headers: authorization })).status, 421, `${host} ${path}`);
      assert.equal((await door.web("x", path, { headers: { ...authorization, "x-forwarded-host": host === "" ? "x" : host } })).status, 421, `by a proxy: ${host} ${path}`);
    }
  }
  for (const path of ["/api/status", "/metrics", "/ipfs/bafkqaaa"]) assert.equal((await door.web("example.org", path, { headers: authorization })).status, 404, path);
});

test("a request that could be for two sites, or is of no known form, is refused and its connection ended", async () => {
  await using door = await open();
  const port = door.door.web[0]!.port;
  for (const head of ["GET / HTTP/1.1\r\nHost: example.org\r\nHost: other.org", "GET http://other.org/ HTTP/1.1\r\nHost: example.org", "GET * HTTP/1.1\r\nHost: example.org", "GET /\r\nX: y", "GET / HTTP/1.1", "GET / HTTP/1.1\r\nHost: example.org\r\nContent-Length: 4\r\nTransfer-Encoding: chunked"]) {
    const reply = await door.raw(`${head}\r\nConnection: close\r\n\r\n`, port);
    assert.match(reply, /^(HTTP\/1\.1 400 |$)/, head);
  }
});

test("what a proxy says of its visitors counts when it is trusted, and only the last of what it says", async () => {
  const said = { "x-forwarded-host": "evil.example, example.org", "x-forwarded-proto": "http, https" };
  const address = async (door: TestDoor, headers: Record<string, string>, host = "proxy.internal"): Promise<unknown> => {
    const reply = await door.web(host, "/.well-known/holdfast", { headers });
    return reply.status === 200 ? (JSON.parse(reply.body.toString()) as { address: string }).address : reply.status;
  };
  await using trusting = await open({ isTrusted });
  assert.equal(await address(trusting, said), "https://example.org/");
  assert.equal(await address(trusting, { "x-forwarded-proto": "https" }, "example.org"), "https://example.org/");
  assert.equal(await address(trusting, { "x-forwarded-host": "example.org, evil.example" }), 421);
  assert.equal(await address(trusting, { "x-forwarded-host": "" }, "example.org"), "http://example.org/");
  await using other = await open();
  assert.equal(await address(other, said), 421);
  assert.equal(await address(other, { ...said, "x-forwarded-host": "evil.example" }, "example.org"), "http://example.org/");
});

test("a load balancer hears whether the host serves, by any name", async () => {
  await using door = await open();
  const health = async (): Promise<number> => (await door.web("10.0.0.7:8080", "/.well-known/holdfast-health")).status;
  assert.equal(await health(), 200);
  door.sites.domains.isReady = false;
  assert.equal(await health(), 503, "before it knows whose the domains are");
});

test("a certificate may be made for a domain whose site is served, and for nothing else", async () => {
  await using door = await open();
  door.sites.claim("empty");
  door.sites.domains.owners.set("empty.example", "empty");
  const ask = async (domain: string): Promise<number> => (await door.web("localhost:8080", `/.well-known/holdfast-ask?domain=${domain}`)).status;
  assert.equal(await ask("example.org"), 200);
  assert.equal(await ask("Example.org"), 200);
  for (const domain of ["", "other.org", "sub.example.org", "empty.example", "localhost", "blog.localhost", "%", "example.org&domain=other.org"]) assert.equal(await ask(domain), 404, domain);
});

test("the wide web hears nothing of other sites, and of other hosts nothing but who answers", async () => {
  await using door = await open();
  const told = async (path: string): Promise<string> => {
    const { headers, body } = await door.web("example.org", path);
    return `${JSON.stringify(headers)}${body.toString()}`;
  };
  door.node.holders = [door.node.rows[1]!.id as never];
  assert.doesNotMatch(await told("/.well-known/holdfast"), /cellar|localhost|secret/);
  door.sites.failure = new Error("the host cellar does not answer");
  door.sites.put("blog", { "index.html": "new" });
  assert.doesNotMatch(await told("/"), /cellar|localhost|secret/);
  door.sites.domains.owners.set("example.org", "gone");
  assert.doesNotMatch(await told("/"), /cellar|localhost|secret/);
});

test("a place that is taken, or is no address of this machine, is an error that says what to do, and nothing stays open", async () => {
  await using door = await open();
  const options = { node: new FakeNode(), token: TOKEN, sessionKey: SESSION_KEY, port: 0 };
  const web = (place: Partial<NonNullable<DoorOptions["web"]>["places"][0]>): DoorOptions => ({ ...options, web: { places: [{ addresses: ["127.0.0.1"], port: 0, option: "--http-listen", ...place }], isTrusted } });
  await assert.rejects(createDoor(env, web({ port: door.door.web[0]!.port })), { code: "PORT_TAKEN", message: /--http-listen/ });
  await assert.rejects(createDoor(env, web({ addresses: ["192.0.2.77"] })), { code: "CANNOT_LISTEN", message: /192\.0\.2\.77.*--http-listen/ });
});
