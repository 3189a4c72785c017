import assert from "node:assert/strict";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import type { Digests } from "../cluster/content.ts";
import { digestsBelow, filesBelow, textsIn, writeNoise } from "../cluster/content.ts";
import { Bench, allSee, until } from "../cluster/harness.ts";
import type { TestHost } from "../cluster/harness.ts";
import type { Household, Plan } from "../cluster/household.ts";
import { fetchOn, household, put } from "../cluster/household.ts";
import { packsOn, piecesOn, spreadOf } from "../cluster/pieces.ts";
import { MIB, SIZE, sized } from "../cluster/size.ts";

// Private content on eight hosts of unequal size is lost to no two of them, is whole again on the six that are left, and outlives two more.

const PIECES = 6;
const CODE = "4+2";
const COPIES = 5;
/** What the hosts offer, from the smallest to one ten times as large. */
const CAPACITY_BYTES = [0.3, 0.4, 0.5, 0.7, 1, 1.5, 2, 3].map((gigabytes) => Math.round(gigabytes * 1e10 * Math.max(SIZE, 0.1)));
const NAMES = ["loft", "shed", "barn", "attic", "cellar", "study", "porch", "vault"] as const;
const FRIENDS = ["shed", "study"];
/** Each host once. */
const PAIRS = [["loft", "vault"], ["shed", "porch"], ["barn", "study"], ["attic", "cellar"]] as const;
const PLANS: readonly Plan[] = NAMES.map((name, at) => ({ name, capacityBytes: CAPACITY_BYTES[at]!, ...(FRIENDS.includes(name) ? { isFriends: true as const } : {}) }));

/** Together 2 GiB in full size. A short run has a fiftieth of it: eight hosts and all who read from them share two cores. */
const CODED_BYTES = (SIZE < 1 ? 32 : 1536) * MIB;
const COPIED_BYTES = (SIZE < 1 ? 8 : 512) * MIB;
const SMALL_FILES = sized(500, 50);
/** Long enough that no key and no hash has it by chance. */
const MARK = "bladderwrack-in-plain-words-5140";
const SECRET_NAMES = ["secret-of-the-kelp-forest.bin", "größtes-geheimnis-9173"] as const;
const AWAY_FOR = "3s";
/** A host that is away is declared gone, and everything that it held is made anew, within this. */
const REPAIRED_WITHIN_MS = 60_000 + (CODED_BYTES / MIB) * 200;

interface Stored {
  readonly id: string;
  readonly digests: Digests;
}

interface Stage extends Household {
  readonly bench: Bench;
  /** The hosts that act for the person. */
  readonly readers: Set<TestHost>;
  readonly coded: Stored;
  readonly copied: Stored;
  readonly site: string;
}

async function secretFolder(bench: Bench): Promise<string> {
  const folder = join(bench.folder, "secret");
  await writeNoise(join(folder, SECRET_NAMES[0]), CODED_BYTES, Buffer.from(MARK));
  for (let at = 0; at < SMALL_FILES; at += 1) await writeNoise(join(folder, SECRET_NAMES[1], String(at % 7), `${at}.txt`), (at * 97) % 9000, Buffer.from(MARK));
  return folder;
}

async function copiedFolder(bench: Bench): Promise<string> {
  const folder = join(bench.folder, "copied");
  await writeNoise(join(folder, "diary.bin"), COPIED_BYTES, Buffer.from(MARK));
  return folder;
}

async function setUp(bench: Bench): Promise<Stage> {
  const house = await household(bench, PLANS);
  const [author] = house.own as [TestHost];
  const [secret, copies, site] = [await secretFolder(bench), await copiedFolder(bench), join(bench.folder, "site")];
  await mkdir(site);
  await writeFile(join(site, "index.html"), "<h1>kelp</h1>");
  await author.ask(["publish", site, "--name", "kelp", "--copies", String(COPIES)]);
  await author.ask(["kv", "put", "notes", "kelp", "holds"]);
  const coded = { id: await put(author, secret, "--code", CODE), digests: await digestsBelow(secret) };
  const copied = { id: await put(author, copies, "--copies", String(COPIES)), digests: await digestsBelow(copies) };
  assert.equal(coded.digests.size, SMALL_FILES + 1);
  return { bench, ...house, readers: new Set(house.own), coded, copied, site: "kelp" };
}

