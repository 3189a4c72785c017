import assert from "node:assert/strict";
import test from "node:test";
import type { HostId, PackId } from "../../codec/index.ts";
import { idFromBytes } from "../../codec/index.ts";
import { sha256 } from "../../crypto/index.ts";
import { Village, keyOf } from "../fakes/village.ts";
import type { PackFacts } from "../record/catalog.ts";
import type { Standing } from "./standing.ts";
import { Survey } from "./survey.ts";

const { signal } = new AbortController();
const PIECE_BYTES = 1000;

/** A survey on the host at 0 of packs that are made up, which hosts claim by number; of -1 nobody has heard for long. */
async function surveyed({ hosts, isFull = () => false, capacity }: { readonly hosts: number; readonly isFull?: (number: number) => boolean; readonly capacity?: number }) {
  const village = await Village.build({ hosts });
  const dead = idFromBytes<HostId>(keyOf("dead").publicKey);
  const hostAt = (number: number): HostId => village.villagers[number]?.host ?? dead;
  const packs = new Map<PackId, { readonly facts: PackFacts; holders: readonly number[] }>();
  const add = (name: string, holders: readonly number[], code: Pick<PackFacts, "k" | "m" | "copies">): PackId => {
    const pack = idFromBytes<PackId>(sha256(new TextEncoder().encode(name)));
    const roots = Array.from({ length: code.k === 1 ? 1 : code.k + code.m }, () => new Uint8Array(32));
    packs.set(pack, { facts: { namespace: village.namespace, pack, sizeBytes: code.k * PIECE_BYTES, pieceBytes: PIECE_BYTES, roots, ...code }, holders });
    return pack;
  };
  const catalog = {
    *all() {
      for (const { facts } of packs.values()) yield facts;
    },
    facts: (_: unknown, pack: PackId) => packs.get(pack)?.facts,
    holdings: (_: unknown, pack: PackId) => packs.get(pack)!.holders.map((number, index) => ({ host: hostAt(number), index: packs.get(pack)!.facts.k === 1 ? 0 : index })),
  };
  const gone = new Set<HostId>([dead]);
  const room = (host: HostId): number => (village.villagers.some((each, number) => each.host === host && isFull(number)) ? PIECE_BYTES - 1 : 1e9);
  const view = { self: hostAt(0), roster: () => village.roster(), presence: (host: HostId) => (gone.has(host) ? ("gone" as const) : ("online" as const)), freeBytes: room, store: { availableBytes: async () => room(hostAt(0)) } };
  const survey = new Survey(village.env, view, catalog, capacity);
  const standing = (host: HostId): Standing => (gone.has(host) ? "lost" : "here");
  return { survey, packs, add, gone, hostAt, look: () => survey.look(signal, standing), note: (pack: PackId) => survey.note(village.namespace, new Set([pack])), close: () => village.close() };
}

const THRICE = { k: 1, m: 0, copies: 3 } as const;

test("the survey queues what can be saved, however many packs are lost for good, and counts those all the same", async () => {
  const { survey, packs, add, gone, hostAt, look, note, close } = await surveyed({ hosts: 5, capacity: 100 });
  for (let at = 0; at < 150; at += 1) add(`lost ${at}`, [-1, 1], { k: 2, m: 1, copies: 1 });
  const endangered = Array.from({ length: 20 }, (_, at) => add(`endangered ${at}`, [-1, 0], THRICE));
  gone.add(hostAt(1));
  await look();
  assert.deepEqual(survey.queue.inOrder().map(({ pack }) => pack), endangered.toSorted());
  assert.deepEqual([survey.totals.shortPacks, survey.totals.unreadablePacks, survey.totals.shortPieces], [170, 150, 150 * 3 + 20 * 2]);
  survey.forget();
  assert.equal(survey.totals.shortPacks, 0);
  await look();
  assert.equal(survey.queue.inOrder().length, 20, "this host plans repair again");
  packs.get(endangered[0]!)!.holders = [0, 2, 3];
  note(endangered[0]!);
  await look();
  assert.equal(survey.queue.inOrder().length, 19);
  assert.equal(survey.totals.shortPacks, 169);
  gone.delete(hostAt(1));
  await look();
  assert.equal(survey.totals.unreadablePacks, 150, "one of two pieces is not enough");
  await close();
});

test("a pack stands in the queue once a host can take a piece of it: one that has none, and has room", async () => {
  const full = new Set([3]);
  const { survey, packs, add, look, note, close } = await surveyed({ hosts: 4, isFull: (number) => full.has(number) });
  const wide = add("on every host with room", [0, 1, 2, -1], { k: 2, m: 2, copies: 1 });
  const narrow = add("on one host", [0, -1, -1], THRICE);
  const queued = (): PackId[] => survey.queue.inOrder().map(({ pack }) => pack);
  await look();
  assert.deepEqual(queued(), [narrow]);
  assert.equal(survey.totals.shortPacks, 2);
  full.clear();
  await look();
  assert.deepEqual(new Set(queued()), new Set([wide, narrow]), "room was made");
  packs.get(wide)!.holders = [0, 1, 2, 3];
  note(wide);
  await look();
  assert.deepEqual(queued(), [narrow]);
  assert.equal(survey.totals.shortPacks, 1);
  await close();
});

test("a second piece goes to a host only where too few are there to keep pieces apart", async () => {
  const { survey, add, look, close } = await surveyed({ hosts: 3, isFull: (number) => number === 2 });
  const pack = add("three pieces for two hosts and a full one", [0, 1, -1], { k: 2, m: 1, copies: 1 });
  await look();
  assert.deepEqual(survey.queue.inOrder().map((need) => need.pack), [pack]);
  await close();
});

test("what was tried in vain leaves its place in the queue to what found none, for longer each time, until there is room for all", async () => {
  const { survey, packs, add, look, close } = await surveyed({ hosts: 3, capacity: 10 });
  const all = Array.from({ length: 35 }, (_, at) => add(`claimed falsely ${at}`, [0, -1, -1], THRICE)).sort();
  const tries: (readonly PackId[])[] = [];
  for (let turn = 0; turn < 5; turn += 1) {
    await look();
    tries.push(survey.queue.inOrder().map(({ pack }) => pack));
    for (const pack of tries.at(-1)!) survey.tried(pack, true);
    assert.equal(survey.totals.shortPacks, 35);
  }
  const [a, b, c] = [all.slice(0, 10), all.slice(10, 20), all.slice(20, 30)];
  assert.deepEqual(tries, [a, b, a, b, c], "the most urgent are back after the next ones, and then later");
  for (const pack of all.slice(8)) packs.delete(pack);
  await look();
  assert.deepEqual([survey.queue.inOrder().length, survey.totals.shortPacks], [0, 8]);
  await look();
  assert.deepEqual(survey.queue.inOrder().map(({ pack }) => pack), all.slice(0, 8));
  await close();
});
