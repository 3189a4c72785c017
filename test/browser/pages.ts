import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { BrowserContext, Page } from "playwright-core";
import type { TestHost } from "../cluster/harness.ts";
import { until } from "../cluster/harness.ts";
import { DESKTOP, PHONE, Visit } from "./browser.ts";
import type { Stage } from "./sample-site.ts";
import { enter } from "./stage.ts";

const PAGES = ["sites", "sites/welcome", "publish", "files", "hosts", "invite", "health", "nowhere"] as const;
const FILES = 500;

/** What is tried of the Browser itself. */
export async function tryBrowser(t: TestContext, stage: Stage): Promise<void> {
  await t.test("a link opens it once, and what it opened holds over a restart of the host", () => opens(stage));
  await t.test("every page is flawless and without barriers, on a phone in the dark and on a desktop by day", () => looksWell(stage));
  await t.test("it is used with the keyboard alone", () => isTyped(stage));
  await t.test("a folder of 500 files is chosen, looked at, shown to all, followed by another version, gone back from and taken down", () => publishes(stage));
  await t.test("private files are kept, looked at, downloaded and deleted", () => keeps(stage));
  await t.test("an invite made there lets a host in", () => invites(stage));
  await t.test("a host that falls silent and comes back is seen as it happens", () => isLive(stage));
}

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
  await until("the title tells the network's name", 10_000, async () => (await page.title()) === "Sites · friends");
  assert.deepEqual(await page.evaluate("[document.cookie, history.length <= 2]"), ["", true]);
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
  const look = async (viewport: { readonly width: number; readonly height: number }, colorScheme: "light" | "dark"): Promise<void> => {
    await using context = await browser.newContext({ viewport, colorScheme });
    const visit = await enter(context, host);
    for (const page of PAGES) {
      await visit.goto(pageOf(host, page));
      await visit.page.locator("main h1").waitFor();
      assert.deepEqual([...(await visit.complaints()), ...(await visit.barriers())], [], `${page} at ${viewport.width} px`);
    }
  };
  await Promise.all([look(PHONE, "dark"), look(DESKTOP, "light")]);
}

async function isTyped({ hosts: [host], browser }: Stage): Promise<void> {
  await using context = await browser.newContext();
  const { page } = await enter(context, host);
  await page.getByRole("link", { name: "faulty", exact: true }).waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate("document.activeElement.textContent"), "Skip to the page");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate("document.activeElement.id"), "page");
  const met: unknown[] = [];
  for (let stops = 0; stops < 3; stops += 1) {
    await page.keyboard.press("Tab");
    met.push(await page.evaluate("document.activeElement.textContent"));
  }
  assert.deepEqual(met, ["Publish a folder", "faulty", "About faulty"]);
}

async function isLive({ hosts: [host, cellar], browser }: Stage): Promise<void> {
  await using context = await browser.newContext();
  const { page } = await enter(context, host, "#/hosts");
  await page.getByRole("heading", { name: "3 hosts, all here." }).waitFor();
  await cellar.kill();
  await page.getByRole("heading", { name: "2 of 3 hosts are here." }).waitFor();
  await page.getByText("cellar is away.").waitFor();
  await page.getByText(/^online · \d+ ms/).waitFor();
  await page.getByRole("link", { name: "attic", exact: true }).click();
  await page.getByLabel("How much of its disk it may use, in GB").fill("0,9");
  await page.getByRole("button", { name: "Offer that" }).click();
  await page.getByText("This host offers 900 MB from now on.").waitFor();
  await page.getByText(/of 900 MB used/).waitFor();
  await page.getByRole("link", { name: "Health", exact: true }).click();
  // On a busy machine it may have seemed away, and come back, before.
  await page.getByText("cellar went away.").first().waitFor();
  const ownRow = (name: string, piece: string): Promise<void> => page.locator(".pieces li", { hasText: name }).locator(piece).first().waitFor();
  await Promise.all([ownRow("cellar", ".away"), ownRow("attic", ".here")]);
  const returns = page.getByText("cellar is back.");
  const before = await returns.count();
  await cellar.up();
  await returns.nth(before).waitFor();
}

/** Opens the chooser by the button, and chooses. */
async function choose(page: Page, button: string, paths: string | string[]): Promise<void> {
  const [chooser] = await Promise.all([page.waitForEvent("filechooser"), page.getByRole("button", { name: button }).click()]);
  await chooser.setFiles(paths);
}

async function makeFolder(folder: string, files: number, title: string): Promise<void> {
  await mkdir(join(folder, "sub"), { recursive: true });
  await writeFile(join(folder, "index.html"), `<!doctype html><title>${title}</title><h1>${title}</h1>`);
  await writeFile(join(folder, ".holdfastignore"), "*.secret\n");
  await writeFile(join(folder, "my.secret"), "not for others");
  await Promise.all(Array.from({ length: files - 1 }, (_, at) => writeFile(join(folder, "sub", `page ${at}.txt`), `${title} ${at}`)));
}

