import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import type { TestContext } from "node:test";
import type { AccountId, HostId, NamespaceId } from "../codec/index.ts";
import type { PartingRow, PersonRow } from "../door/index.ts";
import { messageOf } from "../platform/index.ts";
import type { SiteInfo } from "../site/index.ts";
import { DataDirectory } from "./directory.ts";
import { env } from "./fakes/board.ts";
import type { TestMember } from "./fakes/circle.ts";
import { Circle } from "./fakes/circle.ts";
import { LiveSettings } from "./live-settings.ts";
import { MirrorChoice } from "./mirror-choice.ts";
import type { UpkeepParts } from "./upkeep.ts";
import { HostUpkeep } from "./upkeep.ts";

interface Bench {
  readonly upkeep: HostUpkeep;
  readonly directory: DataDirectory;
  readonly resized: number[];
}

/** The one site that there is. It is found in capitals too, as every site is. */
const blog: SiteInfo = { name: "blog", namespace: "b" as NamespaceId, owner: "o" as AccountId, standing: "final", head: undefined };
const sites: UpkeepParts["sites"] = { list: () => [blog], find: (name) => (name.toLowerCase() === blog.name ? blog : undefined) };

const nothing: PartingRow = { host: "", name: "", pieces: 0, pieceBytes: 0, solePacks: 0, soleBytes: 0, riskyPacks: 0, awaitedPieces: 0, awaitedShards: 0, isDraining: false };

async function bench(t: TestContext, { identity, cluster, records, membership, name }: TestMember, parting: Partial<PartingRow> = {}): Promise<Bench> {
  const path = await mkdtemp(join(tmpdir(), "holdfast-upkeep-"));
  t.after(() => rm(path, { recursive: true }));
  const directory = new DataDirectory(path);
  await directory.writeSettings({ hostName: name, zone: name, capacityBytes: 1000, httpPort: 4280 });
  const settings = await LiveSettings.open(directory);
  const resized: number[] = [];
  const store = { usedBytes: 400, resize: (bytes: number): void => void resized.push(bytes) };
  const view: UpkeepParts["view"] = { pool: unused, used: async () => new Map([...cluster.register.members.values()].filter(({ name: each }) => each === "barn").map(({ account }) => [account, 12])), where: unused, parting: async (host) => (cluster.member(host) === undefined ? null : { ...nothing, isDraining: cluster.member(host)!.isDraining, ...parting }) };
  return { directory, resized, upkeep: new HostUpkeep(env, { directory, identity, settings, cluster, records, membership, store, view, mirrors: new MirrorChoice(settings), sites, pool: { reconsider: () => {} } }) };
}

function unused(): never {
  throw new Error("these tests do not need that");
}

const refused = (code: string) => (error: unknown) => messageOf(error).includes(code);

test("a host is emptied by its person, by an administrator or by itself, and filled again; by nobody else", async (t) => {
  await using circle = await Circle.of("attic", "barn", "cellar");
  const [attic, barn, cellar] = circle.members as [TestMember, TestMember, TestMember];
  const [founder, own, other] = [await bench(t, attic), await bench(t, barn), await bench(t, cellar)];
  const isDraining = (): boolean => attic.cluster.member(barn.id)!.isDraining;
  await own.upkeep.drain(barn.id, true);
  assert.ok(isDraining());
  await founder.upkeep.drain(barn.id, false);
  assert.ok(!isDraining());
  await assert.rejects(other.upkeep.drain(barn.id, true), refused("NOT_ADMINISTRATOR"));
  await assert.rejects(other.upkeep.drain("nobody" as HostId, true), { code: "NO_SUCH_HOST" });
  assert.ok(!isDraining());
});

test("a new capacity is on the disk, in the store and in the host's card, and more than the disk has is refused", async (t) => {
  await using circle = await Circle.of("attic");
  const [attic] = circle.members as [TestMember];
  const { upkeep, directory, resized } = await bench(t, attic);
  assert.deepEqual(await upkeep.resize(2000), { capacityBytes: 2000, usedBytes: 400 });
  assert.deepEqual(await directory.settings(), { hostName: "attic", zone: "attic", capacityBytes: 2000, httpPort: 4280 });
  await assert.rejects(upkeep.resize(Number.MAX_SAFE_INTEGER), { code: "CAPACITY_TOO_LARGE" });
  assert.deepEqual(resized, [2000]);
});

test("an administrator sets quotas and takes them back, of people who are there", async (t) => {
  await using circle = await Circle.of("attic", "barn");
  const [attic, barn] = circle.members as [TestMember, TestMember];
  const [founder, guest] = [await bench(t, attic), await bench(t, barn)];
  const person = attic.cluster.member(barn.id)!.account;
  const quotaOf = async (who = person): Promise<PersonRow | undefined> => (await founder.upkeep.people()).find(({ id }) => id === who);
  const row = { id: person, name: "barn", hosts: ["barn"], isAdministrator: false, usedBytes: 12 };
  assert.equal((await quotaOf(attic.cluster.member(attic.id)!.account))?.usedBytes, 0, "who has put nothing takes nothing");
  assert.deepEqual(await quotaOf(), { ...row, quotaBytes: 1000, quotaFrom: "share" });
  await founder.upkeep.setQuota(person, 77);
  assert.deepEqual(await quotaOf(), { ...row, quotaBytes: 77, quotaFrom: "administrator" });
  await founder.upkeep.setQuota(person, null);
  assert.deepEqual(await quotaOf(), { ...row, quotaBytes: 1000, quotaFrom: "share" });
  await assert.rejects(guest.upkeep.setQuota(person, 1e12), refused("NOT_ADMINISTRATOR"));
  await assert.rejects(founder.upkeep.setQuota("nobody" as AccountId, 1), { code: "NO_SUCH_PERSON" });
});

test("a site is mirrored by its name however that is typed, and no longer", async (t) => {
  await using circle = await Circle.of("attic");
  const { upkeep } = await bench(t, circle.members[0]!);
  assert.deepEqual(await upkeep.mirror("Blog", true), { isAll: false, sites: ["blog"], releasing: [] });
  assert.deepEqual(await upkeep.mirror("BLOG", false), { isAll: false, sites: [], releasing: ["blog"] });
  await assert.rejects(upkeep.mirror("wiki", true), { code: "NO_SITE" });
});

test("a host leaves by its person's word when it is empty, and before that only at once", async (t) => {
  await using circle = await Circle.of("attic", "barn", "cellar");
  const [attic, barn, cellar] = circle.members as [TestMember, TestMember, TestMember];
  const isMember = (member: TestMember): boolean => attic.cluster.register.members.has(member.id);
  const own = await bench(t, barn);
  await assert.rejects(own.upkeep.leave(false), { code: "NOT_DRAINED" });
  await own.upkeep.drain(barn.id, true);
  await assert.rejects((await bench(t, barn, { awaitedPieces: 1 })).upkeep.leave(false), { code: "NOT_DRAINED" });
  await assert.rejects((await bench(t, barn, { awaitedShards: 1 })).upkeep.leave(false), { code: "NOT_DRAINED" });
  assert.ok(isMember(barn));
  await own.upkeep.leave(false);
  assert.ok(!isMember(barn));
  await (await bench(t, cellar, { awaitedPieces: 9 })).upkeep.leave(true);
  assert.ok(!isMember(cellar));
  assert.deepEqual(attic.cluster.register.removals.get(barn.id)?.honoured.length, 1, "what it wrote until now stays, the word that it leaves included");
  await assert.rejects((await bench(t, attic)).upkeep.leave(true), { code: "LAST_VOTER" });
});
