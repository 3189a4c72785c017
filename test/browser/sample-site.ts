import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { TestContext } from "node:test";
import type { Browser } from "playwright-core";
import type { Bench, TestHost } from "../cluster/harness.ts";
import { until } from "../cluster/harness.ts";
import { DESKTOP, PHONE, Visit } from "./browser.ts";
import type { Film } from "./film.ts";
import { makeFilm } from "./film.ts";

const SAMPLE_SITE = resolve(import.meta.dirname, "../../sample-site");
const PAGES = { "/": "Storms take the fronds, not the plant.", "/how.html": "How it holds", "/kelp.html": "The plant", "/start.html": "Your turn" } as const;
const SITES = ["faulty", "films", "welcome"];
const FILM_SECONDS = 200;

/** Three hosts with three sites, and a browser. */
export interface Stage {
  readonly bench: Bench;
  readonly hosts: readonly [TestHost, TestHost, TestHost];
  readonly browser: Browser;
  readonly film: Film;
}

function originOf(host: TestHost, site: string): string {
  return `http://${site}.localhost:${host.httpPort}`;
}

function startOf(host: TestHost): string {
  return `http://localhost:${host.httpPort}/`;
}

function mirrorsOf({ hosts }: Stage, host: TestHost): string[] {
  return hosts.filter((each) => each !== host).map((each) => originOf(each, "welcome"));
}

/** Waits until the page says who serves it and links to so many other hosts, and returns its words. */
async function servedBy({ page }: Visit, name: string, mirrors: number): Promise<string> {
  const bar = page.locator('.served[data-state="well"]');
  await bar.filter({ has: page.locator("b", { hasText: name }) }).waitFor();
  await bar.locator("a").nth(mirrors - 1).waitFor();
  return bar.innerText();
}

/** A page with one of each fault that a visit should notice. */
async function makeFaultySite(folder: string): Promise<void> {
  await mkdir(folder);
  const faults = [
    '<img src="/missing.png" alt="">',
    '<img src="http://elsewhere.localhost:1/picture.png" alt="">',
    '<p style="color:#bbb;background:#fff">pale</p>',
    '<div style="width:3000px">wide</div>',
    '<script>console.error("said so"); throw new Error("thrown")</script>',
  ];
  await writeFile(join(folder, "index.html"), `<!doctype html><title>faulty</title><main>${faults.join("\n")}</main>`);
}

async function makeFilmSite(folder: string): Promise<Film> {
  await mkdir(folder);
  await writeFile(join(folder, "index.html"), '<!doctype html><title>films</title><link rel="icon" href="data:,"><h1>Films</h1><video src="/film.wav" controls muted preload="metadata"></video>');
  return makeFilm(join(folder, "film.wav"), FILM_SECONDS);
}

export async function setUp(bench: Bench, browser: Browser): Promise<Stage> {
  const [network, , film] = await Promise.all([bench.network(["attic", "cellar", "barn"]), makeFaultySite(join(bench.folder, "faulty")), makeFilmSite(join(bench.folder, "films"))]);
  const hosts = network as unknown as Stage["hosts"];
  await Promise.all([
    hosts[0].ask(["publish", SAMPLE_SITE, "--name", "welcome"]),
    hosts[1].ask(["publish", join(bench.folder, "faulty"), "--name", "faulty"]),
    hosts[2].ask(["publish", join(bench.folder, "films"), "--name", "films", "--copies", "1"]),
  ]);
  return { bench, hosts, browser, film };
}

/** What is tried of sites while nothing fails. */
export async function tryPublishedSites(t: TestContext, stage: Stage): Promise<void> {
  await t.test("a visit notices every kind of fault", () => noticesFaults(stage));
  await t.test("every page of the sample site is flawless", (t) => looksWell(t, stage));
  await t.test("all links of the sample site lead somewhere", () => linksLead(stage));
  await t.test("an address without a page shows the site's own 404 page, which leads back", () => missesWell(stage));
  await t.test("the start page lists hosts and sites, with links that open", () => startsWell(stage));
  await t.test("a long film is sought by ranges through a host that does not hold all of it", () => seeks(stage));
  await t.test("a site's page can neither call the API nor frame or read the start page", () => isKeptOut(stage));
  await t.test("two sites share neither storage nor cookies", () => isApart(stage));
}

/** And when all hosts are lost, one after the other: nothing can be tried afterwards. */
export async function tryLosingHosts(t: TestContext, stage: Stage): Promise<void> {
  await t.test("a page whose host is killed says so and goes on at others, and waits when none is left", () => survives(stage));
}

