import assert from "node:assert/strict";
import test from "node:test";
import type { NamespaceId } from "../codec/index.ts";
import type { PoolViewParts } from "./pool-view.ts";
import { PoolView, poolHealth } from "./pool-view.ts";

test("one sentence says what everything survives, and what is made anew", () => {
  const whole = { packs: 3, survives: 2, unreadablePacks: 0, shortPieces: 0 };
  assert.equal(poolHealth({ ...whole, packs: 0, survives: null }), "Nothing is kept yet.");
  assert.equal(poolHealth(whole), "Everything survives the loss of any 2 hosts.");
  assert.equal(poolHealth({ ...whole, survives: 1, shortPieces: 1 }), "Everything survives the loss of any 1 host. 1 piece is missing and is made anew.");
  assert.equal(poolHealth({ ...whole, survives: 0 }), "Something is lost with the next host that is.");
  assert.match(poolHealth({ ...whole, survives: 0, unreadablePacks: 2, shortPieces: 4 }), /^Of 2 packs too few pieces are in sight.*4 pieces are missing and are made anew\.$/);
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
