import assert from "node:assert/strict";
import test from "node:test";
import { TOKEN, TestDoor } from "../fakes/harness.ts";

const bearer = `Authorization: Bearer ${TOKEN}\r\n`;

test("the API answers whoever has the token under each of its names", async () => {
  await using door = await TestDoor.open();
  const { port } = door.door;
  for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, `LOCALHOST:${port}`]) assert.equal(await door.status(host, "/api/status", bearer), 200, host);
});

test("the API refuses every other name, port and site: DNS rebinding gets nothing", async () => {
  await using door = await TestDoor.open();
  door.sites.put("blog", { "index.html": "x" });
  const { port } = door.door;
  for (const host of ["evil.example", `evil.example:${port}`, `127.0.0.1.evil.example:${port}`, `localhost:${port + 1}`, "localhost", `localhost.:${port}`, `0.0.0.0:${port}`, ""]) {
    assert.ok([400, 421].includes(await door.status(host, "/api/status", bearer)), host);
  }
  assert.equal(await door.status(`blog.localhost:${port}`, "/api/status", bearer), 404);
  assert.equal(await door.status("evil.example", `http://localhost:${port}/api/status`, bearer), 400);
  assert.equal(await door.status(`localhost:${port}\r\nHost: evil.example`, "/api/status", bearer), 400);
});

test("the API refuses requests that a page of another origin makes, also with the token", async () => {
  await using door = await TestDoor.open();
  const { port } = door.door;
  const host = `localhost:${port}`;
  for (const origin of ["http://evil.example", "null", `http://blog.localhost:${port}`, `https://localhost:${port}`, `http://localhost:${port + 1}`, `http://127.0.0.1:${port}`]) {
    assert.equal(await door.status(host, "/api/status", `${bearer}Origin: ${origin}\r\n`), 403, origin);
  }
  for (const site of ["cross-site", "same-site"]) assert.equal(await door.status(host, "/api/status", `${bearer}Sec-Fetch-Site: ${site}\r\n`), 403, site);
  assert.equal(await door.status(host, "/api/status", `${bearer}Origin: http://localhost:${port}\r\nSec-Fetch-Site: same-origin\r\n`), 200);
});

test("the API refuses a missing or wrong token, on every route, known or not", async () => {
  await using door = await TestDoor.open();
  const host = `localhost:${door.door.port}`;
  const wrong = ["", "Authorization: Bearer\r\n", `Authorization: Bearer ${TOKEN}x\r\n`, `Authorization: Bearer ${TOKEN.slice(1)}\r\n`, `Authorization: Basic ${TOKEN}\r\n`, `Cookie: token=${TOKEN}\r\n`, `Authorization: Bearer ${TOKEN} x\r\n`];
  for (const header of wrong) {
    for (const path of ["/api/status", "/api/openapi.json", "/api/none", `/api/status?token=${TOKEN}`, "/api"]) assert.equal(await door.status(host, path, header), 401, header + path);
  }
});

test("the API sends no CORS headers, sets no cookies and answers no preflight", async () => {
  await using door = await TestDoor.open();
  const { headers } = await door.api("GET", "/api/status");
  const preflight = await door.ask(`localhost:${door.door.port}`, "/api/status", { method: "OPTIONS", headers: { origin: "http://evil.example", "access-control-request-method": "GET", "access-control-request-headers": "authorization" } });
  assert.equal(preflight.status, 403);
  for (const name of [...Object.keys(headers), ...Object.keys(preflight.headers)]) assert.doesNotMatch(name, /^access-control|^set-cookie/);
  assert.equal(headers["cache-control"], "no-store");
});

test("who is not let in is not listened to: an upload's bytes are not read to their end", async () => {
  await using door = await TestDoor.open();
  const reply = await door.raw(`PUT /api/publications/x/files/a HTTP/1.1\r\nHost: localhost:${door.door.port}\r\nContent-Length: 1000000000000\r\n\r\nhello`);
  assert.match(reply, /^HTTP\/1\.1 401 /);
  assert.match(reply, /Connection: close/i);
});