async function publishes({ bench, hosts: [host, other], browser }: Stage): Promise<void> {
  const [first, second] = [join(bench.folder, "My Pictures"), join(bench.folder, "again")];
  await Promise.all([makeFolder(first, FILES, "Pictures"), makeFolder(second, 1, "More")]);
  await writeFile(join(second, "sub", "page 0.txt"), "Pictures 0");
  await using context = await browser.newContext();
  const { page } = await enter(context, host);
  await choose(page, "Publish a folder", first);
  await page.getByText(`My Pictures: ${FILES} files`).waitFor();
  assert.equal(await page.getByLabel("Name of the site").inputValue(), "my-pictures");
  await page.getByRole("button", { name: "Look at it first" }).click();
  await page.getByText("Version 1 of my-pictures is there for a look").waitFor();
  assert.equal((await other.get("my-pictures")).status, 404, "nobody sees it yet");
  const [preview] = await Promise.all([page.waitForEvent("popup"), page.getByRole("link", { name: "Look at it" }).click()]);
  await preview.getByRole("heading", { name: "Pictures" }).waitFor();
  assert.equal(new URL(preview.url()).host, `1.my-pictures.localhost:${host.httpPort}`);
  await preview.close();
  await page.getByRole("button", { name: "Show it to all" }).click();
  await page.getByText(`of my-pictures is published: ${FILES} files`).waitFor();
  const [opened] = await Promise.all([page.waitForEvent("popup"), page.getByRole("link", { name: "Open my-pictures" }).click()]);
  await opened.getByRole("heading", { name: "Pictures" }).waitFor();
  await opened.close();
  assert.equal((await host.get("my-pictures", "/sub/page%20498.txt")).text, "Pictures 498");
  assert.equal((await host.get("my-pictures", "/my.secret")).status, 404, "what .holdfastignore names stays at home");

  await page.getByRole("link", { name: "About my-pictures" }).click();
  await page.getByRole("link", { name: "Publish a new version" }).click();
  await choose(page, "Choose a folder", second);
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await page.getByText("Version 3 of my-pictures is published: 2 files").waitFor();
  await page.getByText("Only 1 file had to be sent").waitFor();
  await page.getByRole("link", { name: "About my-pictures" }).click();
  await page.getByRole("button", { name: "Go back to 2" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Show it to all" }).click();
  await page.getByText("Version 4, which all see").waitFor();
  assert.match((await host.get("my-pictures")).text, /Pictures/);
  await looksUp(page);
  await hasDomain(page);

  await isOthers(context, other, second);

  await page.getByRole("button", { name: "Take my-pictures down" }).click();
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  assert.equal((await host.get("my-pictures")).status, 200, "Escape says no");
  await page.getByRole("button", { name: "Take my-pictures down" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Take it down" }).click();
  await page.getByRole("heading", { level: 1, name: "Sites" }).waitFor();
  assert.equal((await host.get("my-pictures")).status, 404);
}

/** What another person sees of the site: whose it is, and nothing that would be refused. Who is told that a name is taken keeps what they chose. */
async function isOthers(context: BrowserContext, host: TestHost, folder: string): Promise<void> {
  const { page } = await enter(context, host);
  await page.locator("li", { hasText: "my-pictures" }).getByText("by the person of attic").waitFor();
  await page.getByRole("link", { name: "About my-pictures" }).click();
  await page.getByText("It was published by the person of attic.").waitFor();
  await page.getByRole("link", { name: "Look at 1" }).waitFor();
  assert.deepEqual(await page.getByText(/Go back to|Publish a new version|Take my-pictures down/).allInnerTexts(), []);
  await page.getByRole("link", { name: "Sites", exact: true }).click();
  await choose(page, "Publish a folder", folder);
  await page.getByLabel("Name of the site").fill("my-pictures");
  await page.getByText("my-pictures is taken: it belongs to the person of attic.").waitFor();
  assert.ok(await page.getByRole("button", { name: "Publish", exact: true }).isDisabled());
  await page.getByLabel("Name of the site").fill("again");
  await page.getByText("It will be at again.localhost").waitFor();
  await page.close();
}

async function hasDomain(page: Page): Promise<void> {
  await page.getByLabel("A domain that it should have").fill("pictures");
  await page.getByRole("button", { name: "Add it" }).click();
  await page.getByText("is no domain that a site can have").waitFor();
  await page.getByLabel("A domain that it should have").fill("http://Pictures.test/page");
  await page.getByRole("button", { name: "Add it" }).click();
  await page.getByText(/the TXT record _holdfast\.pictures\.test must say holdfast-site=[a-z2-7]{52}/).waitFor();
  await page.getByRole("button", { name: "Say that pictures.test is this site's" }).click();
  await page.getByText("confirmed by an administrator").waitFor();
  await page.getByRole("button", { name: "Remove pictures.test" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Take it away" }).click();
  await page.getByText("It has none.").waitFor();
}

async function looksUp(page: Page): Promise<void> {
  const field = page.getByRole("combobox", { name: "Look up" });
  await field.fill("PICT");
  await page.getByRole("option", { name: "my-pictures site", exact: true }).waitFor();
  const [found] = await Promise.all([page.waitForEvent("popup"), page.keyboard.press("Enter")]);
  await found.getByRole("heading", { name: "Pictures" }).waitFor();
  await found.close();
  await field.fill("page 49.txt");
  await page.getByRole("option", { name: "sub/page 49.txt" }).waitFor();
  const [file] = await Promise.all([page.waitForEvent("popup"), page.keyboard.press("Enter")]);
  await file.getByText("Pictures 49").waitFor();
  await file.close();
  await field.fill("how holdf");
  await page.getByRole("option", { name: "How Holdfast holds welcome: how.html" }).waitFor();
  await field.fill("no such thing");
  await page.getByText("Nothing in this network is called “no such thing”").waitFor();
  await page.keyboard.press("Escape");
}

const PIXEL = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==", "base64");

async function keeps({ bench, hosts: [host], browser }: Stage): Promise<void> {
  const folder = join(bench.folder, "kept");
  await mkdir(folder);
  const [page_, picture] = [join(folder, "page.html"), join(folder, "pixel.png")];
  const hostile = "<script>document.title = 'stolen'; parent.document.title = 'stolen'</script>";
  await Promise.all([writeFile(page_, hostile), writeFile(picture, PIXEL)]);
  await using context = await browser.newContext();
  const { page } = await enter(context, host, "#/files");
  await choose(page, "Keep files", [page_, picture]);
  await page.getByText("page.html is kept.").waitFor();
  await page.getByText("pixel.png is kept.").waitFor();
  await page.getByRole("link", { name: "pixel.png" }).click();
  await page.locator("img.shown").waitFor();
  assert.equal(await page.evaluate("(async (picture) => { await picture.decode(); return picture.naturalWidth; })(document.querySelector('img.shown'))"), 1);
  await page.getByRole("link", { name: "All files" }).click();
  await page.getByRole("link", { name: "page.html" }).click();
  assert.equal(await page.locator("pre.shown").innerText(), hostile, "a page is shown as letters, not as a page");
  assert.equal(await page.title(), "page.html · friends");
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download" }).click()]);
  assert.equal(download.suggestedFilename(), "page.html");
  assert.equal(await readFile(await download.path(), "utf8"), hostile);
  await page.getByRole("button", { name: "Delete page.html" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete it" }).click();
  await page.getByRole("heading", { level: 1, name: "Files" }).waitFor();
  await page.getByRole("link", { name: "pixel.png" }).waitFor();
  assert.equal(await page.getByRole("link", { name: "page.html" }).count(), 0);
  assert.deepEqual((await host.ask<{ name: string }[]>(["ls"])).map(({ name }) => name), ["pixel.png"]);
  await choose(page, "Keep a folder", folder);
  await page.getByRole("link", { name: "kept", exact: true }).click();
  const [archive] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download all of it as a .zip" }).click()]);
  assert.equal(archive.suggestedFilename(), "kept.zip");
  const zip = await readFile(await archive.path());
  assert.ok(zip.includes("kept/page.html") && zip.includes(hostile) && zip.includes(PIXEL));
}

async function invites({ bench, hosts: [host], browser }: Stage): Promise<void> {
  await using context = await browser.newContext();
  const { page } = await enter(context, host, "#/hosts");
  await page.getByRole("link", { name: "Invite someone" }).click();
  await page.getByLabel("Zone of the new host").fill("grandma");
  await page.getByRole("button", { name: "Make an invite" }).click();
  const message = await page.locator(".letter pre").innerText();
  assert.match(message, /same as these: \S+ \S+ \S+\nThe code works once/);
  await page.getByRole("img", { name: "QR code" }).waitFor();
  const guest = bench.host("guest");
  await guest.ask(["join", "-", "--host", "guest", "--capacity", "1GB"], /join (\S+)/.exec(message)![1]!);
  await page.getByText("Used by guest, for the zone grandma").waitFor();
  // It joined and never came up; it goes again, with a warning.
  await page.getByRole("link", { name: "Hosts", exact: true }).click();
  await page.getByRole("link", { name: "guest", exact: true }).click();
  await page.getByRole("button", { name: "Remove guest" }).click();
  await page.getByRole("dialog").getByText("guest will be shut out for good").waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Remove guest" }).click();
  await page.getByRole("heading", { level: 1, name: "3 hosts, all here." }).waitFor();
}