async function noticesFaults({ hosts, browser }: Stage): Promise<void> {
  await using context = await browser.newContext({ viewport: PHONE });
  const visit = await Visit.begin(context);
  await visit.goto(`${originOf(hosts[0], "faulty")}/`);
  const found = (await visit.complaints()).join("\n");
  for (const fault of [/status 404: .*missing/, /request to another origin: .*elsewhere/, /failed request: .*elsewhere/, /blank picture: .*missing/, /pale text 1\.9: pale/, /wider than the window by 2\d\d\d px/, /console: said so/, /script error: thrown/]) assert.match(found, fault);
}

/** A phone in the dark sees other styles than a desktop by day, and both together every one there is. */
async function looksWell(t: TestContext, stage: Stage): Promise<void> {
  const host = stage.hosts[1];
  for (const { viewport, colorScheme, paper } of [{ viewport: PHONE, colorScheme: "dark", paper: "rgb(8, 32, 31)" }, { viewport: DESKTOP, colorScheme: "light", paper: "rgb(246, 243, 234)" }] as const) {
    await using context = await stage.browser.newContext({ viewport, colorScheme });
    const visit = await Visit.begin(context, mirrorsOf(stage, host));
    for (const [path, heading] of Object.entries(PAGES)) {
      await t.test(`${path} at ${viewport.width} px, ${colorScheme}`, async () => {
        assert.equal(await visit.goto(originOf(host, "welcome") + path), 200);
        assert.equal(await visit.page.locator("h1").innerText(), heading);
        assert.match(await servedBy(visit, "cellar", 2), /^Served by cellar as version 1 of this site\. The same page on (attic, barn|barn, attic)\.$/);
        assert.equal(await visit.page.evaluate("getComputedStyle(document.body).backgroundColor"), paper);
        assert.deepEqual(await visit.complaints(), []);
      });
    }
  }
}

async function linksLead(stage: Stage): Promise<void> {
  const host = stage.hosts[2];
  await using context = await stage.browser.newContext();
  const visit = await Visit.begin(context);
  const found = new Set<string>();
  const wanted = [`${originOf(host, "welcome")}/`];
  for (let next = wanted.pop(); next !== undefined; next = wanted.pop()) {
    assert.equal(await visit.goto(next), 200, next);
    await servedBy(visit, "", 2);
    const links = await visit.page.evaluate<string[]>("[...document.querySelectorAll('a[href]')].map((link) => link.href)");
    for (const link of links.map((each) => each.split("#")[0]!)) {
      if (found.has(link)) continue;
      found.add(link);
      wanted.push(link);
    }
  }
  // Each page on each host: the mirrors' pages link to each other.
  assert.deepEqual([...found].sort(), stage.hosts.flatMap((each) => Object.keys(PAGES).map((path) => originOf(each, "welcome") + path)).sort());
}

async function missesWell(stage: Stage): Promise<void> {
  const host = stage.hosts[0];
  await using context = await stage.browser.newContext({ viewport: PHONE });
  const visit = await Visit.begin(context, mirrorsOf(stage, host));
  const address = `${originOf(host, "welcome")}/no/such/page.html`;
  assert.equal(await visit.goto(address), 404);
  assert.equal(await visit.page.locator("h1").innerText(), "Washed away");
  await servedBy(visit, "attic", 2);
  // The browser itself tells the console of the page's status, and of nothing else.
  assert.deepEqual(await visit.complaints(), [`status 404: ${address}`, "console: Failed to load resource: the server responded with a status of 404 (Not Found)"]);
  await visit.page.getByRole("link", { name: "Back to the rock" }).click();
  await visit.page.getByRole("heading", { level: 1, name: PAGES["/"] }).waitFor();
}

async function startsWell({ hosts, browser }: Stage): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await using context = await browser.newContext({ viewport: PHONE, colorScheme });
    const visit = await Visit.begin(context);
    const { page } = visit;
    assert.equal(await visit.goto(startOf(hosts[0])), 200);
    assert.equal(await page.locator("h1").innerText(), "friends");
    assert.deepEqual((await page.locator(".online").allInnerTexts()).sort(), ["attic this host", "barn", "cellar"]);
    assert.deepEqual(await visit.complaints(), []);
    assert.deepEqual((await page.locator("li a").allInnerTexts()).sort(), SITES);
  }
  await using context = await browser.newContext();
  const page = await context.newPage();
  for (const name of SITES) {
    await page.goto(startOf(hosts[0]));
    const [response] = await Promise.all([page.waitForResponse(`${originOf(hosts[0], name)}/`), page.getByRole("link", { name }).click()]);
    assert.equal(response.status(), 200, name);
  }
}

