import assert from "node:assert/strict";
import test from "node:test";
import { auditKey } from "../../cluster/index.ts";
import type { HostId, PackId } from "../../codec/index.ts";
import { equalBytes } from "../../codec/index.ts";
import { HoldfastError } from "../../platform/index.ts";
import { LEAF_BYTES } from "../../store/index.ts";
import { Conversation } from "../read/conversation.ts";
import { FakeStore } from "../fakes/fake-store.ts";
import { LyingStore } from "../fakes/lying-store.ts";
import type { Borrow } from "../fakes/lying-store.ts";
import type { Villager } from "../fakes/village.ts";
import { Village, content } from "../fakes/village.ts";
import { PROVE, proofsCodec, proveCodec } from "./messages.ts";
import { OwnChallenges } from "./own-challenges.ts";
import { Witness } from "./witness.ts";

const SIZE = 100_000;
const PACKS = 12;

/** Five hosts, each with all packs or so it says: host 4 keeps what `liar` keeps. */
async function audited(liar: "honest" | "deletes" | "fetches"): Promise<{ readonly village: Village; readonly liar: Villager }> {
  const known: { village?: Village } = {};
  const borrow: Borrow = async (pack, index, firstLeaf, leafCount) => {
    const { env, villagers } = known.village!;
    const conversation = new Conversation(env, villagers[4]!.transport, villagers[pack.charCodeAt(0) % 4]!.host, () => {});
    return await conversation.ask({ pack, index, firstLeaf, leafCount }, AbortSignal.timeout(5_000));
  };
  const village = await Village.build({
    hosts: 5,
    factor: 1,
    store: (number, store) => (number !== 4 || liar === "honest" ? store : new LyingStore(store, liar === "fetches" ? borrow : undefined)),
  });
  known.village = village;
  await Promise.all(Array.from({ length: PACKS }, (_, seed) => village.at(0).pool.store(village.namespace, content(SIZE, seed), { kind: "copies", copies: 5 })));
  return { village, liar: village.at(4) };
}

function accusers(village: Village, host: HostId): number {
  return village.villagers.filter((each) => village.audits.get(auditKey(each.host, host))?.isSuspect === true).length;
}

const HOUR_MS = 3_600_000;

/** These hosts audit, one after another and a while apart, as hosts do that were not started at the same moment. */
async function round(village: Village, auditors: readonly Villager[]): Promise<void> {
  for (const villager of auditors) {
    village.skip(HOUR_MS);
    await village.turn(villager, "audit");
  }
}

/** Has `meanwhile` happen between a host's answer to a challenge and its arrival. @returns ends it */
function hinder({ transport }: Villager, meanwhile: () => Promise<void>): () => void {
  const request = transport.request.bind(transport);
  transport.request = async (to, kind, ...more) => {
    const answer = await request(to, kind, ...more);
    if (kind === PROVE) await meanwhile();
    return answer;
  };
  return () => void (transport.request = request);
}

test("a host that acknowledges and deletes is suspect to all who audit it after a few challenges, and nobody else is", async () => {
  const { village, liar } = await audited("deletes");
  for (let turn = 0; turn < 3; turn += 1) await round(village, village.villagers.slice(0, 4));
  assert.deepEqual(village.villagers.map(({ host }) => accusers(village, host)), [0, 0, 0, 0, 4]);
  assert.ok(village.audits.get(auditKey(village.at(0).host, liar.host))!.failures >= 3);
  await village.close();
});

test("a host that fetches what it is challenged for is suspect, by the word of those it fetched it from", async () => {
  const { village, liar } = await audited("fetches");
  for (let turn = 0; turn < 3; turn += 1) await round(village, village.villagers.slice(0, 4));
  assert.deepEqual(village.villagers.slice(0, 4).map(({ host }) => accusers(village, host)), [0, 0, 0, 0]);
  assert.ok(accusers(village, liar.host) >= 2, `${accusers(village, liar.host)} accuse it`);
  await village.close();
});

test("hosts that are asked for what they hold are not suspect, and what they claim counts as proven after a day", async () => {
  const { village } = await audited("honest");
  for (let turn = 0; turn < 3; turn += 1) await round(village, village.villagers);
  for (const { host } of village.villagers) {
    assert.equal(accusers(village, host), 0);
    for (const other of village.villagers) if (other.host !== host) assert.equal(village.audits.get(auditKey(other.host, host))?.provenBytes, PACKS * SIZE);
  }
  // All at the same moment: each is too busy for most of it.
  for (let turn = 0; turn < 3; turn += 1) {
    village.skip(HOUR_MS);
    await Promise.all(village.villagers.map((each) => village.turn(each, "audit")));
  }
  for (const { host } of village.villagers) assert.equal(accusers(village, host), 0);
  await village.close();
});

test("a host whose answers take seconds to arrive, and that audits others meanwhile, is not taken for one that fetches", async () => {
  const { village } = await audited("honest");
  const [auditor, slow] = village.villagers as [Villager, Villager];
  for (const lateMs of [2_000, 16_000]) {
    let audits = 0;
    const end = hinder(auditor, async () => {
      village.skip(lateMs);
      audits += 1;
      await village.turn(slow, "audit");
    });
    for (let turn = 0; turn < 3; turn += 1) await round(village, [auditor]);
    end();
    assert.ok(audits >= 3);
    assert.deepEqual(village.villagers.map(({ host }) => accusers(village, host)), [0, 0, 0, 0, 0]);
  }
  await village.close();
});

