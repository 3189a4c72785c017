import assert from "node:assert/strict";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { firstLine, until } from "../cluster/harness.ts";
import { DESKTOP, Visit } from "./browser.ts";
import type { Stage } from "./sample-site.ts";

/** Starts `holdfast setup` as a person who has no host, and opens its link. */
export async function beginSetup({ bench, browser }: Pick<Stage, "bench" | "browser">, name: string, viewport: { readonly width: number; readonly height: number } = DESKTOP): Promise<{ readonly visit: Visit; readonly page: Page; readonly origin: string; readonly close: () => Promise<void> }> {
  const child = bench.spawn(["setup", "--json"], join(bench.folder, `${name}.config`));
  const { link } = JSON.parse(await firstLine(child, 60_000)) as { link: string };
  const context = await browser.newContext({ viewport });
  const visit = await Visit.begin(context);
  await visit.goto(link);
  const close = async (): Promise<void> => {
    await context.close();
    const gone = new Promise((done) => child.once("exit", done));
    child.kill("SIGTERM");
    await gone;
  };
  return { visit, page: visit.page, origin: new URL(link).origin, close };
}

async function fill(page: Page, fields: Readonly<Record<string, string>>): Promise<void> {
  for (const [label, text] of Object.entries(fields)) await page.getByLabel(label).fill(text);
}

/** Reads the phrase as a person who writes it down, and answers what is asked. */
async function notePhrase(page: Page): Promise<void> {
  await page.getByRole("heading", { name: "Your recovery phrase" }).waitFor();
  const words = await page.locator(".phrase li").allInnerTexts();
  assert.equal(words.length, 24);
  await page.getByRole("button", { name: "I have written it down" }).click();
  assert.equal(await page.locator(".phrase").count(), 0);
  await fill(page, { "Word 3": words[2]!, "Word 11": words[10]!, "Word 20": "wrong" });
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByText("That is not what was shown.").waitFor();
  await fill(page, { "Word 20": words[19]! });
  await page.getByRole("button", { name: "Go on" }).click();
}

/** A person without a host creates a network; another joins it with the message that the first one's Browser makes. */
export async function tryFirstRun(stage: Stage): Promise<void> {
  const first = await beginSetup(stage, "first-run");
  await first.page.getByRole("button", { name: "Create a network" }).click();
  await fill(first.page, { "Name of the network": "kin", "Name of this host": "den", Folder: join(stage.bench.folder, "first-run"), "How much of the disk": "1" });
  assert.deepEqual([...(await first.visit.complaints()), ...(await first.visit.barriers())], []);
  await first.page.getByRole("button", { name: "Create it" }).click();
  await notePhrase(first.page);
  await first.page.getByRole("heading", { level: 1, name: "Sites" }).waitFor();
  await until("the page has its network's name", 10_000, async () => (await first.page.title()) === "Sites · kin");
  assert.equal(new URL(first.page.url()).origin, first.origin, "the host is where the set-up was, and whoever made it is in its Browser");
  await first.page.goto(`${first.origin}/#/invite`);
  await first.page.getByRole("button", { name: "Make an invite" }).click();
  const message = await first.page.locator(".letter pre").innerText();

  const second = await beginSetup(stage, "second-run");
  await second.page.getByRole("button", { name: "Join with a code" }).click();
  await fill(second.page, { "The code": message });
  await second.page.getByRole("button", { name: "Read it" }).click();
  await second.page.getByText("This invite is to the network kin.").waitFor();
  // The same by the link, whose machine is the reader's own.
  const { hash } = new URL(/http:\S+#join=\S+/.exec(message)![0]);
  await second.page.getByRole("button", { name: "Back" }).click();
  await second.visit.goto("about:blank");
  await second.page.goto(`${second.origin}/${hash}`);
  await second.page.getByText("This invite is to the network kin.").waitFor();
  await fill(second.page, { "Name of this host": "loft", Folder: join(stage.bench.folder, "second-run"), "How much of the disk": "1" });
  await second.page.getByRole("button", { name: "Join", exact: true }).click();
  await notePhrase(second.page);
  await second.page.getByRole("link", { name: "Hosts", exact: true }).click();
  await second.page.getByRole("heading", { name: "2 hosts, all here." }).waitFor();
  await Promise.all([first.close(), second.close()]);
}