async function seeks({ hosts, browser, film }: Stage): Promise<void> {
  const rows = await hosts[0].ask<{ name: string; usedBytes: number }[]>(["hosts"]);
  const least = rows.reduce((one, other) => (one.usedBytes <= other.usedBytes ? one : other));
  assert.ok(least.usedBytes < film.bytes.length);
  const host = hosts.find((each) => each.name === least.name)!;
  await using context = await browser.newContext();
  const page = await context.newPage();
  const starts: number[] = [];
  page.on("response", (response) => {
    if (response.url().endsWith("/film.wav") && response.status() === 206) starts.push(Number(/^bytes (\d+)-/.exec(response.headers()["content-range"] ?? "")?.[1]));
  });
  await page.goto(`${originOf(host, "films")}/`);
  const heard = (event: string, action: string, result: string): Promise<number> =>
    page.evaluate<number>(`new Promise((done, fail) => { const video = document.querySelector("video"); video.onerror = () => fail(new Error(video.error.message)); ${action}; if (${result} > 0) return done(${result}); video.on${event} = () => { if (${result} > 0) done(${result}); }; })`);
  assert.equal(Math.round(await heard("loadedmetadata", "", "video.duration")), FILM_SECONDS);
  const from = FILM_SECONDS - 50;
  assert.equal(await heard("seeked", `video.currentTime = ${from}`, "(video.seeking ? 0 : video.currentTime)"), from);
  const played = await heard("timeupdate", "video.play()", `(video.currentTime > ${from} ? video.currentTime : 0)`);
  assert.ok(played > from && played < from + 10, String(played));
  // A player may begin a little before the place, never from the film's first half.
  assert.ok(starts.some((start) => start > film.offsetOf(FILM_SECONDS / 2) && start <= film.offsetOf(from)), starts.join());

  const [first, last] = [film.offsetOf(123) - 7, film.offsetOf(123) + 20];
  const part = await page.evaluate<[number, string]>(`fetch("/film.wav", { headers: { range: "bytes=${first}-${last}" } }).then(async (answer) => [answer.status, await answer.text()])`);
  assert.deepEqual(part, [206, film.bytes.toString("latin1", first, last + 1)]);
}

/** How a request of the page ends: the type and status of the answer, with its words when it could read any. */
function tryFetch(url: string, options = "{}"): string {
  return `fetch(${JSON.stringify(url)}, ${options}).then(async (answer) => answer.type + " " + answer.status + (await answer.text()), (error) => error.name)`;
}

async function isKeptOut({ hosts, browser }: Stage): Promise<void> {
  const host = hosts[0];
  const { token } = JSON.parse(await readFile(join(host.data, "api.json"), "utf8")) as { token: string };
  await using context = await browser.newContext();
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send("Network.enable");
  // Playwright hides answers that the browser hides from the page.
  const asked = new Map<string, string>();
  const answered = new Map<string, number>();
  cdp.on("Network.requestWillBeSent", ({ requestId, request }) => asked.set(requestId, request.url));
  cdp.on("Network.responseReceivedExtraInfo", ({ requestId, statusCode }) => answered.set(requestId, statusCode));
  const bodies: Promise<string>[] = [];
  page.on("response", (response) => bodies.push(response.text().catch(() => "")));
  await page.goto(`${originOf(host, "welcome")}/`);
  for (const base of [startOf(host), `http://127.0.0.1:${host.httpPort}/`]) {
    for (const options of ["{}", '{ mode: "no-cors" }', `{ headers: { authorization: "Bearer ${token}" } }`, '{ method: "POST", body: "{}" }', '{ mode: "no-cors", method: "POST", body: "{}" }']) {
      assert.equal(await page.evaluate(tryFetch(`${base}api/status`, options)), "TypeError", options);
    }
    for (const options of ["{}", '{ mode: "no-cors" }']) assert.equal(await page.evaluate(tryFetch(base, options)), "TypeError", `the start page with ${options}`);
  }
  assert.match(await page.evaluate(tryFetch("/api/status")), /^basic 404/, "a site has no API of its own");

  await page.evaluate(`for (const src of [${JSON.stringify(startOf(host))}, "/kelp.html"]) document.body.append(Object.assign(document.createElement("iframe"), { src }))`);
  await page.frameLocator("iframe >> nth=1").getByRole("heading", { name: "The plant", exact: true }).waitFor();
  // A frame of the page's own origin, as it is before it is loaded, lets its address be read.
  await until("the frame is another origin's", 10_000, async () => (await page.evaluate("(() => { try { return void frames[0].location.href; } catch { return true; } })()")) === true);
  const framed = page.frames().find((frame) => frame.parentFrame() !== null && !frame.url().endsWith("/kelp.html"))!;
  await framed.waitForLoadState();
  assert.equal(framed.url(), "chrome-error://chromewebdata/");

  const [popup] = await Promise.all([page.waitForEvent("popup"), page.evaluate(`void (window.opened = open(${JSON.stringify(startOf(host))}))`)]);
  await popup.getByRole("heading", { name: "friends" }).waitFor();
  assert.equal(await page.evaluate("(() => { try { return opened.document.body.innerText; } catch (error) { return error.name; } })()"), "SecurityError");
  const statuses = [...asked].filter(([, url]) => new URL(url).origin !== originOf(host, "welcome") && url.endsWith("/api/status")).map(([id]) => answered.get(id));
  assert.equal(statuses.filter((status) => status === 403).length, 10);
  assert.equal(statuses.filter((status) => status === undefined).length, 2, "what bears a token is not sent, for its preflight was refused");
  for (const body of [...(await Promise.all(bodies)), await popup.content()]) assert.ok(!body.includes(token));
}