test("private content on eight unequal hosts outlives any two of them, is repaired on the six, and outlives two more", { timeout: 3_600_000 }, async (t) => {
  await using bench = await Bench.make();
  const stage = await setUp(bench);
  const dead = new Set<TestHost>();
  const alive = (): TestHost[] => stage.all.filter((host) => !dead.has(host));
  const die = async (...names: readonly string[]): Promise<void> => {
    const victims = stage.all.filter(({ name }) => names.includes(name));
    for (const host of victims) dead.add(host);
    await Promise.all(victims.map((host) => host.kill()));
  };

  await t.test("pieces lie apart: no host has as many of a pack as would give it away, none holds more than it offered", () => liesApart(stage));
  await t.test("neither what is in private files nor how they are called is on any disk", () => isSealed(stage));
  for (const [a, b] of SIZE < 1 ? [] : PAIRS) await t.test(`without ${a} and ${b} everything is read, and they return`, () => returns(stage, [a, b]));
  for (const setting of ["repair-after", "gone-after"]) await stage.own[0]!.ask(["network", "set", setting, AWAY_FOR]);
  await t.test("the author's disk and another host are lost, and whoever has the phrase reads everything on any host", async () => {
    await die("loft", "vault");
    for (const folder of [stage.own[0]!.data, stage.own[0]!.config]) await rm(folder, { recursive: true });
    await goesOn(stage, stage.friends[0]!);
    await readsAll(stage, alive());
  });
  await t.test("what they held is made anew on the six that are left", () => isWhole(alive()));
  await t.test("without two more everything is read, records included", async () => {
    await die("porch", "barn");
    await readsAll(stage, alive());
    for (const host of alive()) assert.equal((await host.ask<{ values: { base64: string }[] }>(["kv", "get", "notes", "kelp"])).values[0]?.base64, Buffer.from("holds").toString("base64"), host.name);
  });
});

async function liesApart({ all }: Stage): Promise<void> {
  const packs = await packsOn(all);
  let coded = 0;
  for (const [pack, pieces] of packs) {
    if (!pieces.some(({ index }) => index > 0)) continue;
    coded += 1;
    assert.equal(spreadOf(pieces), PIECES, `pack ${pack} has ${PIECES} pieces on hosts of their own`);
    assert.equal(new Set(pieces.map(({ disk }) => disk)).size, pieces.length, `no host has two pieces of ${pack}`);
  }
  assert.ok(coded * 16 * MIB >= CODED_BYTES, `${coded} packs are coded`);
  const held = await Promise.all(all.map(async (host) => (await piecesOn(host)).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)));
  for (const [at, bytes] of held.entries()) assert.ok(bytes > 0 && bytes <= CAPACITY_BYTES[at]!, `${NAMES[at]} holds ${bytes} of ${CAPACITY_BYTES[at]} bytes`);
}

async function isSealed({ all }: Stage): Promise<void> {
  const wanted = [MARK, ...SECRET_NAMES];
  for (const host of all) {
    for (const path of await filesBelow(host.data)) assert.deepEqual(await textsIn(path, wanted), [], path);
  }
}

/** All hosts that act for the person give back every byte of the private content; every host serves the site. */
async function readsAll({ readers, coded, copied, site }: Stage, hosts: readonly TestHost[]): Promise<void> {
  for (const host of hosts) {
    await until(`${host.name} serves the site`, 60_000, async () => (await host.get(site)).text === "<h1>kelp</h1>");
    if (!readers.has(host)) continue;
    for (const { id, digests } of [coded, copied]) {
      const folder = await fetchOn(host, id);
      assert.deepEqual(await digestsBelow(folder), digests, `${host.name} gives back ${id}`);
      await rm(folder, { recursive: true });
    }
  }
}

/** Every pack has all its pieces again, each on a living host of its own. */
async function isWhole(hosts: readonly TestHost[]): Promise<void> {
  await until("all packs are whole", REPAIRED_WITHIN_MS, async () => {
    const packs = [...(await packsOn(hosts)).values()];
    return packs.every((pieces) => (pieces.some(({ index }) => index > 0) ? spreadOf(pieces) === PIECES : pieces.length >= COPIES));
  });
}

/** A friend's host acts for the person from now on. */
async function goesOn(stage: Stage, friend: TestHost): Promise<void> {
  assert.deepEqual(await friend.ask(["ls"]), [], "a friend has nothing of it");
  await friend.ask(["key", "import"], stage.phrase);
  await friend.kill("SIGTERM");
  await friend.up();
  stage.readers.add(friend);
  await until("the friend's host knows what there is", 30_000, async () => (await friend.run(["ls", "--json"])).stdout.includes(stage.coded.id));
}

async function returns(stage: Stage, names: readonly string[]): Promise<void> {
  const away = stage.all.filter(({ name }) => names.includes(name));
  await Promise.all(away.map((host) => host.kill()));
  await readsAll(stage, stage.all.filter((host) => !away.includes(host)));
  await Promise.all(away.map((host) => host.up()));
  await allSee(stage.all, 30_000);
}
