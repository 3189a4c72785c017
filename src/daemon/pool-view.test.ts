import assert from "node:assert/strict";
import test from "node:test";
import type { NamespaceId } from "../codec/index.ts";
import type { PoolViewParts } from "./pool-view.ts";
import { PoolView, shortWords } from "./pool-view.ts";

test("what is missing and made anew is said beside what everything survives", () => {
  assert.equal(shortWords(0), "");
  assert.equal(shortWords(1), " 1 piece is missing and is made anew.");
  assert.equal(shortWords(4), " 4 pieces are missing and are made anew.");
});

test("where a site is kept is told under its own name, however that was typed", async () => {
  const namespace = "b" as NamespaceId;
  const asked: NamespaceId[] = [];
  const whereaboutsIn = (which: NamespaceId): readonly never[] => (asked.push(which), []);
  const parts = { sites: { find: (name: string) => (name.toLowerCase() === "blog" ? { name: "blog", namespace } : undefined) }, pool: { upkeep: { whereaboutsIn, whereabouts: () => undefined } } };
  const view = new PoolView(parts as unknown as PoolViewParts);
  assert.deepEqual(await view.where("Blog"), { what: "site", id: "blog", survives: null, packs: [], more: 0 });
  assert.deepEqual(asked, [namespace]);
  await assert.rejects(view.where("wiki"), { code: "UNKNOWN_PACK" });
});
