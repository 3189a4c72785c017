import assert from "node:assert/strict";
import test from "node:test";
import type { FakeFile } from "../fakes/fake-sites.ts";
import { fileOf } from "../fakes/fake-sites.ts";
import { TestDoor } from "../fakes/harness.ts";
import type { SearchRow } from "./search-routes.ts";

async function found(door: TestDoor, words: string): Promise<{ readonly files: string[]; readonly isWhole: boolean }> {
  const row = JSON.parse((await door.api("POST", "/api/search", { words })).body.toString()) as SearchRow;
  return { files: row.files.map(({ address }) => address), isWhole: row.isWhole };
}

test("files are found by a part of their path, those of sites whose names match first", async () => {
  await using door = await TestDoor.open();
  const at = (site: string, path: string): string => `http://${site}.localhost:${door.door.port}/${path}`;
  door.sites.put("my-blog", { "index.html": "x" });
  door.sites.put("blog", { "index.html": "x", "Pictures/Über uns.jpg": "y" });
  door.sites.put("wiki", { "about-my-blog.html": "x" });
  door.sites.put("about", { "about-me.html": "x" });
  door.sites.claim("blog-to-come");
  assert.deepEqual(await found(door, " BLOG "), { files: [at("wiki", "about-my-blog.html")], isWhole: true });
  assert.deepEqual((await found(door, "about")).files, [at("about", "about-me.html"), at("wiki", "about-my-blog.html")]);
  assert.deepEqual(await found(door, "index"), { files: [at("blog", "index.html"), at("my-blog", "index.html")], isWhole: true });
  assert.deepEqual((await found(door, "über")).files, [at("blog", "Pictures/%C3%9Cber%20uns.jpg")]);
  assert.deepEqual(await found(door, "nowhere"), { files: [], isWhole: true });
});

test("a file is found by its content id", async () => {
  await using door = await TestDoor.open();
  door.sites.put("blog", { "a.html": "x", "b.html": "y" });
  const files = JSON.parse((await door.api("GET", "/api/files")).body.toString()) as { files: { id: string; path: string }[] };
  const { id, path } = files.files[1]!;
  assert.deepEqual((await found(door, id)).files, [`http://blog.localhost:${door.door.port}/${path}`]);
});

test("of very many matches the first are given, and it is said that there are more", async () => {
  await using door = await TestDoor.open();
  for (let number = 0; number < 30; number++) door.sites.put(`blog-${number}`, { "index.html": "x" });
  const many = await found(door, "index");
  assert.deepEqual([many.files.length, many.isWhole], [12, false]);
});

test("pages are found by their titles, of which those of a new version follow, and a page that is not here hides no other", async () => {
  await using door = await TestDoor.open();
  const page = (title: string): FakeFile => fileOf(`<!doctype html><title>${title}</title>`, { type: "text/html; charset=utf-8" });
  const away: FakeFile = { ...page("Far away"), failure: { at: 0, error: new Error("not here") } };
  door.sites.put("blog", { "a.html": page("Über Kelp &amp; Fels"), "away.html": away, "b.txt": fileOf("<title>no page</title>", { type: "text/plain" }) });
  const search = async (words: string): Promise<(readonly [string, string | null])[]> => (JSON.parse((await door.api("POST", "/api/search", { words })).body.toString()) as SearchRow).files.map(({ path, title }) => [path, title]);
  assert.deepEqual(await search("KELP & f"), [["a.html", "Über Kelp & Fels"]]);
  assert.deepEqual(await search("away"), [["away.html", null]]);
  assert.deepEqual(await search("no page"), []);
  const before = door.sites.reads.length;
  await search("kelp");
  assert.equal(door.sites.reads.length, before, "each page is read once");
  door.sites.put("blog", { "a.html": page("Seegras") });
  assert.deepEqual([await search("kelp"), await search("seegras")], [[], [["a.html", "Seegras"]]]);
});
