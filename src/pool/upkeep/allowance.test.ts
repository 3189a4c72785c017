import assert from "node:assert/strict";
import test from "node:test";
import { delegate } from "../../cluster/index.ts";
import type { AccountId, PackId } from "../../codec/index.ts";
import { idFromBytes } from "../../codec/index.ts";
import type { Villager } from "../fakes/village.ts";
import { Village, content, copies, keyOf } from "../fakes/village.ts";
import { claimCodec, signClaim } from "../record/claim.ts";
import { claimKey, packKey } from "../record/keys.ts";
import { encodeBody, packIdOf, signPack } from "../record/pack-record.ts";
import { Catalog } from "../record/catalog.ts";
import type { StoredPack } from "../port.ts";
import { RESERVE, reserveAnswerCodec } from "../messages.ts";
import type { Asked } from "./allowance.ts";
import { Allowance } from "./allowance.ts";

const MIB = 2 ** 20;
const NO_PACKS = { facts: () => undefined, holdings: () => [] };

/** A village whose owner may take so much, and one host's judgement of it. */
async function bench(quotaBytes: number): Promise<{ village: Village; allowance: Allowance; asked: (sizeBytes: number, pack?: string) => Asked; pass: (ms: number) => void; stop: () => Promise<void> }> {
  const village = await Village.build({ hosts: 3, factor: 1 });
  village.people.set(village.owner, { account: village.owner, name: "owner", isAdministrator: true, quotaBytes, quotaFrom: "administrator" });
  const { host, records, pool } = village.at(0);
  const { clock } = village.env;
  let laterMs = 0;
  const later = { ...village.env, clock: { ...clock, monotonicMs: () => clock.monotonicMs() + laterMs } };
  const catalog = new Catalog(village.env, records);
  const endFollowing = catalog.follow();
  const allowance = new Allowance(later, { self: host, roster: () => village.roster(), records, catalog }, async () => (await pool.upkeep.freshCensus()).people);
  const end = allowance.follow();
  const asked = (sizeBytes: number, pack = "a".repeat(52)): Asked => ({ namespace: village.namespace, pack: pack as Asked["pack"], index: 0, sizeBytes });
  const stop = async (): Promise<void> => {
    end();
    endFollowing();
    await village.close();
  };
  return { village, allowance, asked, pass: (ms) => (laterMs += ms), stop };
}

test("a person's packs, the pieces promised to them and those that came since the last count all count, and the answer says by how much it is too much", async () => {
  const { village, allowance, asked, stop } = await bench(10 * MIB);
  const from = village.at(1).host;
  assert.deepEqual(await allowance.denial(from, asked(11 * MIB)), { kind: "overQuota", value: { overBytes: MIB } });
  assert.equal(await allowance.denial(from, asked(10 * MIB)), undefined);
  allowance.promised(from, asked(4 * MIB));
  assert.deepEqual(await allowance.denial(from, asked(7 * MIB, "b".repeat(52))), { kind: "overQuota", value: { overBytes: MIB } });
  allowance.released(asked(4 * MIB));
  assert.equal(await allowance.denial(from, asked(7 * MIB, "b".repeat(52))), undefined);
  await village.at(1).pool.store(village.namespace, content(2 * MIB), copies(3));
  assert.deepEqual(await allowance.denial(from, asked(5 * MIB)), { kind: "overQuota", value: { overBytes: MIB } });
  await stop();
});

test("what is missing of a pack that the records have may always come, and who is over quota may take again after deleting", async () => {
  const { village, allowance, asked, pass, stop } = await bench(6 * MIB);
  const from = village.at(1).host;
  const { pack } = await village.at(1).pool.store(village.namespace, content(2 * MIB), copies(3));
  village.people.set(village.owner, { ...village.people.get(village.owner)!, quotaBytes: MIB });
  assert.equal(await allowance.denial(from, asked(2 * MIB, pack)), undefined);
  assert.deepEqual(await allowance.denial(from, asked(MIB)), { kind: "overQuota", value: { overBytes: 6 * MIB } });
  await village.at(1).pool.remove(village.namespace, [pack]);
  pass(2_100);
  assert.equal(await allowance.denial(from, asked(MIB)), undefined);
  await stop();
});

test("a piece that was made whole again counts once", async () => {
  const village = await Village.build({ hosts: 3 });
  village.people.set(village.owner, { ...village.people.get(village.owner)!, quotaBytes: 3.5 * MIB });
  const store = async (sizeBytes: number, hosts: number): Promise<StoredPack> => await village.at(0).pool.store(village.namespace, content(sizeBytes, sizeBytes), copies(hosts));
  const { pack } = await store(MIB, 3);
  for (const villager of village.villagers) {
    villager.store.spoil(pack);
    await assert.rejects(villager.store.read(pack, 0, 0, MIB), { code: "PIECE_DAMAGED" });
    await village.turn(villager, "hold");
    assert.ok(villager.store.held(pack, 0));
  }
  assert.equal((await store(65_536, 1)).holders.length, 1);
  await village.close();
});

