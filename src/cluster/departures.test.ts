import assert from "node:assert/strict";
import test from "node:test";
import type { Elector } from "./fakes/electorate.ts";
import { Electorate, network } from "./fakes/electorate.ts";
import { departureCodec, hostCardCodec, settingCodec } from "./index.ts";
import type { JudgedRecord } from "./index.ts";

const GONE_AFTER_MS = 120_000;
/** Longer than the pause between two notes of who is away. */
const LONG_MS = 1_800_000;

async function watching(seed: number, count: number, voters = count, goneAfterMs = GONE_AFTER_MS): Promise<{ readonly all: Electorate; readonly leader: Elector }> {
  const all = new Electorate(() => new Promise(setImmediate), seed, count, { voters });
  const setting = { key: "setting/gone-after", values: [settingCodec.encode({ ms: goneAfterMs })] };
  for (const each of all.hosts) each.learn([setting]);
  for (const each of all.hosts) each.departures.worker.start();
  await all.time.until("somebody coordinates", () => all.leader() !== undefined);
  return { all, leader: all.leader()! };
}

function restart(elector: Elector): void {
  elector.start();
  elector.departures.worker.start();
}

test("a host that is away for gone-after is declared gone, nothing is assigned to it, and it returns by its card", async () => {
  const { all, leader } = await watching(1, 5, 3);
  const away = all.hosts[4]!;
  away.crash();
  await all.time.pass(GONE_AFTER_MS - 30_000);
  assert.equal(leader.cluster.member(away.host)?.isGone, false);
  await all.time.pass(60_000);
  for (const each of all.up) {
    assert.equal(each.cluster.member(away.host)?.isGone, true);
    assert.ok(each.cluster.members().includes(away.host) && !each.cluster.active().includes(away.host));
    assert.ok(!each.cluster.preferenceList(7).includes(away.host));
  }
  const { returns } = departureCodec.decode(leader.entries.get(`gone/${away.host}`)!.values[0]!);
  for (const each of all.up) each.learn([{ key: `host/${away.host}`, values: [hostCardCodec.encode({ addresses: [], capacityBytes: 1, version: "1", returns: returns + 1 })] }]);
  assert.equal(leader.cluster.member(away.host)?.isGone, false);
  all.end();
});

test("a host is declared gone though another, whose record cannot be written, comes before it", async () => {
  const { all } = await watching(6, 5, 3);
  const [first, last] = all.hosts.slice(3) as [Elector, Elector];
  const tell = all.tell.bind(all);
  all.tell = (from, entry) => (entry.key === `gone/${first.host}` ? Promise.reject(new Error("the row is full")) : tell(from, entry));
  for (const each of [first, last]) each.crash();
  await all.time.pass(GONE_AFTER_MS + 60_000);
  for (const { cluster } of all.up) assert.deepEqual([first, last].map(({ host }) => cluster.member(host)?.isGone), [false, true]);
  all.end();
});

test("a host that one voter still hears is not gone when that voter is needed for a majority, and one that a minority misses is not either", async () => {
  const { all, leader } = await watching(2, 4, 3);
  const [a, b, c, far] = all.hosts as [Elector, Elector, Elector, Elector];
  const hearing = [a, b, c].filter((each) => each !== leader);
  const [from, to] = [leader.transport.self, far.transport.self];
  all.wire.paths.cut(from, to);
  all.wire.paths.cut(to, from);
  await all.time.pass(2 * GONE_AFTER_MS);
  assert.equal(leader.cluster.member(far.host)?.isGone, false);
  for (const each of hearing) assert.equal(each.leads, undefined);
  all.cut([leader, far], hearing);
  await all.time.pass(100_000);
  assert.equal(leader.leads, undefined);
  all.end();
});

test("a change of coordinator and restarts do not begin the waiting anew", async () => {
  const { all, leader } = await watching(3, 4, 3, LONG_MS);
  const away = all.hosts[3]!;
  away.crash();
  await all.time.pass(LONG_MS / 2);
  for (const each of all.hosts.slice(0, 3)) each.crash();
  for (const each of all.hosts.slice(0, 3)) restart(each);
  await all.time.until("another coordinates", () => all.leader() !== undefined);
  all.leader()!.crash();
  await all.time.pass(LONG_MS / 2 + 30_000);
  assert.ok(all.up.every(({ cluster }) => cluster.member(away.host)?.isGone === true), `after ${leader.host} began`);
  all.end();
});

test("a departure counts with genuine signatures of a majority of voters, and waits where the voters are not known yet", async () => {
  const { all, leader } = await watching(4, 4, 3);
  const away = all.hosts[3]!;
  away.crash();
  await all.time.pass(GONE_AFTER_MS + 60_000);
  const entry = leader.entries.get(`gone/${away.host}`)!;
  const departure = departureCodec.decode(entry.values[0]!);
  const judge = (bytes: Uint8Array | null, by = leader): string => {
    const record: JudgedRecord = { namespace: network.namespace, key: entry.key, value: bytes, author: null, host: leader.host, incarnation: 1, batch: 1 };
    const verdict = by.cluster.judge(record, network.genesis);
    return verdict.kind === "refuse" ? verdict.code : verdict.kind;
  };
  assert.equal(judge(entry.values[0]!), "accept");
  assert.equal(judge(departureCodec.encode({ ...departure, returns: 5 })), "NOT_APPROVED");
  assert.equal(judge(departureCodec.encode({ ...departure, signatures: departure.signatures.slice(0, 1) })), "later");
  assert.equal(judge(departureCodec.encode({ ...departure, number: 99 })), "NOT_APPROVED", "the signatures are for another configuration");
  assert.equal(judge(null), "NOT_DELETABLE");
  all.end();
});

test("a setting is an administrator's, of a known name and not too short; of several the longest counts", async () => {
  const { all, leader } = await watching(5, 1);
  const { founder } = leader.cluster.register;
  const judge = (key: string, ms: number, author: JudgedRecord["author"] = founder): string => {
    const verdict = leader.cluster.judge({ namespace: network.namespace, key, value: settingCodec.encode({ ms }), author, host: leader.host, incarnation: 1, batch: 1 }, network.genesis);
    return verdict.kind === "refuse" ? verdict.code : verdict.kind;
  };
  assert.equal(judge("setting/horizon", GONE_AFTER_MS), "accept");
  assert.equal(judge("setting/horizon", GONE_AFTER_MS, null), "NOT_ADMINISTRATOR");
  assert.equal(judge("setting/horizon", 1), "MALFORMED");
  assert.equal(judge("setting/constructor", GONE_AFTER_MS), "UNKNOWN_KIND");
  leader.learn([{ key: "setting/horizon", values: [settingCodec.encode({ ms: GONE_AFTER_MS }), settingCodec.encode({ ms: 2 * GONE_AFTER_MS })] }]);
  const { goneAfterMs, horizonMs } = leader.cluster.settings;
  assert.deepEqual({ goneAfterMs, horizonMs }, { goneAfterMs: GONE_AFTER_MS, horizonMs: 2 * GONE_AFTER_MS });
  all.end();
});
