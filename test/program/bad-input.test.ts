import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { noise, rawRequest } from "../cluster/attack.ts";
import type { TestHost } from "../cluster/harness.ts";
import { Bench, httpGet, until } from "../cluster/harness.ts";
import { MIB } from "../cluster/size.ts";

/** A word that stands in every file of the site, and nowhere else. */
const MARK = "kelp-7261";

interface Scene {
  readonly attic: TestHost;
  readonly port: number;
  readonly token: string;
  readonly folder: string;
  /** `Host:` lines for the site and for the host itself. */
  readonly site: string;
  readonly self: string;
}

async function set(bench: Bench): Promise<Scene> {
  const [attic] = (await bench.network(["attic"])) as [TestHost];
  const folder = join(bench.folder, "dist");
  await mkdir(join(folder, "deep"), { recursive: true });
  await writeFile(join(folder, "index.html"), `<p>${MARK}</p>`);
  await writeFile(join(folder, "deep/a.txt"), `${MARK} deep`);
  await attic.ask(["publish", folder, "--name", "blog"]);
  const { token } = JSON.parse(await readFile(join(attic.data, "api.json"), "utf8")) as { token: string };
  const port = attic.httpPort;
  return { attic, port, token, folder, site: `Host: blog.localhost:${port}\r\n`, self: `Host: 127.0.0.1:${port}\r\n` };
}

test("a running host answers whatever a page or a program sends it with a clear refusal", { timeout: 300_000 }, async (t) => {
  await using bench = await Bench.make();
  const scene = await set(bench);
  const processId = scene.attic.pid;
  await t.test("paths that lead out of a site or mean nothing", () => paths(scene));
  await t.test("requests in the shapes of smuggling", () => smuggling(scene));
  await t.test("names that are not this host's", () => names(scene));
  await t.test("the API without its token, from other pages, and with words that mean nothing", () => api(scene));
  await t.test("uploads that are shorter or longer than they said", () => lengths(scene));
  await t.test("an upload that breaks off in the middle", () => brokenOff(scene));
  await t.test("a publishing command that is killed", () => killedCommand(bench, scene));
  await t.test("many slow and idle visitors", () => idlers(scene));
  assert.equal((await scene.attic.ask<{ pid: number }>(["status"])).pid, processId, "the same process serves");
  assert.match((await scene.attic.get("blog")).text, new RegExp(MARK));
  const complaints = scene.attic.log.split("\n").filter((line) => line.includes('"level":50'));
  assert.deepEqual(complaints, [], "nothing of this is an error of the host's");
});

async function statusOf(port: number, head: string): Promise<{ readonly status: number; readonly text: string }> {
  const text = await rawRequest(port, `${head}Connection: close\r\n\r\n`);
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]), text };
}

async function paths({ port, site }: Scene): Promise<void> {
  const refused = [
    "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/.%2e/x", "/..%2f..%2fetc%2fpasswd", "/deep%2fa.txt", "/deep%2Fa.txt", "/deep%5ca.txt", "/\\..\\x", "/deep/../index.html", "/./deep/a.txt",
    "/%00", "/deep/a.txt%00.html", "/%", "/%z", "/%zz", "/%ff%fe", "/%c0%ae%c0%ae/x", "/%e0%80%af", "*", "deep/a.txt", "http://other.example/deep/a.txt", "https://blog.localhost/deep/a.txt",
  ];
  for (const path of refused) {
    const { status, text } = await statusOf(port, `GET ${path} HTTP/1.1\r\n${site}`);
    assert.equal(status, 400, path);
    assert.ok(!text.includes(MARK) && !text.includes("root:"), path);
  }
  for (const path of ["//etc/passwd", "/deep//a.txt", "/deep/a.txt/", "/deep/a.txt/x", "/holdfast.json", "/.git/config", `/${"a/".repeat(500)}x`]) assert.equal((await statusOf(port, `GET ${path} HTTP/1.1\r\n${site}`)).status, 404, path);
  const whole = await statusOf(port, `GET http://blog.localhost:${port}/deep/a.txt HTTP/1.1\r\n${site}`);
  assert.ok(whole.status === 200 && whole.text.includes(`${MARK} deep`), "an address that agrees with the Host header is served");
}

