import assert from "node:assert/strict";
import test from "node:test";
import type { SiteRow } from "../../door/index.ts";
import { machineEnv, silentLog } from "../../platform/index.ts";
import { siteTable } from "./sites.ts";

const env = { ...machineEnv(silentLog), clock: { wallMs: () => 60_000, monotonicMs: () => 0 } };

function row(name: string, survives: number | null, survivesNow: number | null, ...away: string[]): SiteRow {
  const head = survives === null ? null : { sequence: 1, root: "r", files: 2, sizeBytes: 3000, publishedMs: 0 };
  return { name, address: `http://${name}.localhost:4280/`, lanAddress: null, namespace: "n", owner: "o", standing: "final", head, survives, survivesNow, holders: ["attic", "barn", ...away], away };
}

test("the list of sites counts hosts that are away as away in what each survives, and names them", () => {
  const listed = siteTable({ env }, [row("blog", 3, 1, "study", "garden"), row("film", 1, 0, "study"), row("map", 0, -1, "study"), row("note", 1, 1), row("poem", 0, 0), row("song", null, null), row("tale", -1, -1), row("wiki", -1, -1, "study")]);
  const cells = listed.split("\n").slice(1, 9).map((line) => line.split(/ {2,}/)[5]);
  assert.deepEqual(cells, ["any 1 more lost", "no more loss", "not all is here", "any 1 lost", "no loss", "-", "not all is in sight", "not all is in sight"]);
  assert.match(listed, /Copies on hosts that are away are not counted: garden, study\.\n$/);
  assert.doesNotMatch(siteTable({ env }, [row("note", 1, 1)]), /away/);
});
