import assert from "node:assert/strict";
import test from "node:test";
import type { YearsOptions, YearsReport } from "./years.ts";
import { DAY_MS } from "./machines.ts";
import { Years } from "./years.ts";

/** 1 in the soak: everything in full. */
const isFull = process.env["HOLDFAST_SIZE"] === "1";

const HOSTS = 100;
const PACKS = isFull ? 300 : 30;
const YEARS = isFull ? 5 : 0.25;

function play(options: Partial<YearsOptions>): Promise<YearsReport> {
  return new Years({ seed: 1, hosts: HOSTS, packs: PACKS, years: YEARS, isGentle: true, ...options }).play();
}

function summaryOf({ fetchedBytes, neededBytes, pieces, orders, disksLost, absences, timeBySpare, lostPacks, refused }: YearsReport): string {
  const shares = timeBySpare.map((share, at) => `${at === 0 ? "unreadable" : `${at - 1} spare`} ${(share * 100).toFixed(3)} %`).join(", ");
  const gib = (bytes: number): string => (bytes / 2 ** 30).toFixed(2);
  return `${disksLost} disks lost, ${absences} absences, ${lostPacks} packs lost; ${orders} orders, ${pieces} pieces made, ${gib(fetchedBytes)} GiB fetched, ${gib(neededBytes)} of it for lost disks; refused ${JSON.stringify(refused)}; ${shares}`;
}

/** What holds in every run. */
function check(report: YearsReport): void {
  assert.equal(report.vanishedPieces, 0, "a piece went though its disk was sound");
  assert.equal(report.doubled, 0, "a host got two pieces of one pack");
  assert.equal(report.ordersOfTheMinority, 0);
}

test("a hundred hosts lose nothing in years of failures as long as no more than m of a pack's hosts are down at once", async (t) => {
  const report = await play({});
  t.diagnostic(summaryOf(report));
  check(report);
  assert.equal(report.lostPacks, 0);
  assert.equal(report.timeBySpare[0], 0, "everything could be read at every moment");
  assert.ok(report.disksLost > 5 * YEARS && report.absences > 1000 * YEARS, "enough went wrong");
  assert.ok(report.neededBytes > 0 && report.fetchedBytes < 20 * report.neededBytes, "repair does not run after every absence");
});

test("a hundred hosts that fail as homes do lose nothing, and are all but always readable", async (t) => {
  const report = await play({ isGentle: false, seed: 2 });
  t.diagnostic(summaryOf(report));
  check(report);
  assert.equal(report.lostPacks, 0);
  assert.ok((report.timeBySpare[0] ?? 0) < 0.001, "all but never unreadable");
});

test("a second coordinator whose records are up to a day old does no harm", async (t) => {
  const [alone, rivalled] = [await play({ seed: 3, years: YEARS / 2 }), await play({ seed: 3, years: YEARS / 2, hasRival: true })];
  t.diagnostic(`alone: ${summaryOf(alone)}`);
  t.diagnostic(`with a rival: ${summaryOf(rivalled)}`);
  check(rivalled);
  assert.equal(rivalled.lostPacks, 0);
  assert.ok(rivalled.orders > 1.5 * rivalled.pieces, `${rivalled.orders} orders, most of the second one's for what was there already`);
  assert.ok(rivalled.pieces < 1.5 * alone.pieces + 10, `${rivalled.pieces} pieces made, ${alone.pieces} without it`);
});

test("a partition of days starts nothing in its minority, and in its majority only what one more loss would destroy", async (t) => {
  const report = await play({ seed: 4, years: 0.1, isParted: true });
  t.diagnostic(summaryOf(report));
  check(report);
  assert.equal(report.lostPacks, 0);
  assert.ok(report.pieces < PACKS * 2, `${report.pieces} pieces made`);
});

test("the simulation finds a planner that takes hosts that are away for present", async () => {
  const report = await play({ mistake: "counts-who-is-away", weather: { upMs: 100 * DAY_MS, lifeMs: 200 * DAY_MS }, years: 1, hosts: 20 });
  assert.ok(report.lostPacks > 0, summaryOf(report));
});

test("the simulation finds a host that deletes what was made elsewhere in its absence", async () => {
  const report = await play({ mistake: "deletes-what-was-replaced", years: 0.2, hosts: 30 });
  assert.ok(report.vanishedPieces > 0, summaryOf(report));
});
