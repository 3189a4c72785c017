import assert from "node:assert/strict";
import test from "node:test";
import type { AccountId, HostId, InviteId } from "../codec/index.ts";
import { idFromBytes } from "../codec/index.ts";
import { keyPairFromSeed, sha256 } from "../crypto/index.ts";
import type { JudgedRecord, NetworkEntry } from "./index.ts";
import { Attestations, admissionCodec, attestationCodec, inviteCodec, signInvite } from "./index.ts";
import type { Elector } from "./fakes/electorate.ts";
import { Electorate, network } from "./fakes/electorate.ts";

const account = idFromBytes<AccountId>(sha256(Uint8Array.of(2)));

/** What is known of a host when it came by an invite. */
function guest({ host }: Pick<Elector, "host">, number = 1): readonly NetworkEntry[] {
  const inviteKey = keyPairFromSeed(sha256(Uint8Array.of(number)));
  const invite = idFromBytes<InviteId>(inviteKey.publicKey);
  const terms = signInvite(inviteKey, network.id, { inviter: network.founder, expiresMs: 1, zone: null, quotaBytes: null, role: "member" });
  const admission = { account, name: "guest", zone: "", capacityBytes: 1, joinedMs: 1, invite, proof: new Uint8Array(64), consent: new Uint8Array(64) };
  return [
    { key: `invite/${invite}/${network.founder}`, values: [inviteCodec.encode(terms)] },
    { key: `member/${host}`, values: [admissionCodec.encode(admission)] },
  ];
}

/** Nine hosts with so many voters, of which the last one came by an invite, as those hosts know that are `told`. @returns what is written of it */
async function attesting(seed: number, voters: number, told: (all: Electorate) => readonly Elector[], unwritable: ReadonlySet<HostId> = new Set()): Promise<{ readonly all: Electorate; readonly written: readonly NetworkEntry[]; readonly last: Elector }> {
  const all = new Electorate(() => new Promise(setImmediate), seed, 9, { voters });
  const written: NetworkEntry[] = [];
  const last = all.hosts[8]!;
  for (const elector of told(all)) elector.learn(guest(last));
  const workers = all.hosts.map((elector) => {
    const { cluster, transport, key } = elector;
    const { worker } = new Attestations(all.time.env, {
      network: network.id,
      key,
      cluster,
      transport,
      publish: async (host, attestation) => {
        if (unwritable.has(host)) throw new Error("it cannot be written");
        const entry = { key: `attested/${host}`, values: [attestationCodec.encode(attestation)] };
        written.push(entry);
        await all.tell(elector, entry);
      },
    });
    worker.start();
    return worker;
  });
  await all.time.until("somebody coordinates", () => all.leader() !== undefined);
  await all.time.pass(40_000);
  all.end();
  for (const worker of workers) void worker.stop();
  return { all, written, last };
}

test("a host that came by an invite and does not vote is attested once by the voters, so that all hosts accept it", async () => {
  const { all, written, last } = await attesting(1, 7, ({ hosts }) => hosts);
  assert.equal(written.length, 1);
  const [{ key, values }] = written as [NetworkEntry];
  assert.equal(key, `attested/${last.host}`);
  const record: JudgedRecord = { namespace: network.namespace, key, value: values[0]!, author: null, host: all.hosts[0]!.host, incarnation: 1, batch: 1 };
  for (const { cluster } of all.hosts) {
    assert.equal(cluster.judge(record, network.genesis).kind, "accept");
    assert.equal(cluster.register.attested.get(last.host), 7);
  }
});

test("a host of which a majority of the voters does not know that it came by its invite is not attested", async () => {
  assert.deepEqual((await attesting(2, 7, ({ hosts }) => [...hosts.slice(0, 3), ...hosts.slice(7)])).written, []);
});

test("hosts whose attestation cannot be written keep no other host from being attested", async () => {
  const guests = Array.from({ length: 20 }, (_, at) => idFromBytes<HostId>(sha256(Uint8Array.of(at, 1))));
  const told = ({ hosts }: Electorate): readonly Elector[] => {
    for (const elector of hosts) for (const [at, host] of guests.entries()) elector.learn(guest({ host }, at + 2));
    return hosts;
  };
  const { written, last } = await attesting(4, 7, told, new Set(guests.slice(0, -1)));
  assert.deepEqual(written.map(({ key }) => key), [`attested/${last.host}`, `attested/${guests.at(-1)!}`]);
});

test("nobody is attested where all hosts come to vote", async () => {
  assert.deepEqual((await attesting(3, 5, ({ hosts }) => hosts)).written, []);
});
