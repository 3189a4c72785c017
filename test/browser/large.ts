import assert from "node:assert/strict";
import { resolve } from "node:path";
import type { TestContext } from "node:test";
import type { Browser } from "playwright-core";
import { FakeNode, TestDoor, hostRow } from "../../src/door/fakes/harness.ts";
import { Visit } from "./browser.ts";

const SITES = 5_000;
const HOSTS = 100;
const BUILT = resolve(import.meta.dirname, "../../browser/built");

/** A real door before a made-up network, as large as one may become. */
export async function tryLargeNetwork(t: TestContext, browser: Browser): Promise<void> {
  const node = new FakeNode();
  node.rows = Array.from({ length: HOSTS }, (_, at) => hostRow(at + 1, `host-${at}`, { isSelf: at === 0, presence: at % 10 === 9 ? "away" : "online" }));
  await using door = await TestDoor.open(node, { browserFolders: [BUILT] });
  for (let at = 0; at < SITES; at += 1) door.sites.put(`site-${String(at).padStart(4, "0")}`, { "index.html": "x" });
  await using context = await browser.newContext();
  const entering = await Visit.begin(context);
  await entering.goto(door.door.browserLink());
  await entering.page.getByRole("link", { name: "site-0000", exact: true }).waitFor();
  const visit = await Visit.begin(context);
  const { page } = visit;
  await visit.goto(`http://127.0.0.1:${door.door.port}/`);
  await page.getByRole("link", { name: "site-0000", exact: true }).waitFor();
  const paintMs = await page.evaluate<number>('performance.getEntriesByName("first-contentful-paint")[0].startTime');
  t.diagnostic(`first paint after ${Math.round(paintMs)} ms`);
  assert.ok((await page.locator(".rows li").count()) <= 100, "no more is drawn than somebody looks at");
  await page.getByLabel("Show only sites with").fill("4999");
  await page.getByRole("link", { name: "site-4999", exact: true }).waitFor();
  await page.getByRole("combobox", { name: "Look up" }).fill("site-0123");
  await page.getByRole("option", { name: "site-0123 site", exact: true }).waitFor();
  // One change among thousands is told as one, and drawn at once.
  node.rows = node.rows.map((row) => (row.name === "host-99" ? { ...row, presence: "online" } : row));
  await page.getByRole("link", { name: "Hosts", exact: true }).click();
  await page.getByRole("heading", { name: "91 of 100 hosts are here." }).waitFor();
  assert.deepEqual(await visit.complaints(), []);
}
