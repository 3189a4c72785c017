import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join, resolve } from "node:path";
import test from "node:test";
import { openBrowser } from "../browser/browser.ts";
import { buildBrowser } from "../browser/stage.ts";
import { Bench, firstLine } from "../cluster/harness.ts";

const PROGRAM = resolve(import.meta.dirname, "../../src/cli/main.ts");
const HOSTS = 5;
/** What the demo makes anew, it makes after a quarter of a minute. */
const HEALING_MS = 90_000;
/** Five hosts from the sources, on a machine that simulates others beside. */
const STARTED_MS = 180_000;

interface Where {
  readonly packs: readonly { readonly places: readonly { readonly name: string }[] }[];
}

test("in the demo the Browser moves on when its host is unplugged, and shows two hosts go and what they held be made anew", { timeout: 480_000 }, async () => {
  await using bench = await Bench.make();
  await using browser = await openBrowser();
  await buildBrowser();
  const demo = bench.watch(spawn(process.execPath, [PROGRAM, "demo", "--hosts", String(HOSTS), "--dir", join(bench.folder, "demo"), "--json"], { stdio: ["pipe", "pipe", "pipe"] }));
  const { hosts } = JSON.parse(await firstLine(demo, STARTED_MS)) as { hosts: { name: string; browser: string; httpPort: number }[] };
  await using context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(HEALING_MS);
  const links = page.waitForResponse((answer) => answer.url().endsWith("/api/demo/links"));
  await page.goto(hosts[0]!.browser);
  await links;

  // The host that serves the page has a copy of the site; so has the other that goes.
  const where = await page.evaluate<Where>('fetch("/api/where/welcome", { headers: { authorization: "Bearer " + localStorage.getItem("holdfast.session") } }).then((answer) => answer.json())');
  const holders = where.packs.map(({ places }) => places.map(({ name }) => name)).find((names) => names.length < HOSTS)!;
  assert.ok(holders.includes(hosts[0]!.name), "the site was published there");
  const other = holders.find((name) => name !== hosts[0]!.name)!;
  const spared = hosts.map(({ name }) => name).find((name) => !holders.includes(name))!;

  await page.getByRole("link", { name: "Hosts", exact: true }).click();
  await page.getByRole("heading", { name: "5 hosts, all here." }).waitFor();
  await page.getByRole("button", { name: `Unplug ${other}` }).click();
  await page.getByRole("heading", { name: "4 of 5 hosts are here." }).waitFor();
  await page.getByRole("button", { name: `Unplug ${hosts[0]!.name}` }).click();
  await page.getByText(`${hosts[0]!.name} does not answer, so this page went on at`).waitFor();
  const next = hosts.find(({ httpPort }) => String(httpPort) === new URL(page.url()).port)!;
  assert.ok(next.name !== hosts[0]!.name && next.name !== other, next.name);
  await page.getByRole("heading", { name: "3 of 5 hosts are here." }).waitFor();

  await page.getByRole("link", { name: "Health", exact: true }).click();
  await page.getByRole("heading", { level: 1, name: /are away\.$/ }).waitFor();
  await page.getByRole("combobox", { name: "Of", exact: true }).selectOption({ label: "the site welcome" });
  const row = (name: string) => page.locator(".pieces li", { hasText: name });
  await row(other).locator(".away").first().waitFor();
  await row(spared).getByText("2 of 2 packs").waitFor();
  assert.equal(await row(spared).locator(".here").count(), 2, "it has a copy now that two hosts have none to give");

  await page.getByRole("link", { name: "Hosts", exact: true }).click();
  for (const name of [hosts[0]!.name, other]) await page.getByRole("button", { name: `Plug ${name} in` }).click();
  await page.getByRole("heading", { name: "5 hosts, all here." }).waitFor();
});