/** A pack's record as its owner signs it on a host, with no piece of it anywhere. */
function recordIn({ namespace, network, owner, ownerKey }: Village, { host, key }: Villager): { readonly pack: PackId; readonly record: Uint8Array } {
  const body = encodeBody({ k: 1, m: 0, copies: 3, sizeBytes: 2 * MIB, pieceBytes: 2 * MIB, roots: [new Uint8Array(32)], blobs: [], nonce: new Uint8Array(16) });
  return { pack: packIdOf(body), record: signPack(namespace, body, delegate(ownerKey, { network, account: owner, host, issuedMs: 1 }), key) };
}

test("a pack whose record came before its pieces counts like any other, until more hosts claim it than it takes to read it", async () => {
  const { village, allowance, asked, stop } = await bench(MIB);
  const { namespace } = village;
  const [, writer, holder] = village.villagers as [Villager, Villager, Villager];
  const { pack, record } = recordIn(village, writer);
  await writer.records.write([{ namespace, key: packKey(pack), value: record }]);
  const denial = async (from: Villager): Promise<string> => (await allowance.denial(from.host, asked(2 * MIB, pack)))?.kind ?? "none";
  const claim = ({ host, key }: Villager): Promise<unknown> => writer.records.write([{ namespace, key: claimKey(pack, 0, host), value: claimCodec.encode(signClaim(namespace, { pack, index: 0, host, sizeBytes: 2 * MIB }, key)) }]);
  assert.equal(await denial(writer), "overQuota", "the record says nothing of who keeps it");
  await claim(writer);
  assert.equal(await denial(writer), "overQuota", "nor does the word of the one host that asks");
  assert.equal(await denial(village.at(0)), "none", "repair goes by its own records");
  const member = village.members.get(writer.host)!;
  village.members.set(writer.host, { ...member, account: idFromBytes<AccountId>(keyOf("another person").publicKey) });
  assert.equal(await denial(writer), "none", "it hands on what it holds for another person");
  village.members.set(writer.host, member);
  await claim(holder);
  assert.equal(await denial(writer), "none");
  village.members.set(holder.host, { ...village.members.get(holder.host)!, isSuspect: true });
  assert.equal(await denial(writer), "overQuota", "what a suspect claims proves nothing");
  await stop();
});

test("nothing is promised in the name of an owner who is nobody, and asking again helps once they have been let in", async () => {
  const { village, allowance, asked, stop } = await bench(MIB);
  const { host: from } = village.at(1);
  const nobody = idFromBytes<AccountId>(keyOf("a key made a moment ago").publicKey);
  const namespace = await village.at(0).records.create({ ...village.genesis, owner: nobody });
  const piece = { ...asked(1), namespace };
  assert.equal((await allowance.denial(from, piece))?.kind, "later");
  assert.equal((await allowance.denial(village.at(0).host, piece))?.kind, "later");
  village.people.set(nobody, { ...village.people.get(village.owner)!, account: nobody, quotaBytes: 1 });
  assert.equal(await allowance.denial(from, piece), undefined);
  await stop();
});

test("a host that is asked for nothing remembers no claims; of very many it forgets what it counted, and counts anew", async () => {
  const village = await Village.build({ hosts: 2 });
  const [{ host, records }, { host: from }] = [village.at(0), village.at(1)];
  village.people.set(village.owner, { account: village.owner, name: "owner", isAdministrator: true, quotaBytes: 10 * MIB, quotaFrom: "administrator" });
  const { pack } = await village.at(0).pool.store(village.namespace, content(MIB), copies(1));
  const claim = records.localScan(village.namespace, { prefix: `claim/${pack}/` }).entries[0]!;
  const times = { looked: 0, counted: 0 };
  let applied: (namespace: Asked["namespace"], keys: readonly string[]) => void = () => {};
  const watched = {
    genesis: () => records.genesis(village.namespace),
    local: (_: string, key: string) => (key.startsWith("claim/") ? ((times.looked += 1), claim) : undefined),
    onApplied: (listener: typeof applied) => ((applied = listener), () => {}),
  };
  const allowance = new Allowance(village.env, { self: host, roster: () => village.roster(), records: watched as unknown as typeof records, catalog: NO_PACKS }, async () => ((times.counted += 1), new Map([[village.owner, 4 * MIB]])));
  allowance.follow();
  const asked: Asked = { namespace: village.namespace, pack: "a".repeat(52) as Asked["pack"], index: 0, sizeBytes: 6 * MIB };
  applied(village.namespace, ["claim/before"]);
  assert.equal(times.looked, 0, "nobody has asked yet");
  assert.equal(await allowance.denial(from, asked), undefined);
  applied(village.namespace, ["claim/after"]);
  assert.equal(times.looked, 1);
  assert.deepEqual(await allowance.denial(from, asked), { kind: "overQuota", value: { overBytes: MIB } });
  assert.equal(times.counted, 1);
  for (let at = 0; at < 20_000; at += 1) applied(village.namespace, [`claim/${at}`]);
  assert.ok(times.looked <= 10_001, JSON.stringify(times));
  assert.equal(await allowance.denial(from, asked), undefined);
  assert.equal(times.counted, 2);
  await village.close();
});

