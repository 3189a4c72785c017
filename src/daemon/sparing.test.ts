import assert from "node:assert/strict";
import test from "node:test";
import type { Account } from "../account/index.ts";
import { newAccount } from "../account/index.ts";
import { admissionCodec, consentTo, inviteIdOf, proveAdmission, readInviteCode } from "../cluster/index.ts";
import type { Cluster, InviteCode } from "../cluster/index.ts";
import type { HostId } from "../codec/index.ts";
import { idFromBytes } from "../codec/index.ts";
import { keyPairFromSeed, newSeed } from "../crypto/index.ts";
import type { Worker } from "../platform/index.ts";
import { EMPTY_CONTEXT } from "../records/index.ts";
import type { TestMember } from "./fakes/circle.ts";
import { Circle } from "./fakes/circle.ts";
import { env } from "./fakes/board.ts";
import { Sparing } from "./sparing.ts";

/** Whoever made an invite writes another admission by it, of a host whose key they chose. */
async function admitAnother(by: TestMember, code: InviteCode): Promise<void> {
  const key = keyPairFromSeed(newSeed());
  const host = idFromBytes<HostId>(key.publicKey);
  const asked = { account: newAccount().id, name: "shed", zone: "", capacityBytes: 1 };
  const proof = proveAdmission(keyPairFromSeed(code.seed), code.network, host, asked.account);
  const value = admissionCodec.encode({ ...asked, joinedMs: 1, invite: inviteIdOf(code), proof, consent: consentTo({ ...asked, host, proof }, key) });
  await by.records.write([{ namespace: by.identity.network.namespace, key: `member/${host}`, value, context: EMPTY_CONTEXT }], { as: "host" });
}

/** A host of Bob's, which came by an invite of one of the members. */
async function guestOf(circle: Circle, { membership }: TestMember): Promise<{ readonly code: InviteCode; readonly bob: Account; readonly cellar: TestMember }> {
  const code = readInviteCode((await membership.invite({ expiresInMs: 60_000 })).code);
  const [seed, bob] = [newSeed(), newAccount()];
  return { code, bob, cellar: await circle.add("cellar", seed, await circle.redeem(code, seed, "cellar", bob), bob) };
}

async function turns(worker: Worker, count: number): Promise<void> {
  for (let at = 0; at < count; at += 1) {
    const { runs } = worker.status();
    worker.nudge();
    while (worker.status().runs === runs) await new Promise(setImmediate);
  }
}

test("a host that has come to vote is shut out by nobody who knows its invite", async () => {
  await using circle = await Circle.of("attic", "barn");
  const [attic, barn] = circle.members as [TestMember, TestMember];
  const { code, cellar } = await guestOf(circle, barn);
  for (const other of [attic, barn]) await cellar.transport.connect(other.id, other.transport.addresses());
  const votes = new Promise<void>((resolve) => attic.cluster.onChange(({ voters }) => voters.includes(cellar.id) && resolve()));
  for (const member of circle.members) member.voters.worker.start();
  for (const member of circle.members) member.election.start();
  await votes;
  for (let at = 0; at < 8; at += 1) await admitAnother(barn, code);
  for (const { cluster } of circle.members) assert.ok(cluster.register.members.has(cellar.id));
  assert.equal(attic.cluster.register.expelled.size, 8);
});

test("what a host wrote before another was admitted by its invite counts on, once those who have it have said so", async () => {
  await using circle = await Circle.of("attic", "barn");
  const [attic, barn] = circle.members as [TestMember, TestMember];
  const { code, bob, cellar } = await guestOf(circle, barn);
  const own = await cellar.membership.invite({ expiresInMs: 60_000 });
  const written = circle.board.counter;
  while (!attic.cluster.register.expelled.has(cellar.id)) await admitAnother(barn, code);
  const { genesis, namespace } = attic.identity.network;
  const key = `invite/${own.invite}/${bob.id}`;
  const word = { namespace, key, value: circle.board.entries.get(key)![0]!.value, author: bob.id, host: cellar.id, incarnation: 1, batch: written };
  assert.equal(attic.cluster.judge(word, genesis).kind, "later");
  assert.deepEqual(attic.cluster.exclusions(), [], "and is not dropped");
  const sparing = new Sparing(env, { identity: attic.identity, cluster: attic.cluster, records: attic.records });
  const said = new Promise<void>((resolve) => attic.cluster.onChange(({ spared }) => spared.get(cellar.id)?.honoured.length === 1 && resolve()));
  sparing.worker.start();
  while (sparing.worker.status().runs === 0) await new Promise(setImmediate);
  sparing.worker.nudge();
  await said;
  await sparing.worker.stop();
  assert.equal(barn.cluster.judge(word, genesis).kind, "accept");
  assert.equal(barn.cluster.judge({ ...word, batch: written + 1 }, genesis).kind, "later", "it writes nothing any more");
  assert.ok(barn.cluster.register.people.has(bob.id));
  await attic.membership.remove(cellar.id);
  assert.ok(barn.cluster.exclusions().some(({ host }) => host === cellar.id), "an administrator may end even that");
});

test("a host that has its invite again, and loses it once more, is weighed once more", async () => {
  await using circle = await Circle.of("attic");
  const [attic] = circle.members as [TestMember];
  const lost = idFromBytes<HostId>(newSeed());
  let isLost = true;
  const register = { members: attic.cluster.register.members, get spared() { return new Map(isLost ? [[lost, { honoured: [] }]] : []); } };
  let asked = 0;
  const records = { honouredOf: async () => [{ incarnation: 1, batch: (asked += 1) }], write: async () => ({ safe: true }) as never };
  const { worker } = new Sparing(env, { identity: attic.identity, cluster: { register } as unknown as Cluster, records });
  worker.start();
  await turns(worker, 4);
  assert.equal(asked, 1);
  isLost = false;
  await turns(worker, 1);
  isLost = true;
  await turns(worker, 3);
  await worker.stop();
  assert.equal(asked, 2);
});

// Another host had said as much as this one holds, and is then removed by somebody who had not heard that word.
test("what a host holds of one that lost its invite is said when the word of whoever had said so counts no more", async () => {
  await using circle = await Circle.of("attic");
  const [attic] = circle.members as [TestMember];
  const lost = idFromBytes<HostId>(newSeed());
  const held = [{ incarnation: 1, batch: 5 }];
  let honoured: typeof held = held;
  const register = { members: attic.cluster.register.members, get spared() { return new Map([[lost, { honoured }]]); } };
  const said: string[] = [];
  const records = { honouredOf: async () => held, write: async ([write]: readonly { readonly key: string }[]) => (said.push(write!.key), { safe: true }) as never };
  const { worker } = new Sparing(env, { identity: attic.identity, cluster: { register } as unknown as Cluster, records });
  worker.start();
  await turns(worker, 4);
  assert.deepEqual(said, [], "somebody has said it");
  honoured = [];
  await turns(worker, 4);
  await worker.stop();
  assert.deepEqual(said, [`spared/${lost}/${attic.id}`]);
});
