import assert from "node:assert/strict";
import test from "node:test";
import type { PoolRow } from "../../door/index.ts";
import { poolWords } from "./pool.ts";

test("a host that is emptied is not said to be before all packs are counted", () => {
  const host = { id: "host", name: "attic", zone: "home", presence: "online", capacityBytes: 100, usedBytes: null, pieces: 1, pieceBytes: 10, isDraining: true, isSuspect: false } as const;
  const row = (isCounting: boolean, awaitedPieces: number | null): PoolRow => ({
    offeredBytes: 100,
    usedBytes: 10,
    freeBytes: 90,
    isCounting,
    packs: 1,
    contentBytes: 5,
    pieceBytes: 10,
    survives: null,
    survivesNow: null,
    health: "all well",
    repair: { shortPacks: 0, shortPieces: 0, shortBytes: 0, unreadablePacks: 0, secondsLeft: null },
    hosts: [{ ...host, awaitedPieces }],
    people: [],
  });
  assert.match(poolWords(row(false, 0)), /takes 10 B\.\n[^]*attic +online, emptied /);
  assert.match(poolWords(row(false, 3)), /attic +online, being emptied, 3 to go /);
  assert.match(poolWords(row(true, null)), /takes 10 B, as far as it is counted\.\n[^]*attic +online, being emptied  /);
});
