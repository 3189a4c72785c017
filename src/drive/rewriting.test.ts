import assert from "node:assert/strict";
import test from "node:test";
import type { PackId } from "../codec/index.ts";
import { equalBytes, utf8 } from "../codec/index.ts";
import { PoolError } from "../pool/index.ts";
import type { Env } from "../platform/index.ts";
import { MIB, env, inChunks, noise, person, put, treeOf } from "./fakes/persons.ts";
import type { Person } from "./fakes/persons.ts";
import { toRewrite } from "./rewriter.ts";
import type { Usage } from "./usage.ts";

const HOUR_MS = 3_600_000;
const { signal } = new AbortController();

/** A host whose time passes when the test says so. */
async function hostIn(zones: number): Promise<{ readonly host: Person; readonly pass: (ms: number) => void }> {
  let laterMs = 0;
  const later: Env = { ...env, clock: { ...env.clock, monotonicMs: () => env.clock.monotonicMs() + laterMs, wallMs: () => env.clock.wallMs() + laterMs }, timers: { ...env.timers, sleep: async () => {} } };
  const host = await person("ada", { env: later });
  host.pool.zoneCount = zones;
  return { host, pass: (ms) => (laterMs += ms) };
}

/** One turn of the worker, waited for. */
async function turn({ entries }: Person): Promise<void> {
  const [worker] = entries.workers;
  const before = worker!.status().runs;
  entries.start();
  while (worker!.status().runs === before || worker!.status().state !== "idle") await new Promise(setImmediate);
  assert.equal(worker!.status().lastError, undefined);
}

async function used({ entries, pool }: Person): Promise<PackId[]> {
  const usage = await entries.usage(signal);
  return [...pool.stored.keys()].filter((pack) => usage.has(pack));
}

test("an upgrade stores what survives too little anew, and nothing that was put in a stronger way", async () => {
  const { host } = await hostIn(2);
  const [weak, strong] = [noise(20 * MIB, 20), noise(MIB, 21)];
  const one = await put(host, { weak });
  const upload = await host.entries.put({ name: "strong", kind: "folder", redundancy: { kind: "copies", copies: 5 } });
  await upload.add({ path: "strong", mode: 0o600, modifiedMs: 1 }, inChunks(strong));
  await upload.commit();
  const before = new Set(host.pool.stored.keys());
  assert.equal((await host.entries.planUpgrade(signal)).packs, 0, "it is as it would be put today");
  host.pool.zoneCount = 6;
  const plan = await host.entries.planUpgrade(signal);
  assert.deepEqual(plan.redundancy, { kind: "code", k: 4, m: 2 });
  assert.ok(plan.packs >= 2 && plan.contentBytes > weak.length && plan.contentBytes < weak.length + MIB, `${plan.contentBytes}`);
  assert.equal(plan.takenBytes, Math.ceil((plan.contentBytes * 6) / 4));
  const steps = await Array.fromAsync(host.entries.upgrade(signal));
  assert.equal(steps[0]!.doneBytes, 0);
  assert.equal(steps.at(-1)!.doneBytes, plan.contentBytes);
  assert.ok(steps.at(-1)!.isSpread);
  const now = await used(host);
  assert.ok(now.every((pack) => host.pool.stored.get(pack)!.redundancy.kind === "code" || before.has(pack)));
  const usage = await host.entries.usage(signal);
  const superseded = [...before].filter((pack) => !usage.has(pack));
  assert.equal(superseded.length, plan.packs);
  for (const pack of superseded) assert.ok([...usage.insteadOf!(pack)].every((other) => now.includes(other)));
  assert.equal((await host.entries.planUpgrade(signal)).packs, 0);
  // As their owner's sweep does in the end.
  await host.pool.remove(host.namespace, superseded);
  assert.ok(equalBytes((await treeOf(await host.entries.open(one.entry.id)))["weak"]!, weak));
  await host.entries.stop();
});

