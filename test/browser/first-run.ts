import assert from "node:assert/strict";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { firstLine, until } from "../cluster/harness.ts";
import { DESKTOP, PHONE, Visit } from "./browser.ts";
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

/** A person without a host creates a network; another reads the message that the first one's Browser makes, and then asks to be let in without it. */
export async function tryFirstRun(stage: Stage): Promise<void> {
  const first = await beginSetup(stage, "first-run");
  await first.page.getByRole("button", { name: "Create a network" }).click();
  await fill(first.page, { "Name of the network": "kin", "Name of this host": "den", Folder: join(stage.bench.folder, "first-run"), "How much of the disk": "1" });
  await checkFlawless(first);
  await first.page.getByRole("button", { name: "Create it" }).click();
  await notePhrase(first.page);
  await first.page.getByRole("heading", { level: 1, name: "Sites" }).waitFor();
  await until("the page has its network's name", 10_000, async () => (await first.page.title()) === "Sites · kin");
  assert.equal(new URL(first.page.url()).origin, first.origin, "the host is where the set-up was, and whoever made it is in its Browser");
  await first.visit.goto(`${first.origin}/#/invite`);
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
  await second.visit.goto(`${second.origin}/${hash}`);
  await second.page.getByText("This invite is to the network kin.").waitFor();
  await second.page.getByRole("button", { name: "Back" }).click();
  await second.page.getByRole("heading", { name: "Or ask a host near you" }).waitFor();
  await letIn(first, second);
  await fill(second.page, { Folder: join(stage.bench.folder, "second-run"), "How much of the disk": "1" });
  await second.page.getByRole("button", { name: "Join", exact: true }).click();
  await notePhrase(second.page);
  await second.page.getByRole("link", { name: "Hosts", exact: true }).click();
  await second.page.getByRole("heading", { name: "2 hosts, all here." }).waitFor();
  await second.page.getByRole("link", { name: "loft", exact: true }).waitFor();
  await Promise.all([first.close(), second.close()]);
}

/** At which the page of a set-up says that its machine is. */
export async function addressOn(page: Page): Promise<string> {
  return /\d+\.\d+\.\d+\.\d+:\d+/.exec(await page.getByText("types this machine's address").innerText())![0];
}

interface Side {
  readonly visit: Visit;
  readonly page: Page;
}

async function checkFlawless({ visit }: Side): Promise<void> {
  assert.deepEqual([...(await visit.complaints()), ...(await visit.barriers())], []);
}

/** One click on the host that showed itself, the six digits of its screen typed there; on a phone as well as it looks on a desktop. */
async function letIn(host: Side, machine: Side): Promise<void> {
  // Typed in any case: not every machine on which this is run has multicast, and where it has, both ways lead to the same.
  await fill(host.page, { "Its address": await addressOn(machine.page) });
  await host.page.getByRole("button", { name: "Show it this host" }).click();
  await host.page.getByText("Its page shows this host now.").waitFor();
  const ask = machine.page.getByRole("button", { name: "Ask den" });
  await ask.waitFor();
  await fill(machine.page, { "asks under the name": "loft" });
  await machine.page.setViewportSize(PHONE);
  await checkFlawless(machine);
  await ask.click();
  const digits = await machine.page.locator(".digits").innerText();
  assert.match(digits, /^\d{3} \d{3}$/);
  await checkFlawless(machine);
  const asking = host.page.getByRole("region", { name: "loft asks to join." });
  await asking.waitFor();
  assert.doesNotMatch(await asking.innerText(), /\d{3} ?\d{3}/, "they are to be read from the other screen");
  await checkFlawless(host);
  await asking.getByRole("button", { name: "Do not let it in" }).click();
  await machine.page.getByText("den did not let this machine in.").waitFor();
  await asking.waitFor({ state: "detached" });
  await ask.click();
  const others = await machine.page.locator(".digits").innerText();
  await host.page.goto(`${new URL(host.page.url()).origin}/#/sites`);
  await host.page.getByRole("link", { name: "loft, a machine near you, asks to join." }).click();
  const admit = asking.getByRole("button", { name: "Let it in", exact: true });
  await fill(host.page, { "Type the six digits that its screen shows": others.slice(0, 6) });
  assert.ok(await admit.isDisabled(), "five digits are not all");
  await fill(host.page, { "Type the six digits that its screen shows": others === "000 000" ? "000 001" : "000 000" });
  await admit.click();
  await asking.getByRole("alert").getByText("Look there again").waitFor();
  assert.deepEqual(await host.visit.barriers(), []);
  await fill(host.page, { "Type the six digits that its screen shows": others });
  await admit.click();
  // Whoever was quicker than a person could look is told here what to compare.
  await machine.page.getByText(`den lets this machine in. Go on only if whoever is there typed these six digits: ${others}.`).waitFor();
  await machine.page.getByRole("heading", { level: 1, name: "Join kin" }).waitFor();
  assert.equal(await machine.page.getByLabel("Name of this host").inputValue(), "loft");
  await checkFlawless(machine);
}