async function smuggling({ port, site }: Scene): Promise<void> {
  const second = `GET /deep/a.txt HTTP/1.1\r\n${site}\r\n`;
  const shapes: readonly (readonly [string, string, readonly number[]])[] = [
    ["two lengths of one body, by length and by chunks", `POST / HTTP/1.1\r\n${site}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${second}`, [400]],
    ["two lengths", `POST / HTTP/1.1\r\n${site}Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde${second}`, [400]],
    ["a list of lengths", `POST / HTTP/1.1\r\n${site}Content-Length: 4, 4\r\n\r\nabcd${second}`, [400]],
    ["a length with a sign", `POST / HTTP/1.1\r\n${site}Content-Length: +4\r\n\r\nabcd${second}`, [400]],
    ["an encoding that nobody knows", `POST / HTTP/1.1\r\n${site}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${second}`, [400, 405, 501]],
    ["a space before the colon", `POST / HTTP/1.1\r\n${site}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${second}`, [400]],
    ["a folded header", `GET / HTTP/1.1\r\n${site}X: a\r\n b\r\n\r\n`, [400]],
    ["bare line feeds", `GET / HTTP/1.1\nHost: blog.localhost:${port}\n\n`, [400]],
    ["two Host headers", `GET / HTTP/1.1\r\n${site}Host: 127.0.0.1:${port}\r\n\r\n`, [400, 421]],
    ["a body with a page request in it", `GET / HTTP/1.1\r\n${site}Content-Length: ${second.length}\r\n\r\n${second}`, [200, 400]],
    ["a chunk that never ends", `POST / HTTP/1.1\r\n${site}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n`, [400, 405]],
    ["a NUL in a header", `GET / HTTP/1.1\r\n${site}X: a\0b\r\n\r\n`, [400]],
    ["headers of 20 KB", `GET / HTTP/1.1\r\n${site}X: ${"a".repeat(20_000)}\r\n\r\n`, [431]],
    ["an address of 20 KB", `GET /${"a".repeat(20_000)} HTTP/1.1\r\n${site}\r\n`, [431]],
    ["3,000 headers", `GET / HTTP/1.1\r\n${site}${"A: b\r\n".repeat(3_000)}\r\n`, [431]],
    ["a verb that nobody knows", `BREW / HTTP/1.1\r\n${site}\r\n`, [400]],
    ["a verb that sites do not take", `DELETE / HTTP/1.1\r\n${site}\r\n`, [405]],
    ["the beginning of TLS", "\u0016\u0003\u0001\u0000\u00a5\u0001\u0000\u0000\u00a1\u0003\u0003\r\n\r\n", [400]],
  ];
  for (const [what, bytes, statuses] of shapes) {
    const text = await rawRequest(port, Buffer.from(bytes, "latin1"), 1_000);
    const answers = [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => Number(match[1]));
    assert.equal(answers.length, 1, `${what}: ${answers.join()}`);
    assert.ok(statuses.includes(answers[0]!), `${what}: ${answers[0]}`);
    assert.ok(!text.includes(`${MARK} deep`), what);
  }
}

async function names({ port, token }: Scene): Promise<void> {
  const foreign = ["evil.example", `evil.example:${port}`, "blog.localhost.evil.example", "blog.localhost@evil.example", "a.blog.localhost", "[::2]", "10.0.0.1", "127.0.0.1.nip.io", "_blog.localhost", "", "%62log.localhost", "localhost.", "blog.localhost:99999999"];
  for (const name of foreign) {
    for (const path of ["/", "/api/status", "/metrics"]) {
      const { status, text } = await statusOf(port, `GET ${path} HTTP/1.1\r\nHost: ${name}\r\nAuthorization: Bearer ${token}\r\n`);
      assert.ok(status === 421 || status === 400, `${name}${path}: ${status}`);
      assert.ok(!text.includes(MARK) && !text.includes("peerAddresses"), name);
    }
  }
  assert.equal((await statusOf(port, "GET / HTTP/1.1\r\n")).status, 400, "without a Host header");
  assert.match(await rawRequest(port, "GET / HTTP/1.0\r\n\r\n"), /^HTTP\/1\.1 421/);
  assert.equal((await httpGet(port, "/", { host: `nosuchsite.localhost:${port}` })).status, 404);
}

