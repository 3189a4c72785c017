import test from "node:test";
import { Bench } from "../cluster/harness.ts";
import { tryAttacks } from "./attacks.ts";
import { openBrowser } from "./browser.ts";
import { tryCounting } from "./counting.ts";
import { tryFirstRun } from "./first-run.ts";
import { tryLargeNetwork } from "./large.ts";
import { tryMoving } from "./moving.ts";
import { tryBrowser } from "./pages.ts";
import { setUp, tryLosingHosts, tryPublishedSites } from "./sample-site.ts";
import { tryResuming } from "./resuming.ts";
import { buildBrowser } from "./stage.ts";

// One network of three hosts and one Chromium for all that is tried in a real browser: making a network takes longer than most of it.

test("sites and the Browser in Chromium", { timeout: 300_000 }, async (t) => {
  await using bench = await Bench.make();
  await using browser = await openBrowser();
  const [stage] = await Promise.all([setUp(bench, browser), buildBrowser()]);
  await t.test("published sites", (t) => tryPublishedSites(t, stage));
  await t.test("the Browser", (t) => tryBrowser(t, stage));
  await t.test("attacks on the Browser", (t) => tryAttacks(t, stage));
  await t.test("whoever has no host creates a network in the set-up and goes on in its Browser, and a friend nearby asks there with one click and is let in with another", () => tryFirstRun(stage));
  await t.test("a list of 5,000 sites and 100 hosts stays usable", (at) => tryLargeNetwork(at, browser));
  await t.test("a download goes on where it was when its connection broke", () => tryResuming(browser));
  await t.test("a host is removed by nobody who has not been told what would be lost with it", () => tryCounting(browser));
  await t.test("in the demo, the Browser whose host is unplugged goes on at another", () => tryMoving(browser));
  await t.test("sites whose hosts are lost", (t) => tryLosingHosts(t, stage));
});