test("a host that is away is not suspect, and one that hangs is in the end", async () => {
  const village = await Village.build({ hosts: 3, factor: 100 });
  await village.at(0).pool.store(village.namespace, content(SIZE), { kind: "copies", copies: 3 });
  village.net.kill(village.at(1).host);
  village.net.hung.add(village.at(2).host);
  for (let turn = 0; turn < 6; turn += 1) {
    village.skip(HOUR_MS);
    await village.turn(village.at(0), "audit");
  }
  assert.equal(village.audits.get(auditKey(village.at(0).host, village.at(1).host)), undefined);
  assert.equal(accusers(village, village.at(2).host), 1);
  await village.close();
});

test("a host that was not there when the others were audited is audited when it comes, and none of the others again", async () => {
  const village = await Village.build({ hosts: 3, factor: 1_000 });
  const [auditor, late, other] = village.villagers as [Villager, Villager, Villager];
  await auditor.pool.store(village.namespace, content(SIZE), { kind: "copies", copies: 3 });
  const asked = (villager: Villager): number => villager.transport.answered.get(PROVE) ?? 0;
  village.net.kill(late.host);
  await village.turn(auditor, "audit");
  assert.deepEqual([asked(late), asked(other)], [0, 1]);
  auditor.pool.start();
  village.net.revive(late.host);
  while (asked(late) === 0) await village.env.timers.sleep(1_000);
  assert.deepEqual([asked(late), asked(other)], [1, 1]);
  await village.close();
});

test("a single piece that is missing makes no suspect", async () => {
  const village = await Village.build({ hosts: 3 });
  const { pack } = await village.at(0).pool.store(village.namespace, content(SIZE), { kind: "copies", copies: 3 });
  await village.at(1).store.remove(pack, 0);
  await village.turn(village.at(0), "audit");
  assert.equal(village.at(1).transport.answered.get(PROVE), 1);
  assert.equal(accusers(village, village.at(1).host), 0, "one piece of one is not three");
  await village.close();
});

test("only members are answered: with the leaf and its proof, or that the piece is not there or is damaged", async () => {
  const village = await Village.build({ hosts: 2 });
  const [asker, asked] = village.villagers as [Villager, Villager];
  const stored = [1, 2, 3].map((seed) => village.at(0).pool.store(village.namespace, content(SIZE, seed), { kind: "copies", copies: 2 }));
  const packs = (await Promise.all(stored)).map(({ pack }) => pack) as [PackId, PackId, PackId];
  await asked.store.remove(packs[1], 0);
  asked.store.readProven = async (pack, ...which) => (pack === packs[2] ? Promise.reject(new HoldfastError("PIECE_DAMAGED", "a byte has changed")) : FakeStore.prototype.readProven.call(asked.store, pack, ...which));
  const prove = async (): Promise<ReturnType<typeof proofsCodec.decode>> => proofsCodec.decode(await asker.transport.request(asked.host, PROVE, proveCodec.encode(packs.map((pack) => ({ pack, index: 0, leaf: 1 }))), { timeoutMs: 10_000 }));
  const answers = await prove();
  assert.deepEqual(answers.map(({ kind }) => kind), ["leaf", "absent", "damaged"]);
  const [right] = answers;
  assert.ok(right?.kind === "leaf" && equalBytes(right.value.bytes, content(SIZE).bytes.subarray(LEAF_BYTES)));
  village.members.delete(asker.host);
  await assert.rejects(prove(), /Only members/);
  await village.close();
});

test("a host does not ask about a pack while it answers about it, nor the other way round", async () => {
  let nowMs = 0;
  const own = new OwnChallenges({ wallMs: () => 0, monotonicMs: () => nowMs }, 3_600_000);
  const pack = "pack" as Parameters<OwnChallenges["mayAsk"]>[0];
  assert.equal(own.mayAsk(pack), true);
  await own.during([pack], async () => assert.equal(own.mayAnswer(pack), false));
  assert.equal(own.mayAnswer(pack), false, "its question may only just have arrived");
  nowMs = own.apartMs;
  assert.equal(own.mayAnswer(pack), true);
  assert.equal(own.mayAsk(pack), false);
  nowMs = 2 * own.apartMs;
  assert.equal(own.mayAsk(pack), true);
});

test("a witness remembers the latest packs that a host asked for, and only so many", () => {
  let nowMs = 0;
  const witness = new Witness({ wallMs: () => 0, monotonicMs: () => nowMs });
  const note = (pack: string): void => witness.note("host" as HostId, pack as Parameters<Witness["note"]>[1]);
  const ago = (pack: string): number | undefined => witness.agoMs("host" as HostId, pack as Parameters<Witness["note"]>[1]);
  note("first");
  nowMs = 30;
  assert.equal(ago("first"), 30);
  assert.equal(ago("other"), undefined);
  for (let number = 0; number < 256; number += 1) note(`pack ${number}`);
  assert.equal(ago("first"), undefined);
  assert.equal(ago("pack 0"), 0);
});