async function isApart({ hosts, browser }: Stage): Promise<void> {
  const host = hosts[0];
  await using context = await browser.newContext();
  const [one, other, again] = [await context.newPage(), await context.newPage(), await context.newPage()];
  const read = '[localStorage.getItem("said"), document.cookie]';
  await one.goto(`${originOf(host, "welcome")}/how.html`);
  await one.evaluate('localStorage.setItem("said", "here"); document.cookie = "own=1"; document.cookie = "wide=1; domain=localhost"');
  await other.goto(`${originOf(host, "films")}/`);
  await again.goto(`${originOf(host, "welcome")}/kelp.html`);
  assert.deepEqual(await other.evaluate(read), [null, ""]);
  assert.deepEqual(await again.evaluate(read), ["here", "own=1"]);
  assert.equal(await other.evaluate(tryFetch(`${originOf(host, "welcome")}/style.css`)), "TypeError");
}

async function survives({ hosts, browser }: Stage): Promise<void> {
  await using context = await browser.newContext();
  const visit = await Visit.begin(context);
  const { page } = visit;
  const left = new Map(hosts.map((host) => [String(host.httpPort), host]));
  const loseHost = async (): Promise<TestHost> => {
    const { port } = new URL(page.url());
    const host = left.get(port)!;
    left.delete(port);
    await host.kill();
    return host;
  };
  const moved = (): Promise<void> => page.waitForURL((url) => left.has(url.port) && !url.searchParams.has("from"));

  await visit.goto(`${originOf(hosts[1], "welcome")}/kelp.html?a=b`);
  await servedBy(visit, "cellar", 2);
  // It says so for less than a second, so that the eye is there before.
  const said = page.locator('.served[data-state="lost"]').getByText("cellar does not answer. The same page on").waitFor();
  await Promise.all([said, loseHost()]);
  await moved();
  const second = left.get(new URL(page.url()).port)!;
  assert.equal(new URL(page.url()).pathname + new URL(page.url()).search, "/kelp.html?a=b");
  assert.match(await servedBy(visit, second.name, 1), /cellar fell silent, so the page came here\./);

  // Whoever clicks before the page has noticed comes to what was clicked, at another host.
  await until("one host is left", 20_000, async () => (await page.locator(".served a").count()) === 1);
  await loseHost();
  await page.getByRole("link", { name: "How it holds" }).click();
  await moved();
  await page.getByRole("heading", { level: 1, name: "How it holds" }).waitFor();
  const third = left.get(new URL(page.url()).port)!;
  await page.locator('.served[data-state="well"]').getByText(`Served by ${third.name} as version 1 of this site. ${second.name} fell silent, so the page came here.`, { exact: true }).waitFor();

  await loseHost();
  await page.locator('.served[data-state="lost"]').getByText(`${third.name} does not answer.`, { exact: true }).waitFor();
  await third.up();
  await page.locator('.served[data-state="well"]').getByText(`Served by ${third.name}`).waitFor();
  assert.equal(new URL(page.url()).pathname, "/how.html");
}
