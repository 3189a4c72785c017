import assert from "node:assert/strict";
import test from "node:test";
import { HoldfastError } from "../../platform/index.ts";
import { fileOf, hugeFile } from "../fakes/fake-sites.ts";
import { TOKEN, TestDoor, hostId } from "../fakes/harness.ts";
import type { Reply } from "../fakes/harness.ts";

function json(reply: Reply): unknown {
  return JSON.parse(reply.body.toString());
}

test("the API tells about the network", async () => {
  await using door = await TestDoor.open();
  assert.deepEqual(json(await door.api("GET", "/api/status")), await door.node.status());
  assert.deepEqual(json(await door.api("GET", "/api/hosts")), { hosts: door.node.rows });
  assert.deepEqual(json(await door.api("GET", "/api/workers")), { workers: [{ name: "repair", state: "idle", progress: "", lastError: null, runs: 3, lastRunMs: null }] });
});

test("the API makes an invite from what it is asked to grant, and nothing else", async () => {
  await using door = await TestDoor.open();
  const made = await door.api("POST", "/api/invites", { zone: "garage", quotaBytes: 5 });
  assert.equal(made.status, 201);
  assert.equal((json(made) as { code: string }).code, "hf-code");
  assert.deepEqual(door.node.calls, [{ zone: "garage", quotaBytes: 5 }]);
  for (const wrong of [{ zone: "" }, { role: "king" }, { quotaBytes: -1 }, { expiresInMs: 1 }, { more: 1 }, [], null, "x", 1]) {
    const reply = await door.api("POST", "/api/invites", wrong);
    assert.equal(reply.status, 400, JSON.stringify(wrong));
    assert.equal((json(reply) as { code: string }).code, "BAD_REQUEST");
  }
  assert.equal(door.node.calls.length, 1);
});

test("the API says what is wrong with a body", async () => {
  await using door = await TestDoor.open();
  const host = `localhost:${door.door.port}`;
  const authorization = `Bearer ${TOKEN}`;
  const ask = (body: string, type: string): Promise<Reply> => door.ask(host, "/api/invites", { method: "POST", body, headers: { authorization, "content-type": type } });
  assert.match((await ask("{}", "text/plain")).body.toString(), /must be JSON/);
  assert.match((await ask("{}", "application/x-www-form-urlencoded")).body.toString(), /must be JSON/);
  assert.match((await ask("{", "application/json")).body.toString(), /not JSON/);
  assert.match((await ask('{"zone":5}', "application/json; charset=utf-8")).body.toString(), /\/zone must be string/);
  assert.equal((await ask(`"${"x".repeat(1024 * 1024)}"`, "application/json")).status, 413);
});

test("the API removes a host and says when few hosts know of it yet", async () => {
  await using door = await TestDoor.open();
  const reply = await door.api("DELETE", `/api/hosts/${hostId(2)}`);
  assert.equal(reply.status, 202);
  assert.deepEqual(json(reply), { safe: false });
  assert.deepEqual(door.node.calls, [hostId(2)]);
  assert.equal((await door.api("DELETE", "/api/hosts/nonsense")).status, 400);
});

test("the API revokes a host's delegation", async () => {
  await using door = await TestDoor.open();
  const reply = await door.api("POST", `/api/hosts/${hostId(2)}/revoke`);
  assert.equal(reply.status, 200);
  assert.deepEqual(json(reply), { safe: true });
  assert.deepEqual(door.node.calls, [["revoke", hostId(2)]]);
  assert.equal((await door.api("POST", "/api/hosts/nonsense/revoke")).status, 400);
});

test("the API takes in addresses and gives all that are known", async () => {
  await using door = await TestDoor.open();
  const addresses = [{ host: hostId(2), addresses: ["/ip4/192.0.2.7/tcp/4281"] }];
  assert.deepEqual(json(await door.api("PUT", "/api/addresses", { addresses })), { addresses: [] });
  assert.deepEqual(door.node.calls, [addresses]);
  assert.equal((await door.api("PUT", "/api/addresses", { addresses: [{ host: "x", addresses: [] }] })).status, 400);
});

test("the API lists sites, one site, its history and files", async () => {
  await using door = await TestDoor.open();
  door.node.holders = [hostId(1), hostId(2)];
  const { head } = door.sites.put("blog", { "index.html": "x", "a b.txt": fileOf("yy", { type: "text/plain" }) });
  const { sites } = json(await door.api("GET", "/api/sites")) as { sites: unknown[] };
  assert.deepEqual(sites, [json(await door.api("GET", "/api/sites/blog"))]);
  const { address, holders, away, survives, survivesNow } = sites[0] as Record<string, unknown>;
  assert.deepEqual({ address, holders, away, survives, survivesNow }, { address: `http://blog.localhost:${door.door.port}/`, holders: ["attic", "cellar"], away: ["cellar"], survives: 1, survivesNow: 0 });
  assert.deepEqual(json(await door.api("GET", "/api/sites/blog/history")), { history: [head] });
  const { files } = json(await door.api("GET", "/api/sites/blog/files")) as { files: { path: string; site: string; sizeBytes: number }[] };
  assert.deepEqual(files.map(({ path, site, sizeBytes }) => [path, site, sizeBytes]), [["index.html", "blog", 1], ["a b.txt", "blog", 2]]);
  for (const path of ["/api/sites/none", "/api/sites/none/history", "/api/sites/none/files", "/api/sites/none/content/x"]) assert.equal((await door.api("GET", path)).status, 404, path);
});