async function api({ port, token, self, site }: Scene): Promise<void> {
  const bearer = `Authorization: Bearer ${token}\r\n`;
  const asked = async (lines: string, what = "GET /api/status", body = ""): Promise<string> => {
    const text = await rawRequest(port, `${what} HTTP/1.1\r\n${lines}Connection: close\r\n\r\n${body}`);
    return `${/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]} ${/"code":"(\w+)"/.exec(text)?.[1] ?? ""}`.trim();
  };
  assert.equal(await asked(self + bearer), "200");
  for (const wrong of ["", "Authorization: Bearer x\r\n", `Authorization: Bearer ${token}x\r\n`, `Authorization: Basic ${token}\r\n`, `Cookie: token=${token}\r\n`]) assert.equal(await asked(self + wrong), "401 WRONG_TOKEN", wrong);
  assert.equal(await asked(self, `GET /api/status?token=${token}`), "401 WRONG_TOKEN");
  for (const origin of ["http://evil.example", `http://blog.localhost:${port}`, "null", `https://127.0.0.1:${port}`]) assert.equal(await asked(`${self}${bearer}Origin: ${origin}\r\n`), "403 WRONG_ORIGIN", origin);
  assert.equal(await asked(`${self}${bearer}Sec-Fetch-Site: cross-site\r\n`), "403 WRONG_ORIGIN");
  assert.equal(await asked(`Host: 127.0.0.1:1\r\n${bearer}`), "421 WRONG_HOST");
  assert.equal(await asked(site + bearer), "404", "a site is no way to the API");
  const json = (body: string): readonly [string, string] => [`${self}${bearer}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`, body];
  const put = async (path: string, body: string): Promise<string> => asked(json(body)[0], path, json(body)[1]);
  for (const body of ["", "{", "[]", "null", '{"name":1}', `{"name":"${"a".repeat(64)}","copies":3}`, '{"name":"x","copies":-1}', '{"name":"x","copies":1.5}', '{"name":"x","copies":1e9}', '{"__proto__":{"name":"x"},"copies":3}']) assert.equal(await put("POST /api/publications", body), "400 BAD_REQUEST", body);
  for (const name of ["..", "a..b", "xn--bcher-kva", "-x", "x-", "a b", "localhost", "api", "ü", "a/b", "%2e%2e"]) assert.equal(await put("POST /api/publications", JSON.stringify({ name, copies: 3 })), "400 BAD_NAME", name);
  assert.equal(await put("POST /api/invites", '{"expiresInMs":-1}'), "400 BAD_REQUEST");
  assert.equal(await put("PUT /api/addresses", '{"peers":[{"host":"x","addresses":["y"]}]}').then((answer) => answer.slice(0, 3)), "400");
  assert.equal(await put("POST /api/publications", `{"name":"${"x".repeat(2 * MIB)}"}`), "413 BODY_TOO_LARGE");
  assert.equal(await asked(`${self}${bearer}Content-Length: 2\r\n`, "POST /api/publications", "{}"), "400 BAD_REQUEST", "a form of a web page has no JSON type");
  assert.equal(await asked(self + bearer, "DELETE /api/hosts/nobody"), "400 MALFORMED");
  assert.equal(await asked(self + bearer, "DELETE /api/sites/nosuchsite"), "404 NO_SITE");
  assert.equal(await asked(self + bearer, "GET /api/nothing"), "404 NO_ROUTE");
  assert.equal(await asked(self + bearer, "PATCH /api/status"), "405 WRONG_METHOD");
  for (const path of ["/api/../api/status", "/api/sites/%2e%2e/files", "/api/sites/%zz/files", "/api/sites/blog/content/..%2f..%2fx", "/api/sites/blog/content/%00"]) assert.match(await asked(self + bearer, `GET ${path}`), /^400/, path);
}

/** Begins a publication by the API and gives its id. */
async function begin({ port, token, self }: Scene, name: string): Promise<string> {
  const body = JSON.stringify({ name, copies: 3 });
  const text = await rawRequest(port, `POST /api/publications HTTP/1.1\r\n${self}Authorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`);
  return /"id":"(\w+)"/.exec(text)![1]!;
}

