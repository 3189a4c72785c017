import assert from "node:assert/strict";
import test from "node:test";
import type { SiteView } from "../../site/index.ts";
import { FakeSites } from "../fakes/fake-sites.ts";
import { env } from "../fakes/harness.ts";
import { prepare } from "./prepared.ts";
import { Shelves } from "./shelf.ts";

test("very many sites and paths are not all kept open", async () => {
  const sites = new FakeSites();
  const shelves = new Shelves(env, sites);
  for (let at = 0; at < 300; at++) await shelves.open(sites.put(`s${at}`, { "a.txt": "x" }));
  assert.equal(shelves.current({ name: "s0" }), undefined);
  const last = shelves.current({ name: "s299" })!;
  const file = last.view.file("a.txt")!;
  for (let at = 0; at < 20_000; at++) shelves.keep(last, `/${at}`, prepare(last.view.site, file, 0, { extra: [] }));
  assert.equal(shelves.current({ name: "s299" }), undefined);
  assert.notEqual(await shelves.open(sites.find("s299")!), last);
});

test("sites with long lists of files give way to each other, however few files they say that they have", async () => {
  const sites = new FakeSites();
  sites.weightBytes = 100 * 1024 * 1024;
  const shelves = new Shelves(env, sites);
  for (const name of ["a", "b", "c"]) await shelves.open(sites.put(name, {}));
  assert.deepEqual(["a", "b", "c"].map((name) => shelves.current({ name }) !== undefined), [false, true, true]);
});

test("a version is shown as what its number means now, also when another host gave out the same number meanwhile", async () => {
  const sites = new FakeSites();
  const shelves = new Shelves(env, sites);
  const views = [];
  for (const text of ["mine", "theirs"]) {
    sites.put("s", { "a.txt": text });
    views.push(await sites.open("s"));
  }
  const [mine, theirs] = views as [SiteView, SiteView];
  const site = sites.find("s")!;
  const opened = async (): Promise<SiteView> => (await shelves.open(site, 2)).view;
  sites.versions.set(2, mine);
  assert.deepEqual([await opened(), await opened()], [mine, mine]);
  sites.versions.set(2, theirs);
  assert.equal(shelves.current({ name: "s", version: 2 }), undefined);
  assert.equal(await opened(), theirs);
});
