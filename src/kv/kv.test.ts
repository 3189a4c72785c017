import assert from "node:assert/strict";
import test from "node:test";
import { genesisCodec, namespaceIdOf } from "../cluster/index.ts";
import { fromUtf8, hex, utf8 } from "../codec/index.ts";
import { readToken } from "../records/index.ts";
import type { KvHost } from "./fakes/hosts.ts";
import { KvHosts, network, networkNamespace, until } from "./fakes/hosts.ts";
import { defaultGenesis, genesisOf } from "./genesis.ts";

async function valuesOf(host: KvHost, name: string, key: string): Promise<string[]> {
  const { siblings } = await host.kv.read(name, key, { fresh: true });
  return siblings.map(({ value }) => fromUtf8(value!)).sort();
}

test("two hosts that name a namespace at once mean the same one, without a word between them", async () => {
  await using all = await KvHosts.of("a", "b");
  const [a, b] = all.hosts as [KvHost, KvHost];
  await all.isolate(a);
  await Promise.all([a.kv.write("notes", "from a", utf8("1"), "plain"), b.kv.write("notes", "from b", utf8("2"), "plain")]);
  await all.connect();
  await until("both have both", async () => (await Promise.all(all.hosts.map(({ kv }) => kv.scan("notes", {})))).every(({ entries }) => entries.length === 2));
  assert.deepEqual(a.kv.list().map(({ name, isCurrent }) => [name, isCurrent]), [["notes", true]]);
});

test("a plain write supersedes the one value there is and never one of several; --resolve supersedes all, --blind none, a context what was read", async () => {
  await using all = await KvHosts.of("a", "b", "c", "d", "e");
  const [a, b] = all.hosts as [KvHost, KvHost];
  await a.kv.write("notes", "k", utf8("one"), "plain");
  await b.kv.write("notes", "k", utf8("two"), "plain");
  assert.deepEqual(await valuesOf(a, "notes", "k"), ["two"]);
  const read = await a.kv.read("notes", "k", { fresh: true });
  await b.kv.write("notes", "k", utf8("blind"), "blind");
  await until("both are seen", async () => (await valuesOf(a, "notes", "k")).length === 2);
  await assert.rejects(a.kv.write("notes", "k", utf8("plain"), "plain"), { code: "CONFLICT" });
  await assert.rejects(a.kv.write("notes", "k", null, "plain"), { code: "CONFLICT" });
  await a.kv.write("notes", "k", utf8("three"), { context: read.context });
  assert.deepEqual(await valuesOf(b, "notes", "k"), ["blind", "three"]);
  await b.kv.write("notes", "k", utf8("four"), "resolve");
  assert.deepEqual(await valuesOf(a, "notes", "k"), ["four"]);
  await a.kv.write("notes", "k", null, "plain");
  await until("it is gone", () => b.kv.read("notes", "k", { fresh: true }).then(() => false, (error: { code?: string }) => error.code === "NO_KEY"));
});

test("of two plain writes at once on a host that keeps the key, the second supersedes the first", async () => {
  await using all = await KvHosts.of("a");
  const a = all.hosts[0]!;
  await a.kv.write("notes", "k", utf8("0"), "plain");
  await Promise.all(["1", "2", "3"].map((value) => a.kv.write("notes", "k", utf8(value), "plain")));
  assert.deepEqual(await valuesOf(a, "notes", "k"), ["3"]);
});

/** Has something happen between what a host's next write has read and the write itself. */
function beforeNextWrite({ records }: KvHost, happens: () => Promise<unknown>): void {
  const write = records.write.bind(records);
  records.write = async (...given) => {
    records.write = write;
    await happens();
    return write(...given);
  };
}

test("a plain write, a plain deletion and --resolve leave beside them what came from elsewhere after they had read", async () => {
  await using all = await KvHosts.of("a", "b");
  const [a, b] = all.hosts as [KvHost, KvHost];
  await a.kv.write("notes", "k", utf8("0"), "plain");
  beforeNextWrite(a, () => b.kv.write("notes", "k", utf8("of b"), "resolve"));
  await a.kv.write("notes", "k", utf8("of a"), "plain");
  assert.deepEqual(await valuesOf(b, "notes", "k"), ["of a", "of b"]);
  beforeNextWrite(a, () => b.kv.write("notes", "k", utf8("later"), "blind"));
  await a.kv.write("notes", "k", utf8("both"), "resolve");
  assert.deepEqual(await valuesOf(b, "notes", "k"), ["both", "later"]);
  await a.kv.write("notes", "k", utf8("one"), "resolve");
  beforeNextWrite(a, () => b.kv.write("notes", "k", utf8("not seen"), "resolve"));
  await a.kv.write("notes", "k", null, "plain");
  assert.deepEqual(await valuesOf(b, "notes", "k"), ["not seen"]);
});

