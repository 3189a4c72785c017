import assert from "node:assert/strict";
import test from "node:test";
import { TestDoor } from "../fakes/harness.ts";
import { fileOf, hugeFile } from "../fakes/fake-sites.ts";

test("each answer counts once for its site, with the bytes of its body, however it comes about", async () => {
  await using door = await TestDoor.open();
  const blog = door.sites.put("blog", { "index.html": "12345", "film.bin": hugeFile(9 * 1024 * 1024), "docs/a.txt": "a", _redirects: fileOf("/old /new 301\n") });
  const wiki = door.sites.put("wiki", { "index.html": "wiki" });
  const { etag } = (await door.site("blog", "/")).headers;
  await door.site("blog", "/");
  await door.site("blog", "/", { headers: { "if-none-match": etag! } });
  await door.site("blog", "/", { method: "HEAD" });
  await door.site("blog", "/film.bin");
  await door.site("blog", "/film.bin", { headers: { range: "bytes=0-9" } });
  await door.site("blog", "/old");
  const { counted } = door.sites.visits;
  assert.deepEqual(counted.get(blog.namespace), { statuses: [200, 200, 304, 200, 200, 206, 301], bytes: 5 + 5 + 9 * 1024 * 1024 + 10 });
  assert.equal(counted.get(wiki.namespace), undefined);
  const missing = await door.site("blog", "/none");
  const listing = await door.site("blog", "/docs/");
  assert.deepEqual(counted.get(blog.namespace)!.statuses.slice(-2), [404, 200]);
  assert.equal(counted.get(blog.namespace)!.bytes, 5 + 5 + 9 * 1024 * 1024 + 10 + missing.body.length + listing.body.length);
  await door.site("wiki", "/");
  await door.site("none", "/");
  await door.api("GET", "/api/sites");
  assert.deepEqual(counted.get(wiki.namespace), { statuses: [200], bytes: 4 });
  assert.equal(counted.size, 2);
});