test("another host that asks while it is still counted is told to ask again, and a count that fails changes nothing of what was known", async () => {
  const village = await Village.build({ hosts: 2 });
  const [{ host, records }, { host: from }] = [village.at(0), village.at(1)];
  village.people.set(village.owner, { account: village.owner, name: "owner", isAdministrator: true, quotaBytes: 10 * MIB, quotaFrom: "administrator" });
  let laterMs = 0;
  let count = Promise.withResolvers<ReadonlyMap<typeof village.owner, number>>();
  const { clock, timers } = village.env;
  const env = { ...village.env, clock: { ...clock, monotonicMs: () => clock.monotonicMs() + laterMs }, timers: { ...timers, after: (_: number, action: () => void) => timers.after(0, action) } };
  const allowance = new Allowance(env, { self: host, roster: () => village.roster(), records, catalog: NO_PACKS }, () => count.promise);
  const end = allowance.follow();
  const asked = (sizeBytes: number): Asked => ({ namespace: village.namespace, pack: "a".repeat(52) as Asked["pack"], index: 0, sizeBytes });
  const again = { kind: "later", value: { waitMs: 1_000 } };
  assert.deepEqual(await allowance.denial(from, asked(MIB)), again);
  count.reject(new Error("the disk is slow"));
  assert.deepEqual(await allowance.denial(from, asked(MIB)), again);
  count = Promise.withResolvers();
  const own = allowance.denial(host, asked(MIB));
  count.resolve(new Map([[village.owner, 4 * MIB]]));
  assert.equal(await own, undefined, "this host itself waits for the count");

  await village.at(1).pool.store(village.namespace, content(2 * MIB), copies(2));
  laterMs += 2_100;
  count = Promise.withResolvers();
  assert.deepEqual(await allowance.denial(from, asked(3 * MIB)), again);
  const failing = allowance.denial(host, asked(3 * MIB));
  count.reject(new Error("this host is stopping"));
  assert.deepEqual(await failing, { kind: "overQuota", value: { overBytes: MIB } });
  count = Promise.withResolvers();
  count.resolve(new Map([[village.owner, 4 * MIB]]));
  assert.equal(await allowance.denial(host, asked(3 * MIB)), undefined, "the claims that were known before the failure still wait to be counted anew");
  end();
  await village.close();
});

test("a host that asks for very many small pieces at once is told when to ask again", async () => {
  const { village, allowance, asked, stop } = await bench(1e12);
  const from = village.at(1).host;
  let denial;
  for (let asking = 0; asking < 3_000 && denial === undefined; asking += 1) denial = await allowance.denial(from, asked(1));
  assert.ok(denial?.kind === "later" && denial.value.waitMs > 0, JSON.stringify(denial));
  assert.equal(await allowance.denial(village.at(2).host, asked(1)), undefined, "others are not held up by it");
  await stop();
});

test("a writer who is over quota is told by how much, and a member who was asked for too much at once is asked again", async () => {
  const village = await Village.build({ hosts: 3 });
  village.people.set(village.owner, { account: village.owner, name: "owner", isAdministrator: false, quotaBytes: 7 * MIB, quotaFrom: "invite" });
  const store = (sizeBytes: number, seed: number): Promise<StoredPack> => village.at(0).pool.store(village.namespace, content(sizeBytes, seed), copies(3));
  await store(2 * MIB, 1);
  await assert.rejects(store(2 * MIB, 2), { code: "OVER_QUOTA", message: /by at least 1,048,576 bytes.*7,340,032 bytes together.*holdfast quota/ });
  village.people.set(village.owner, { ...village.people.get(village.owner)!, quotaBytes: 100 * MIB });
  let asked = 0;
  village.at(1).transport.handle(RESERVE, async () => {
    asked += 1;
    return reserveAnswerCodec.encode(asked <= 3 ? { kind: "later", value: { waitMs: 20 } } : { kind: "full", value: { availableBytes: 0 } });
  });
  assert.equal((await store(2 * MIB, 3)).holders.length, 2);
  assert.equal(asked, 4);
  await village.close();
});