test("an upgrade that is cut short leaves what it has done, and another goes on with the rest", async () => {
  const { host } = await hostIn(2);
  const weak = noise(40 * MIB, 22);
  const { entry } = await put(host, { weak });
  host.pool.zoneCount = 4;
  const plan = await host.entries.planUpgrade(signal);
  let stores = 0;
  host.pool.beforeStore = async () => {
    stores += 1;
    if (stores > 1) throw new PoolError("OVER_QUOTA", "You would be over your quota by 7 bytes.");
  };
  await assert.rejects(Array.fromAsync(host.entries.upgrade(signal)), { code: "OVER_QUOTA", message: /by 7 bytes.*counts twice/ });
  const rest = await host.entries.planUpgrade(signal);
  assert.ok(rest.contentBytes > 0 && rest.contentBytes < plan.contentBytes - 10 * MIB, `${rest.contentBytes} of ${plan.contentBytes}`);
  host.pool.beforeStore = async () => {};
  const stop = new AbortController();
  await assert.rejects(async () => {
    for await (const { doneBytes } of host.entries.upgrade(stop.signal)) if (doneBytes === 0) stop.abort(new Error("Ctrl-C"));
  }, /Ctrl-C/);
  await Array.fromAsync(host.entries.upgrade(signal));
  assert.equal((await host.entries.planUpgrade(signal)).packs, 0);
  assert.ok(equalBytes((await treeOf(await host.entries.open(entry.id)))["weak"]!, weak));
  await host.entries.stop();
});

test("packs of which little is used, and small ones when there are several, are written together after a while", async () => {
  const { host, pass } = await hostIn(4);
  const [dropped, kept] = [await put(host, { big: noise(12 * MIB, 23) }), noise(MIB, 24)];
  const upload = await host.entries.put({ name: "both", kind: "folder" });
  await upload.add({ path: "kept", mode: 0o600, modifiedMs: 1 }, inChunks(kept));
  await upload.add({ path: "other", mode: 0o600, modifiedMs: 1 }, inChunks(noise(9 * MIB, 25)));
  const both = await upload.commit();
  const again = await put(host, { kept, small: "0" });
  await host.entries.remove(both.entry.id);
  await host.entries.remove(dropped.entry.id);
  const smalls = [];
  for (const text of ["1", "2", "3", "4"]) smalls.push(await put(host, { [text]: text }));
  const before = await used(host);
  await turn(host);
  assert.deepEqual(await used(host), before, "more may follow what has only just been put");
  pass(HOUR_MS);
  await turn(host);
  const now = await used(host);
  assert.ok(before.length >= 6);
  assert.equal(now.length, 1, "all that is used fits into one pack");
  assert.ok(host.pool.stored.get(now[0]!)!.content.bytes.length < 2 * MIB);
  const sizes = host.pool.sizes.length;
  pass(HOUR_MS);
  await turn(host);
  assert.equal(host.pool.sizes.length, sizes, "nothing is left to do");
  await host.pool.remove(host.namespace, [...host.pool.stored.keys()].filter((pack) => !now.includes(pack)));
  assert.ok(equalBytes((await treeOf(await host.entries.open(again.entry.id)))["kept"]!, kept));
  for (const { entry } of smalls) assert.equal(Object.values(await treeOf(await host.entries.open(entry.id))).length, 1);
  await host.entries.stop();
});

test("nothing is written anew while too few hosts are in reach, nor for a person who keeps nothing", async () => {
  const { host, pass } = await hostIn(4);
  await turn(host);
  assert.match(host.entries.workers[0]!.status().progress, /no private content/);
  for (const text of ["1", "2", "3", "4"]) await put(host, { [text]: text });
  const stored = host.pool.sizes.length;
  host.reuse.canRely = false;
  await turn(host);
  pass(HOUR_MS);
  await turn(host);
  assert.equal(host.pool.sizes.length, stored);
  await host.entries.stop();
});

test("of packs with the same blob one that is condemned is used only where no other is there", async () => {
  const { host } = await hostIn(2);
  await put(host, { f: noise(MIB, 26) });
  const [old] = await used(host);
  host.pool.zoneCount = 4;
  await Array.fromAsync(host.entries.upgrade(signal));
  const [fresh] = (await used(host)).filter((pack) => pack !== old);
  assert.ok(!(await host.entries.usage(signal)).has(old!));
  host.records.values.set(`${host.namespace} condemned/${fresh}`, utf8("x"));
  assert.ok((await host.entries.usage(signal)).has(old!), "the weaker one stays");
  host.records.values.set(`${host.namespace} condemned/${old}`, utf8("x"));
  const usage = await host.entries.usage(signal);
  assert.ok(usage.has(fresh!) && !usage.has(old!), "of two that are condemned the better one is taken back");
  await host.entries.stop();
});