test("a plain write to a key that was deleted supersedes the deletion", async () => {
  await using all = await KvHosts.of("a");
  const a = all.hosts[0]!;
  for (const value of [utf8("0"), null, utf8("1")]) await a.kv.write("notes", "k", value, "plain");
  assert.equal(a.records.deleted(a.kv.list()[0]!.namespace, "k"), false);
  assert.deepEqual(await valuesOf(a, "notes", "k"), ["1"]);
});

test("a context supersedes nothing of another key, or of the same key elsewhere, though their versions have the same numbers", async () => {
  await using all = await KvHosts.of("a");
  const a = all.hosts[0]!;
  for (const [name, key] of [["notes", "one"], ["notes", "two"], ["diary", "one"]] as const) await a.kv.write(name, key, utf8("not read"), "plain");
  const { context } = await a.kv.read("notes", "one", {});
  await assert.rejects(a.kv.write("notes", "two", utf8("mixed up"), { context }), { code: "BAD_RECORD", message: /of another key, "one"/ });
  await assert.rejects(a.kv.write("diary", "one", utf8("mixed up"), { context }), { code: "BAD_RECORD", message: /in another namespace/ });
  const { namespace } = a.kv.list().find(({ name }) => name === "notes")!;
  await a.kv.write(namespace, "one", utf8("read"), { context });
  assert.deepEqual([await valuesOf(a, "notes", "one"), await valuesOf(a, "notes", "two"), await valuesOf(a, "diary", "one")], [["read"], ["not read"], ["not read"]]);
});

test("of two who create a name, one after the other had looked, neither's word is lost", async () => {
  await using all = await KvHosts.of("a", "b");
  const [a, b] = all.hosts as [KvHost, KvHost];
  beforeNextWrite(a, () => b.kv.create("log", { shards: 2 }));
  await a.kv.create("log", { shards: 1 });
  assert.equal(a.records.local(networkNamespace, "kv/log")?.siblings.length, 2);
});

test("a token shows a write to any host: it answers with it, or says that nobody in reach has it yet", async () => {
  await using all = await KvHosts.of("a", "b", "c", "d", "e", "f");
  const writer = all.hosts[0]!;
  const { token } = await writer.kv.write("notes", "k", utf8("mine"), "plain");
  const seen = readToken(token);
  for (const host of all.hosts) assert.deepEqual((await host.kv.read("notes", "k", { seen })).siblings.map(({ value }) => fromUtf8(value!)), ["mine"]);
  await all.isolate(writer);
  const later = readToken((await writer.kv.write("notes", "k", utf8("unheard"), "plain")).token);
  const reader = all.hosts[1]!;
  await assert.rejects(reader.kv.read("notes", "k", { seen: later }), { code: "NOT_YET" });
  assert.deepEqual((await reader.kv.read("notes", "k", {})).siblings.map(({ value }) => fromUtf8(value!)), ["mine"], "who knows of nothing newer is answered");
  await assert.rejects(reader.kv.scan("notes", { seen: later }), { code: "NOT_YET" });
  await all.connect();
  const [entry] = (await reader.kv.scan("notes", { seen: later })).entries;
  assert.ok(entry!.siblings.some(({ value }) => fromUtf8(value!) === "unheard"));
  assert.throws(() => readToken("no token"), { code: "BAD_TOKEN" });
});

test("an owner's namespace takes what its owner writes and nothing else, and no value beyond its bound", async () => {
  await using all = await KvHosts.of("a", "b");
  const [a, b] = all.hosts as [KvHost, KvHost];
  const { info, safe } = await a.kv.create("diary", { writers: "owner", shards: 4, limits: { maxValueBytes: 10 } });
  assert.deepEqual([safe, info.writers, info.shards, info.isCurrent], [true, "owner", 4, true]);
  await until("b has heard", () => b.kv.list().length === 1);
  await a.kv.write("diary", "k", utf8("mine"), "plain");
  await assert.rejects(b.kv.write("diary", "k", utf8("yours"), "plain"), { code: "REFUSED", message: /NOT_OWNER/ });
  await assert.rejects(a.kv.write("diary", "k", utf8("far too long"), "plain"), { code: "REFUSED", message: /VALUE_TOO_LARGE/ });
  assert.deepEqual(await valuesOf(b, "diary", "k"), ["mine"]);
});

