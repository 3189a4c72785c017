import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { Page } from "playwright-core";
import { REBOUND } from "./browser.ts";
import type { Stage } from "./sample-site.ts";
import { enter } from "./stage.ts";

// Each attack on the Browser is made as its maker would: by the page of a site that the same person has open, while the Browser is open too.

export async function tryAttacks(t: TestContext, stage: Stage): Promise<void> {
  await t.test("a site's page reads nothing of the Browser's storage, also when it has opened its window", () => staysApart(stage));
  await t.test("a site's page does nothing by forms and requests that it forges", () => forges(stage));
  await t.test("a name of the wide web that is bound to this machine gets nothing", () => rebinds(stage));
  await t.test("nothing becomes a service worker of the Browser, or its script", () => takesOver(stage));
}

/** What the expression comes to in the page, or the name of its error; "silence" when it comes to nothing in two seconds. */
function attempt(page: Page, expression: string): Promise<unknown> {
  return page.evaluate(`Promise.race([(async () => { try { return await (${expression}); } catch (error) { return error.name; } })(), new Promise((done) => setTimeout(done, 2000, "silence"))])`);
}

async function staysApart({ hosts: [host], browser }: Stage): Promise<void> {
  await using context = await browser.newContext();
  const { page: own } = await enter(context, host);
  const base = `http://127.0.0.1:${host.httpPort}/`;
  assert.match(String(await own.evaluate('localStorage.getItem("holdfast.session")')), /^[a-z2-7]{77}$/);
  const site = await context.newPage();
  await site.goto(`http://welcome.localhost:${host.httpPort}/`);
  assert.equal(await attempt(site, "localStorage.length"), 0);
  const [popup] = await Promise.all([site.waitForEvent("popup"), site.evaluate(`void (window.opened = open("${base}#/files"))`)]);
  await popup.getByRole("heading", { level: 1, name: "Files" }).waitFor();
  for (const reach of ["opened.localStorage.length", "opened.document.title", "opened.fetch('/api/status')"]) assert.match(String(await attempt(site, reach)), /^(SecurityError|TypeError)$/, reach);
  assert.equal(await popup.evaluate("document.cookie"), "");
}

async function forges({ hosts: [host], browser }: Stage): Promise<void> {
  await using context = await browser.newContext();
  const { page: own } = await enter(context, host);
  const token = String(await own.evaluate('localStorage.getItem("holdfast.session")'));
  const site = await context.newPage();
  await site.goto(`http://welcome.localhost:${host.httpPort}/`);
  for (const base of [`http://127.0.0.1:${host.httpPort}`, `http://localhost:${host.httpPort}`]) {
    for (const path of ["/api/leave", "/api/links", "/api/sessions"]) {
      const [answer] = await Promise.all([
        site.waitForResponse(base + path),
        site.evaluate(`(() => {
          const form = Object.assign(document.createElement("form"), { method: "post", action: "${base}${path}", enctype: "text/plain", target: "${path}" });
          form.append(Object.assign(document.createElement("input"), { name: '{"isNow":true,"x":"', value: '"}' }));
          document.body.append(Object.assign(document.createElement("iframe"), { name: "${path}" }), form);
          form.submit();
        })()`),
      ]);
      assert.equal(answer.status(), 403, path);
    }
    // Also a page that has learned the token gets nowhere with it: its own origin gives it away.
    for (const header of ["authorization", "last-event-id"]) assert.equal(await attempt(site, `fetch("${base}/api/events", { headers: { "${header}": "Bearer ${token}" } })`), "TypeError");
    assert.equal(await attempt(site, `navigator.sendBeacon("${base}/api/leave", "{}") && "sent"`), "sent");
    assert.equal(await attempt(site, `new Promise((done) => { const stream = new EventSource("${base}/api/events"); stream.onerror = () => done("refused"); stream.onmessage = () => done("told"); })`), "refused");
  }
  assert.equal((await host.online()).includes("attic"), true, "it is still a member");
}

async function rebinds({ hosts: [host], browser }: Stage): Promise<void> {
  await using context = await browser.newContext();
  const { page: own } = await enter(context, host);
  const token = String(await own.evaluate('localStorage.getItem("holdfast.session")'));
  const page = await context.newPage();
  const answer = await page.goto(`http://${REBOUND}:${host.httpPort}/`);
  assert.equal(answer?.status(), 421);
  assert.doesNotMatch(await page.content(), /friends|attic/);
  for (const path of ["/api/status", "/api/events", "/", "/browser/browser.js", "/metrics"]) assert.equal(await attempt(page, `fetch("${path}", { headers: { authorization: "Bearer ${token}" } }).then((answer) => answer.status)`), 421, path);
}

async function takesOver({ hosts: [host], browser }: Stage): Promise<void> {
  await using context = await browser.newContext();
  const { page: own } = await enter(context, host);
  const base = `http://127.0.0.1:${host.httpPort}`;
  const site = await context.newPage();
  await site.goto(`http://welcome.localhost:${host.httpPort}/`);
  assert.equal(await attempt(site, `navigator.serviceWorker.register("${base}/browser/browser.js")`), "SecurityError");
  const files = await host.look<{ files: { site: string; path: string; id: string }[] }>("/sites/welcome/files");
  const script = files.files.find(({ path }) => path === "host.js")!;
  for (const path of [`/ipfs/${script.id}?format=raw`, `/api/sites/welcome/content/${script.path}`, "/browser/browser.js"]) {
    assert.match(String(await attempt(own, `navigator.serviceWorker.register("${path}").then(() => "registered")`)), /^(SecurityError|TypeError)$/, path);
    if (path !== "/browser/browser.js") assert.equal(await attempt(own, `import("${path}").then(() => "loaded")`), "TypeError", path);
  }
  // Text that others chose stays text, whatever a mistake of the pages would do with it.
  assert.equal(await attempt(own, `document.body.innerHTML = "<img src=x onerror=alert(1)>"`), "TypeError");
  assert.equal(await attempt(own, `Object.assign(document.createElement("script"), { text: "window.taken = true" })`), "TypeError");
  const framed = `new Promise((done) => { document.addEventListener("securitypolicyviolation", ({ effectiveDirective }) => done(effectiveDirective)); document.body.append(Object.assign(document.createElement("iframe"), { src: "http://welcome.localhost:${host.httpPort}/" })); })`;
  assert.equal(await attempt(own, framed), "frame-src", "nor does the Browser frame a site");
}
