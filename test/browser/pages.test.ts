import assert from "node:assert/strict";
import test from "node:test";
import type { Browser } from "playwright-core";
import type { TestHost } from "../cluster/harness.ts";
import { Bench } from "../cluster/harness.ts";
import { DESKTOP, PHONE, Visit, openBrowser } from "./browser.ts";
import { buildBrowser, enter, furnishedNetwork } from "./stage.ts";

/** Three hosts with sites, and a web browser. */
interface Stage {
  readonly hosts: readonly [TestHost, TestHost, TestHost];
  readonly browser: Browser;
}

const PAGES = ["sites", "hosts", "health", "nowhere"] as const;

test("the Browser", { timeout: 300_000 }, async (t) => {
  await using bench = await Bench.make();
  const building = buildBrowser();
  await using browser = await openBrowser();
  await building;
  const hosts = (await furnishedNetwork(bench, ["attic", "cellar", "barn"])) as unknown as Stage["hosts"];
  const stage: Stage = { hosts, browser };
  await t.test("a link opens it once, and what it opened holds over a restart of the host", () => opens(stage));
  await t.test("every page is flawless and without barriers, on a phone in the dark and on a desktop by day", () => looksWell(stage));
  await t.test("it is used with the keyboard alone", () => isTyped(stage));
  await t.test("a host that falls silent and comes back is seen as it happens", () => isLive(stage));
});

function pageOf(host: TestHost, page: string): string {
  return `http://127.0.0.1:${host.httpPort}/#/${page}`;
}

async function opens({ hosts: [, , host], browser }: Stage): Promise<void> {
  const { link } = await host.ask<{ link: string }>(["browser"]);
  await using context = await browser.newContext();
  const visit = await Visit.begin(context);
  const { page } = visit;
  await visit.goto(link);
  await page.getByRole("heading", { level: 1, name: "Sites" }).waitFor();
  assert.equal(page.url(), `http://127.0.0.1:${host.httpPort}/`, "the code is out of the address and of the history");
  assert.deepEqual(await page.evaluate("[document.cookie, history.length <= 2, document.title]"), ["", true, "Sites · friends"]);
  // Whoever has come in may follow the same link again.
  await visit.goto(link);
  await page.getByRole("heading", { level: 1, name: "Sites" }).waitFor();

  await using strange = await browser.newContext();
  const stranger = await Visit.begin(strange);
  await stranger.goto(link);
  await stranger.page.getByText("This link was used before").waitFor();
  assert.equal(await stranger.page.locator("h1").innerText(), "friends", "what is there to read without a session");

  await host.kill();
  await page.getByText("This host does not answer.").waitFor();
  await host.up();
  await page.getByText("The host was started anew").waitFor();
  for (const name of ["localhost", "[::1]"]) {
    const other = await Visit.begin(context);
    const { link: own } = await host.ask<{ link: string }>(["browser"]);
    await other.goto(own.replace("127.0.0.1", name));
    await other.page.getByRole("heading", { level: 1, name: "Sites" }).waitFor();
    assert.equal(new URL(other.page.url()).hostname, name);
  }
}

async function looksWell({ hosts: [host], browser }: Stage): Promise<void> {
  for (const { viewport, colorScheme } of [{ viewport: PHONE, colorScheme: "dark" }, { viewport: DESKTOP, colorScheme: "light" }] as const) {
    await using context = await browser.newContext({ viewport, colorScheme });
    const visit = await enter(context, host);
    for (const page of PAGES) {
      await visit.goto(pageOf(host, page));
      await visit.page.locator("main h1").waitFor();
      assert.deepEqual([...(await visit.complaints()), ...(await visit.barriers())], [], `${page} at ${viewport.width} px`);
    }
  }
}

async function isTyped({ hosts: [host], browser }: Stage): Promise<void> {
  await using context = await browser.newContext();
  const { page } = await enter(context, host);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate("document.activeElement.textContent"), "Skip to the page");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate("document.activeElement.id"), "page");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate("document.activeElement.textContent"), "blog");
}

async function isLive({ hosts: [host, , barn], browser }: Stage): Promise<void> {
  await using context = await browser.newContext();
  const { page } = await enter(context, host, "#/hosts");
  await page.getByRole("heading", { name: "3 hosts, all here." }).waitFor();
  await barn.kill();
  await page.getByRole("heading", { name: "2 of 3 hosts are here." }).waitFor();
  await page.getByText("barn is away.").waitFor();
  await page.getByRole("link", { name: "Health", exact: true }).click();
  await page.getByText("barn went away.").waitFor();
  await barn.up();
  await page.getByText("barn is back.").waitFor();
}