test("content that was written anew is read from there when the old packs are lost or condemned, on any host", async () => {
  const { host } = await hostIn(2);
  const bytes = noise(3 * MIB, 27);
  const { entry } = await put(host, { f: bytes });
  const old = await used(host);
  host.pool.zoneCount = 4;
  await Array.fromAsync(host.entries.upgrade(signal));
  for (const pack of old) host.pool.left.set(pack, 0);
  await using other = await person("ada", host);
  for (const each of [host, other]) assert.ok(equalBytes((await treeOf(await each.entries.open(entry.id)))["f"]!, bytes));
  host.pool.left.clear();
  for (const pack of old) host.records.values.set(`${host.namespace} condemned/${pack}`, utf8("x"));
  await using third = await person("ada", host);
  const packs = await third.entries.packsOf(entry.id, signal);
  assert.ok(packs.size > 0 && packs.isDisjointFrom(new Set(old)));
  await host.entries.stop();
});

test("a pack that cannot be read keeps no other from being upgraded or written together, and an upgrade says which it is", async () => {
  const { host, pass } = await hostIn(2);
  for (let at = 0; at < 6; at += 1) await put(host, { [`f${at}`]: noise(MIB, 60 + at) });
  // Of those with content: what is used cannot be told without the pages.
  const lost = [...host.pool.stored].filter(([, { content }]) => content.bytes.length >= MIB).map(([pack]) => pack).slice(0, 2);
  for (const pack of lost) host.pool.left.set(pack, 0);
  host.pool.zoneCount = 6;
  await assert.rejects(Array.fromAsync(host.entries.upgrade(signal)), (error: Error & { code?: string }) => error.code === "UNAVAILABLE" && lost.every((pack) => error.message.includes(pack)));
  assert.equal((await host.entries.planUpgrade(signal)).packs, lost.length);
  for (let at = 0; at < 4; at += 1) await put(host, { [`small${at}`]: String(at) });
  await turn(host);
  pass(HOUR_MS);
  const before = host.pool.sizes.length;
  await turn(host);
  assert.ok(host.pool.sizes.length > before, "the rest was written together");
  assert.match(host.entries.workers[0]!.status().progress, /2 packs cannot be read now/);
  await host.entries.stop();
});

test("of small packs all but one of which cannot be read that one is not written anew, however often, until others can be read", async () => {
  const { host, pass } = await hostIn(4);
  for (let at = 0; at < 4; at += 1) await put(host, { f: noise(MIB, 70 + at) });
  const away = new Set([...host.pool.stored.keys()].slice(0, 3));
  host.pool.beforeRead = async (pack) => {
    if (away.has(pack)) throw new PoolError("UNAVAILABLE", "its hosts are away");
  };
  const before = host.pool.sizes.length;
  for (let hour = 0; hour < 4; hour += 1) {
    await turn(host);
    pass(HOUR_MS);
  }
  assert.equal(host.pool.sizes.length, before);
  assert.match(host.entries.workers[0]!.status().progress, /3 packs cannot be read now/);
  away.clear();
  await turn(host);
  assert.deepEqual([(await used(host)).length, host.pool.sizes.length], [1, before + 1]);
  await host.entries.stop();
});

test("small packs that are full of small blobs are not written together, which would make as many", async () => {
  const redundancy = { kind: "copies", copies: 2 } as const;
  const packsOf = (blobs: number): Pick<Usage, "packs"> => ({
    async *packs() {
      for (let at = 0; at < 5; at += 1) yield { pack: `p${at}` as PackId, sizeBytes: MIB, blobs, neededBytes: MIB, redundancy, isCondemned: false, isUnderWay: false };
    },
  });
  assert.deepEqual(await toRewrite(packsOf(4096), redundancy, signal), []);
  assert.equal((await toRewrite(packsOf(800), redundancy, signal))[0]!.packs.length, 5);
});