test("the API lists 50,000 files line by line, and as one object", async () => {
  await using door = await TestDoor.open();
  const file = fileOf("x");
  door.sites.put("big", Object.fromEntries(Array.from({ length: 50_000 }, (_, at) => [`folder/${at}.txt`, file])));
  door.sites.claim("empty");
  const lines = await door.api("GET", "/api/files", undefined, { accept: "application/x-ndjson" });
  const rows = lines.body.toString().trimEnd().split("\n");
  assert.equal(rows.length, 50_000);
  assert.equal((JSON.parse(rows[49_999]!) as { path: string }).path, "folder/49999.txt");
  assert.equal((json(await door.api("GET", "/api/files")) as { files: unknown[] }).files.length, 50_000);
  assert.equal(lines.headers["content-type"], "application/x-ndjson");
});

test("the API's list of all files names a site out of reach and goes on; the list of that site is an error", async () => {
  await using door = await TestDoor.open();
  door.sites.put("blog", { "a.txt": "x" });
  door.sites.failure = new HoldfastError("UNAVAILABLE", "Nobody here has it.");
  assert.deepEqual(json(await door.api("GET", "/api/files")), { files: [{ site: "blog", code: "UNAVAILABLE", message: "Nobody here has it." }] });
  const one = await door.api("GET", "/api/sites/blog/files");
  assert.equal(one.status, 503);
  assert.equal((json(one) as { code: string }).code, "UNAVAILABLE");
});

test("an empty list is a list in both forms", async () => {
  await using door = await TestDoor.open();
  assert.deepEqual(json(await door.api("GET", "/api/files")), { files: [] });
  assert.equal((await door.api("GET", "/api/files", undefined, { accept: "application/x-ndjson" })).body.length, 0);
});

test("the API gives a file's bytes as data that no browser shows", async () => {
  await using door = await TestDoor.open();
  door.sites.put("blog", { "grüße/a b.html": "<script>alert(1)</script>", "huge.bin": hugeFile(9 * 1024 * 1024) });
  const path = "/api/sites/blog/content/gr%C3%BC%C3%9Fe/a%20b.html";
  const { status, headers, body } = await door.api("GET", path);
  assert.equal(status, 200);
  assert.equal(body.toString(), "<script>alert(1)</script>");
  assert.equal(headers["content-type"], "application/octet-stream");
  assert.equal(headers["content-disposition"], "attachment");
  assert.equal(headers["content-security-policy"], "sandbox");
  assert.equal((await door.api("GET", path, undefined, { range: "bytes=0-0" })).status, 206);
  assert.equal((await door.api("GET", "/api/sites/blog/content/huge.bin")).body.length, 9 * 1024 * 1024);
  for (const wrong of ["grüße".length > 0 ? "none" : "", "", "gr%C3%BC%C3%9Fe", "gr%C3%BC%C3%9Fe/"]) assert.equal((await door.api("GET", `/api/sites/blog/content/${wrong}`)).status, 404, wrong);
  for (const wrong of ["..%2fx", "%2e%2e/x", "a%00", "a%5cb"]) assert.equal((await door.api("GET", `/api/sites/blog/content/${wrong}`)).status, 400, wrong);
});

test("the API unpublishes and rolls back, with the site room's own errors", async () => {
  await using door = await TestDoor.open();
  door.sites.put("blog", { "a.txt": "x" });
  assert.equal((await door.api("POST", "/api/sites/blog/rollback", { sequence: 1 })).status, 200);
  door.sites.isSafe = false;
  assert.equal((await door.api("POST", "/api/sites/blog/rollback", { sequence: 1 })).status, 202);
  assert.equal((json(await door.api("POST", "/api/sites/blog/rollback", { sequence: 7 })) as { code: string }).code, "NO_HEAD");
  assert.equal((await door.api("DELETE", "/api/sites/blog")).status, 200);
  assert.equal((await door.api("DELETE", "/api/sites/blog")).status, 404);
});

test("the API says what it does not have, and with which methods to ask for what it has", async () => {
  await using door = await TestDoor.open();
  assert.equal((json(await door.api("GET", "/api/none")) as { code: string }).code, "NO_ROUTE");
  assert.equal((await door.api("GET", "/api")).status, 404);
  assert.equal((await door.api("GET", "/api/hosts/")).status, 404);
  const wrong = await door.api("POST", "/api/addresses", {});
  assert.equal(wrong.status, 405);
  assert.equal(wrong.headers.allow, "GET, PUT");
  assert.equal((await door.api("TRACE", "/api/status")).status, 405);
});

test("an unforeseen error tells nothing of the inside", async () => {
  await using door = await TestDoor.open();
  door.node.invites = () => {
    throw new TypeError("secret");
  };
  const reply = await door.api("GET", "/api/invites");
  assert.equal(reply.status, 500);
  assert.deepEqual((json(reply) as { code: string }).code, "INTERNAL");
  assert.doesNotMatch(reply.body.toString(), /secret/);
});
