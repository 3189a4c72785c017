import assert from "node:assert/strict";
import test from "node:test";
import { MAX_PATH_PARTS } from "../../codec/index.ts";
import type { SiteFile, SiteView, WebRules } from "../../site/index.ts";
import { readWebRules } from "../../site/index.ts";
import { FakeSites } from "../fakes/fake-sites.ts";
import { parsePath } from "./path.ts";
import { resolve } from "./resolve.ts";

/** A site's view that notes what it is asked for. */
async function open(files: Readonly<Record<string, string>>): Promise<{ readonly view: SiteView; readonly rules: WebRules; readonly asked: string[] }> {
  const sites = new FakeSites();
  sites.put("blog", files);
  const opened = await sites.open("blog");
  const rules = await readWebRules(opened);
  const asked: string[] = [];
  const file = (path: string): SiteFile | undefined => {
    asked.push(path);
    return opened.file(path);
  };
  return { view: { ...opened, file }, rules, asked };
}

test("a path of very many parts is looked for in few places, and leads to the 404.html of the root", async () => {
  const { view, rules, asked } = await open({ "404.html": "lost" });
  const found = resolve(view, rules, parsePath("/a".repeat(7_900)));
  assert.equal(found.kind === "instead" && found.file.path, "404.html");
  assert.ok(asked.length < 100, `${asked.length} places`);
  assert.ok(asked.join("").length < 150_000, `${asked.join("").length} letters`);
});

test("the nearest 404.html counts, also where folders lie as deep as a file may", async () => {
  const folder = "f/".repeat(MAX_PATH_PARTS - 1);
  const { view, rules } = await open({ "404.html": "lost", [`${folder}404.html`]: "lost below", [`${folder}f/404.html`]: "too deep" });
  const found = resolve(view, rules, parsePath(`/${folder}f/none`));
  assert.equal(found.kind === "instead" && found.file.path, `${folder}404.html`);
});
