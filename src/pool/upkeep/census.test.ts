import assert from "node:assert/strict";
import test from "node:test";
import type { PackId } from "../../codec/index.ts";
import type { Env } from "../../platform/index.ts";
import type { PoolParts } from "../parts.ts";
import type { Catalog } from "../record/catalog.ts";
import { condemnedCodec } from "../record/fate.ts";
import { Village, content, copies } from "../fakes/village.ts";
import { condemnedKey } from "../record/keys.ts";
import { CensusTaker } from "./census.ts";

const MIB = 2 ** 20;

test("a look through all packs says what everything survives, what is short, and what would go with each host", async () => {
  const village = await Village.build({ hosts: 4 });
  const [attic] = village.villagers;
  const nothing = await attic!.pool.upkeep.census();
  assert.deepEqual([nothing.packs, nothing.survives, nothing.hosts.size], [0, null, 0]);
  const wide = await attic!.pool.store(village.namespace, content(2 * MIB), copies(3));
  const lone = await attic!.pool.store(village.namespace, content(MIB, 2), copies(1));
  const census = await village.at(3).pool.upkeep.freshCensus();
  assert.deepEqual([census.packs, census.contentBytes, census.pieceBytes, census.survives, census.shortPieces], [2, 3 * MIB, 7 * MIB, 0, 0]);
  assert.deepEqual([...census.people], [[village.owner, 7 * MIB]]);
  const [keeper] = lone.holders;
  assert.deepEqual([census.hosts.get(keeper!)?.solePacks, census.hosts.get(keeper!)?.soleBytes], [1, MIB]);
  assert.equal([...census.hosts.values()].reduce((sum, { pieces }) => sum + pieces, 0), 4);
  const condemned = { namespace: village.namespace, key: condemnedKey(lone.pack) };
  await attic!.records.write([{ ...condemned, value: condemnedCodec.encode({ sinceMs: 1 }) }]);
  assert.equal((await attic!.pool.upkeep.freshCensus()).survives, 2, "what is meant to be deleted need not survive");
  await attic!.records.write([{ ...condemned, value: null }]);
  village.gone.add(wide.holders.find((host) => host !== keeper)!);
  const after = await village.at(2).pool.upkeep.freshCensus();
  assert.deepEqual([after.shortPacks, after.shortPieces, after.shortBytes, after.unreadablePacks], [1, 1, 2 * MIB, 0]);
  assert.deepEqual([...after.people], [[village.owner, 7 * MIB]], "what is to be made anew takes the space that was lost");
  await village.close();
});

test("what would go with a host is counted of one that is declared gone, or suspect, as well, and of no member that was removed", async () => {
  const village = await Village.build({ hosts: 4 });
  const { holders } = await village.at(0).pool.store(village.namespace, content(MIB), copies(1));
  const keeper = holders[0]!;
  const asked = village.villagers.find(({ host }) => host !== keeper)!;
  const member = village.members.get(keeper)!;
  const taken = async (): Promise<unknown> => {
    const census = await asked.pool.upkeep.freshCensus();
    const { solePacks, soleBytes, awaitedPieces } = census.hosts.get(keeper) ?? {};
    return [census.pieceBytes, census.unreadablePacks, solePacks, soleBytes, awaitedPieces];
  };
  village.members.set(keeper, { ...member, isSuspect: true, isDraining: true });
  assert.deepEqual(await taken(), [0, 1, 1, MIB, 1]);
  village.members.set(keeper, member);
  village.gone.add(keeper);
  assert.deepEqual(await taken(), [0, 1, 1, MIB, 1]);
  village.members.delete(keeper);
  assert.deepEqual(await taken(), [0, 1, undefined, undefined, undefined]);
  await village.close();
});

test("whoever asks what is known waits a moment at most for a long look through all packs: at first it is known how far that is, later what was found last", async () => {
  const village = await Village.build({ hosts: 1 });
  const { host, records } = village.at(0);
  let [gate, nowMs, packs] = [Promise.withResolvers<void>(), 0, 300];
  const waits: number[] = [];
  const env: Env = { ...village.env, clock: { wallMs: () => nowMs, monotonicMs: () => nowMs }, timers: { after: (ms, fire) => (waits.push(ms), setImmediate(fire), { cancel() {} }), sleep: () => gate.promise } };
  const facts = { namespace: village.namespace, pack: "pack" as PackId, k: 1, m: 0, copies: 1, sizeBytes: 1, pieceBytes: 1, roots: [] };
  const all = function* (): Generator<typeof facts> {
    for (let pack = 1; pack <= packs; pack += 1) {
      // So long as to let others have their turn, once.
      if (pack === 256) nowMs += 4;
      yield facts;
    }
  };
  const catalog = { all, holdings: () => [] } as unknown as Catalog;
  const taker = new CensusTaker(env, { self: host, records, roster: () => village.roster(), presence: () => "online" } as unknown as PoolParts, catalog);
  const { signal } = new AbortController();
  const soFar = await taker.knownWithin(10, signal);
  assert.deepEqual([soFar.isWhole, soFar.packs, soFar.pieceBytes, soFar.survives], [false, 255, 0, null]);
  nowMs = 7;
  assert.equal((await taker.knownWithin(10, signal)).isWhole, false);
  nowMs = 70;
  assert.equal((await taker.knownWithin(10, signal)).isWhole, false);
  assert.deepEqual(waits, [10, 3, 0], "whoever asks later waits less");
  gate.resolve();
  assert.deepEqual([(await taker.census(signal)).packs, (await taker.census(signal)).isWhole], [300, true]);
  [gate, nowMs, packs] = [Promise.withResolvers<void>(), 10_000, 400];
  const older = await taker.knownWithin(10, signal);
  assert.deepEqual([older.packs, older.isWhole], [300, true]);
  gate.resolve();
  assert.equal((await taker.census(signal)).packs, 400);
  await village.close();
});

test("a look through all packs counts hosts that are away as away in what is survived from now on", async () => {
  const village = await Village.build({ hosts: 4 });
  await village.at(0).pool.store(village.namespace, content(MIB), copies("all"));
  const taken = async (): Promise<readonly (number | null)[]> => {
    const { survives, survivesNow, unreadablePacks } = await village.at(0).pool.upkeep.freshCensus();
    return [survives, survivesNow, unreadablePacks];
  };
  assert.deepEqual(await taken(), [3, 3, 0]);
  village.net.down.add(village.at(2).host).add(village.at(3).host);
  assert.deepEqual(await taken(), [3, 1, 0]);
  await village.close();
});

test("a pack's whereabouts name its hosts, how they stand, and whoever may hold it", async () => {
  const village = await Village.build({ hosts: 4 });
  const { pack, holders } = await village.at(0).pool.store(village.namespace, content(MIB), copies(2));
  const member = village.members.get(holders[0]!)!;
  village.members.set(member.host, { ...member, isDraining: true });
  const found = village.at(1).pool.upkeep.whereabouts(pack)!;
  assert.deepEqual(found.redundancy, { kind: "copies", copies: 2 });
  assert.deepEqual(found.places.map(({ host, index, stay }) => [host, index, stay]), holders.map((host) => [host, 0, host === holders[0] ? "leaves" : "stays"]).sort((a, b) => found.places.findIndex(({ host }) => host === a[0]) - found.places.findIndex(({ host }) => host === b[0])));
  assert.equal(found.survives, 1);
  assert.deepEqual([...village.at(1).pool.upkeep.whereaboutsIn(village.namespace)], [found]);
  assert.equal(village.at(1).pool.upkeep.whereabouts("nothing" as typeof pack), undefined);
  await village.close();
});
