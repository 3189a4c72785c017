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

test("the pool answers while packs are counted for the first time, with those so far, and does not say that a host is emptied", async () => {
  const attic = { host: "attic", name: "attic", zone: "home", capacityBytes: 100, isDraining: true, isSuspect: false, isGone: false };
  const people = new Map([["person", { account: "person", name: "Ada", quotaBytes: 50 }]]);
  const hosts = new Map([["attic", { pieces: 3, pieceBytes: 30, awaitedPieces: 0 }]]);
  const sums = { packs: 3, contentBytes: 15, pieceBytes: 30, survives: null, survivesNow: null, unreadablePacks: 0, shortPacks: 0, shortPieces: 0, shortBytes: 0, hosts, people: new Map() };
  const viewWhen = (isWhole: boolean): PoolView =>
    new PoolView({
      cluster: { self: "attic", register: { members: new Map([["attic", attic]]), people } },
      liveness: { presence: () => "online" },
      store: { usedBytes: 30, availableBytes: async () => 70 },
      pool: { repairStanding: async () => undefined, upkeep: { knownCensus: async () => ({ ...sums, isWhole }) } },
    } as unknown as PoolViewParts);
  const found = await viewWhen(false).pool();
  assert.deepEqual([found.isCounting, found.packs, found.pieceBytes, found.hosts[0]?.pieces, found.hosts[0]?.awaitedPieces], [true, 3, 30, 3, null]);
  assert.equal(found.health, "What everything survives is being counted: 3 packs so far.");
  assert.equal(await viewWhen(false).used(), undefined);
  const whole = await viewWhen(true).pool();
  assert.deepEqual([whole.isCounting, whole.hosts[0]?.awaitedPieces], [false, 0]);
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
