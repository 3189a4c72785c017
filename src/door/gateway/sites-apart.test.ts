import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import test from "node:test";
import { gunzipSync } from "node:zlib";
import { fileOf } from "../fakes/fake-sites.ts";
import { TestDoor } from "../fakes/harness.ts";

test("a site that gives its files the ids of another's is shown in its own place only", async () => {
  await using door = await TestDoor.open();
  const ours = "the page of the bank ".repeat(100);
  const theirs = "a page like the bank's ".repeat(100).slice(0, ours.length);
  door.sites.put("bank", { "index.html": ours, "small.html": "ours" });
  const bank = await door.sites.open("bank");
  door.sites.put("evil", { "index.html": fileOf(theirs, { id: bank.file("index.html")!.id }), "small.html": fileOf("evil", { id: bank.file("small.html")!.id }) });
  for (const headers of [{}, { "accept-encoding": "gzip" }]) {
    await door.site("evil", "/", { headers });
    await door.site("evil", "/small", { headers });
  }
  assert.equal((await door.site("bank", "/")).body.toString(), ours);
  const { body } = await door.site("bank", "/", { headers: { "accept-encoding": "gzip" } });
  assert.equal(gunzipSync(body).toString(), ours);
  assert.equal((await door.site("bank", "/small")).body.toString(), "ours");
});

for (const [first, second] of [["long", "short"], ["short", "long"]] as const) {
  test(`a file whose id is also that of a ${first}er one asked for before is answered with as many bytes as the answer's head says`, async () => {
    await using door = await TestDoor.open();
    const forged = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nFORGE";
    door.sites.put("evil", { short: "start" });
    const { id } = (await door.sites.open("evil")).file("short")!;
    door.sites.put("evil", { short: fileOf("start", { id }), long: fileOf(`start${forged}`, { id }) });
    await door.site("evil", `/${first}`);
    const host = `Host: evil.localhost:${door.door.port}\r\n`;
    const all = await door.raw(`GET /${second} HTTP/1.1\r\n${host}\r\nGET /nothing HTTP/1.1\r\n${host}Connection: close\r\n\r\n`);
    const body = all.slice(all.indexOf("\r\n\r\n") + 4);
    assert.match(body, second === "short" ? /^startHTTP\/1.1 404/ : /FORGEHTTP\/1.1 404/);
  });
}

test("a compressed form that the memory has let go is not answered with that of another file of one id and size, kept meanwhile", async () => {
  await using door = await TestDoor.open(undefined, { memoryCacheBytes: 16 * 1024 });
  const [words, noise, headers] = ["word ".repeat(400), randomBytes(500).toString("hex").repeat(2), { "accept-encoding": "gzip" }];
  door.sites.put("evil", { words });
  const { id } = (await door.sites.open("evil")).file("words")!;
  door.sites.put("evil", { words: fileOf(words, { id }), noise: fileOf(noise, { id }), large: fileOf(randomBytes(15_900), { type: "image/png" }) });
  await door.site("evil", "/words", { headers });
  await door.site("evil", "/large");
  await door.site("evil", "/noise", { headers });
  const { body, headers: { "content-encoding": encoding } } = await door.site("evil", "/words", { headers });
  assert.equal(encoding, undefined);
  assert.equal(body.toString(), words);
});