test("a name stands for what it was created as on all hosts, also when two create it at once, and cannot be created over keys", async () => {
  await using all = await KvHosts.of("a", "b");
  const [a, b] = all.hosts as [KvHost, KvHost];
  await all.isolate(a);
  await Promise.all([a.kv.create("log", { shards: 1 }), b.kv.create("log", { shards: 2 })]);
  await b.kv.write("log", "early", utf8("b"), "plain");
  await all.connect();
  const current = (host: KvHost): string | undefined => host.kv.list().find(({ name, isCurrent }) => name === "log" && isCurrent)?.namespace;
  await until("both mean the same", () => a.records.local(networkNamespace, "kv/log")?.siblings.length === 2 && current(a) === current(b));
  const ids = [1, 2].map((shards) => namespaceIdOf(genesisOf(network, null, "log", { shards })));
  assert.equal(current(a), ids.sort()[0]);
  const { namespace } = b.kv.list().find(({ name, shards }) => name === "log" && shards === 2)!;
  assert.deepEqual(await valuesOf(b, namespace, "early"), ["b"], "what was written under the other is there by its id");
  await assert.rejects(a.kv.create("log", { shards: 3 }), { code: "NAMESPACE_IN_USE" });
  await a.kv.write("notes", "k", utf8("v"), "plain");
  await assert.rejects(b.kv.create("notes", { replicas: 2 }), { code: "NAMESPACE_IN_USE" });
});

test("a namespace whose keys were all deleted is created by asking for pages of them, not for each", async () => {
  await using all = await KvHosts.of("a", "b", "c", "d", "e");
  const [a] = all.hosts as [KvHost];
  const keys = Array.from({ length: 20 }, (_, at) => `key ${at}`);
  await Promise.all(keys.map((key) => a.kv.write("notes", key, utf8("v"), "blind")));
  await Promise.all(keys.map((key) => a.kv.write("notes", key, null, "plain")));
  const genesis = defaultGenesis(network, "notes");
  const outsider = all.hosts.find(({ records }) => !records.keeps(namespaceIdOf(genesis), genesis))!;
  const scan = outsider.records.scan.bind(outsider.records);
  let pages = 0;
  outsider.records.scan = (...asked) => {
    pages += 1;
    return scan(...asked);
  };
  await outsider.kv.create("notes", { replicas: 2 });
  assert.equal(pages, 1);
});

test("reading what nobody has named makes nothing, and names that are none are refused", async () => {
  await using all = await KvHosts.of("a");
  const a = all.hosts[0]!;
  await assert.rejects(a.kv.read("nothing", "k", {}), { code: "NO_KEY" });
  assert.deepEqual((await a.kv.scan("nothing", {})).entries, []);
  assert.deepEqual(a.kv.list(), []);
  for (const name of ["", "A", "-a", "a-", "a/b", "x".repeat(41)]) await assert.rejects(a.kv.write(name, "k", utf8("v"), "plain"), { code: "BAD_NAME" });
  await assert.rejects(a.kv.read("a".repeat(52), "k", {}), { code: "UNKNOWN_NAMESPACE" });
});

test("a namespace that nobody created has the same genesis on all hosts and for ever", () => {
  const genesis = { ...defaultGenesis(network, "notes"), network: null };
  assert.equal(hex(genesisCodec.encode(genesis)), "0187626b76f6f6031058190183656e6f74657382666d656d62657280831a00080000f6f640");
});

test("the list of namespaces says which of them this host follows", async () => {
  await using all = await KvHosts.of("a", "b");
  const [a, b] = all.hosts as [KvHost, KvHost];
  const followed = (host: KvHost): (string | false)[] => host.kv.list().map(({ name, isFollowed }) => isFollowed && name);
  await a.kv.write("notes", "k", utf8("v"), "plain");
  await b.kv.follow("notes");
  await b.kv.follow("diary");
  assert.deepEqual([followed(a), followed(b)], [[false], ["diary", "notes"]]);
  await b.kv.unfollow("notes");
  assert.deepEqual(followed(b), ["diary", false]);
});

test("reading, scanning and watching a namespace in which nobody has written begins it nowhere, and who watches it sees the first write", async () => {
  await using all = await KvHosts.of("a", "b");
  const [a, b] = all.hosts as [KvHost, KvHost];
  await assert.rejects(a.kv.read("typo", "k", {}), { code: "NO_KEY" });
  assert.deepEqual((await a.kv.scan("typo", {})).entries, []);
  const watching = new AbortController();
  const first = (await a.kv.changes("typo", undefined, watching.signal))[Symbol.asyncIterator]().next();
  await assert.rejects(a.kv.read("typo", "k", { fresh: true }), { code: "NO_KEY" });
  assert.deepEqual(all.hosts.map(({ kv }) => kv.list()), [[], []]);
  await b.kv.write("typo", "k", utf8("v"), "plain");
  assert.equal(((await first).value as { readonly state: { readonly key: string } }).state.key, "k");
  watching.abort();
});