async function commit({ port, token, self }: Scene, id: string, what = "commit"): Promise<string> {
  return rawRequest(port, `POST /api/publications/${id}/${what} HTTP/1.1\r\n${self}Authorization: Bearer ${token}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
}

function putHead({ token, self }: Scene, id: string, path: string, length: string): string {
  return `PUT /api/publications/${id}/files/${path} HTTP/1.1\r\n${self}Authorization: Bearer ${token}\r\nContent-Length: ${length}\r\n`;
}

async function lengths(scene: Scene): Promise<void> {
  const { port, attic } = scene;
  const id = await begin(scene, "lengths");
  assert.match(await rawRequest(port, `${putHead(scene, id, "short.txt", "100")}\r\nonly this`, 500), /^$/, "a host waits for the rest, and the visitor hangs up");
  await until("the host has noticed", 5_000, async () => /"code":"INCOMPLETE"/.test(await commit(scene, id)));
  const long = await rawRequest(port, `${putHead(scene, id, "long.txt", "4")}\r\nfour and more`, 1_000);
  assert.match(long, /^HTTP\/1\.1 (200[^]*HTTP\/1\.1 )?400/, "what is too much is no part of the file, and no request");
  const other = await begin(scene, "odd");
  for (const length of ["-1", "1e3", "99999999999999999999", "abc"]) assert.match(await rawRequest(port, `${putHead(scene, other, "odd.txt", length)}\r\nx`, 1_000), /^HTTP\/1\.1 (400|411)/, length);
  for (const path of ["../up.txt", "%2e%2e/up.txt", "a/../../up.txt", "a%2f..%2fup", "%00", "a//b", "/", "a".repeat(3000)]) assert.match(await rawRequest(port, `${putHead(scene, other, path, "1")}Connection: close\r\n\r\nx`, 1_000), /^HTTP\/1\.1 (400|404)/, path);
  assert.match(await commit(scene, other), /"code":"(INCOMPLETE|EMPTY_SITE)"/);
  assert.match(await rawRequest(port, `${putHead(scene, id, "short.txt", "4")}Connection: close\r\n\r\nfull`), /^HTTP\/1\.1 200/);
  const published = await commit(scene, id);
  assert.match(published, /^HTTP\/1\.1 200/, published);
  assert.equal((await attic.get("lengths", "/short.txt")).text, "full");
  assert.equal((await attic.get("lengths", "/long.txt")).text, "four");
  assert.equal((await attic.get("lengths", "/up.txt")).status, 404);
}

async function brokenOff(scene: Scene): Promise<void> {
  const { attic, port, token, self } = scene;
  const id = await begin(scene, "broken");
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(`${putHead(scene, id, "film.bin", String(64 * MIB))}\r\n`);
  socket.write(noise(8 * MIB));
  await until("the host is taking it in", 5_000, () => socket.bytesWritten > 4 * MIB && socket.writableLength === 0);
  socket.destroy();
  await until("the host has noticed", 5_000, async () => /"code":"INCOMPLETE"/.test(await commit(scene, id)));
  assert.equal((await attic.get("broken")).status, 404);
  const gone = await rawRequest(port, `DELETE /api/publications/${id} HTTP/1.1\r\n${self}Authorization: Bearer ${token}\r\nConnection: close\r\n\r\n`);
  assert.match(gone, /^HTTP\/1\.1 200/);
  assert.match(await commit(scene, id), /"code":"NO_PUBLICATION"/);
  assert.ok(!(await attic.ask<{ name: string; head: unknown }[]>(["sites"])).some(({ name, head }) => name === "broken" && head !== null), "nothing of it was published");
}

async function killedCommand(bench: Bench, { attic }: Scene): Promise<void> {
  const folder = join(bench.folder, "large");
  await mkdir(folder);
  for (let at = 0; at < 8; at += 1) await writeFile(join(folder, `${at}.bin`), noise(16 * MIB));
  const used = (await attic.ask<{ usedBytes: number }>(["status"])).usedBytes;
  const child = bench.spawn(["publish", folder, "--name", "large", "--data", attic.data], attic.config);
  await until("it is under way", 10_000, async () => (await attic.look<{ usedBytes: number }>("/status")).usedBytes > used);
  child.kill("SIGKILL");
  await sleep(500);
  assert.equal((await attic.get("large")).status, 404, "nothing is published of a half");
  await attic.ask(["publish", folder, "--name", "large"]);
  assert.equal((await attic.get("large", "/7.bin")).body.length, 16 * MIB);
}

async function idlers({ attic, port, site }: Scene): Promise<void> {
  const sockets = Array.from({ length: 300 }, (_, at) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    // Some say nothing, some begin a request, some ask and do not read.
    if (at % 3 > 0) socket.write(`GET / HTTP/1.1\r\n${site}${at % 3 === 1 ? "X: " : "\r\n"}`);
    socket.pause();
    return socket;
  });
  await until("all are connected", 10_000, () => sockets.every((socket) => socket.readyState === "open"));
  for (let round = 0; round < 20; round += 1) assert.equal((await attic.get("blog")).status, 200);
  for (const socket of sockets) socket.destroy();
}
