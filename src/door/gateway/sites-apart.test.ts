import assert from "node:assert/strict";
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
