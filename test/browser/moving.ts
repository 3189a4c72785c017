import assert from "node:assert/strict";
import { resolve } from "node:path";
import type { Browser } from "playwright-core";
import { joinLink } from "../../browser/join-link.ts";
import { FakeNode, TestDoor, hostRow } from "../../src/door/fakes/harness.ts";
import { Visit } from "./browser.ts";

const BUILT = resolve(import.meta.dirname, "../../browser/built");

/** A real door before a made-up host of the demo. */
function doorOf(name: "attic" | "barn", links: () => { readonly host: string; readonly link: string }[]): Promise<TestDoor> {
  const node = new FakeNode(name);
  node.rows = ["attic", "barn"].map((each, at) => hostRow(at + 1, each, { isSelf: each === name, pid: at + 1 }));
  return TestDoor.open(node, { browserFolders: [BUILT], demo: { plug: () => {}, links: async () => links() } });
}

/** In the demo, the host that serves the Browser is taken away, and the Browser goes on at another: on the same page, with a session of its own. */
export async function tryMoving(browser: Browser): Promise<void> {
  await using barn = await doorOf("barn", () => []);
  const attic = await doorOf("attic", () => [{ host: "barn", link: barn.door.browserLink() }]);
  await using context = await browser.newContext();
  const visit = await Visit.begin(context);
  const { page } = visit;
  await Promise.all([page.waitForResponse((answer) => answer.url().endsWith("/api/demo/links")), visit.goto(attic.door.browserLink())]);
  const token = await page.evaluate('localStorage.getItem("holdfast.session")');
  await page.getByRole("link", { name: "Hosts", exact: true }).click();
  await page.getByRole("heading", { name: "2 hosts, all here." }).waitFor();
  const sent: string[] = [];
  page.on("request", (request) => void sent.push(`${request.url()} ${JSON.stringify(request.headers())}`));
  await attic.door.close();
  await page.getByText("attic does not answer, so this page went on at barn.").waitFor();
  assert.equal(page.url(), `http://127.0.0.1:${barn.door.port}/#/hosts`, "the code is out of the address");
  await page.getByRole("heading", { name: "2 hosts, all here." }).waitFor();
  assert.ok(!sent.some((each) => each.startsWith(`http://127.0.0.1:${barn.door.port}`) && each.includes(String(token))), "a session is no other host's business");
  assert.equal(await page.evaluate("document.cookie"), "");
  await meetInvite(browser, visit, barn);
}

/** The link of an invite leads to a host where a host has the set-up's port: whoever follows it is given the code, with or without a session. */
async function meetInvite(browser: Browser, known: Visit, { door }: TestDoor): Promise<void> {
  const code = `hf1${"abc234".repeat(40)}`;
  await using context = await browser.newContext();
  for (const visit of [known, await Visit.begin(context)]) {
    await visit.goto(`http://127.0.0.1:${door.port}/${new URL(joinLink(code)).hash}`);
    await visit.page.getByRole("heading", { name: "This machine has a host already." }).waitFor();
    await visit.page.getByText(code).waitFor();
    await visit.page.getByRole("button", { name: "Copy" }).waitFor();
    assert.deepEqual([...(await visit.complaints()), ...(await visit.barriers())], []);
  }
}
