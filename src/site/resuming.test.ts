import assert from "node:assert/strict";
import test from "node:test";
import type { PackId } from "../codec/index.ts";
import type { Host } from "./fakes/hosts.ts";
import { MIB, assertHas, bytesOf, network, noise, publish } from "./fakes/hosts.ts";

/** Films that fill a pack and begin another. */
const films = Object.fromEntries([1, 2, 3].map((number) => [`film${number}`, noise(6 * MIB, number)]));

/** What may be relied on, as a test says. */
class Reuse {
  canRely = true;
  /** What was stored a moment ago stays. */
  isQuick = true;
  readonly staysSince = (): boolean => this.isQuick;
  /** Of these somebody has begun to let go. */
  readonly going = new Set<PackId>();
  reliable = async (_namespace: unknown, packs: Iterable<PackId>): Promise<ReadonlySet<PackId>> => new Set([...packs].filter((pack) => !this.going.has(pack)));
}

async function cutOff(host: Host, name: string): Promise<void> {
  const publication = await host.sites.publish(name, { copies: 3 });
  for (const [path, bytes] of Object.entries(films)) await publication.add(path, bytesOf(bytes));
  await publication.leave();
}

test("a publication that was cut off goes on from the last whole pack, also of a site that is new", async () => {
  const { hosts, pool } = network({ a: "ada" }, { reuse: new Reuse() });
  const host = hosts["a"]!;
  await publish(host, "s", { first: "version" });
  const before = pool.storedBytes.length;
  await cutOff(host, "s");
  const sent = pool.storedBytes.slice(before);
  assert.deepEqual(sent, [16 * MIB], "what did not fill a pack was not sent yet");
  await publish(host, "s", films);
  const again = pool.storedBytes.slice(before + 1).reduce((sum, bytes) => sum + bytes, 0);
  assert.ok(again > 2 * MIB && again < 2.1 * MIB, `${again} bytes were sent afterwards`);
  await assertHas(host, "s", films);
});

test("what is on its way to deletion is not relied on, nor is anything while most hosts are out of reach", async () => {
  const reuse = new Reuse();
  const { hosts, pool } = network({ a: "ada" }, { reuse });
  const host = hosts["a"]!;
  const { site } = await publish(host, "s", { first: "version" });
  const known = new Set([...pool.packs(site.namespace)].map(({ pack }) => pack));
  await cutOff(host, "s");
  const [left] = [...pool.packs(site.namespace)].map(({ pack }) => pack).filter((pack) => !known.has(pack));
  reuse.going.add(left!);
  await assert.rejects(publish(host, "s", films), { code: "CLOSED", message: /Publish again/ });
  assert.equal(host.sites.find("s")!.head!.sequence, 1);
  reuse.canRely = false;
  const before = pool.storedBytes.length;
  await publish(host, "s", films);
  assert.ok(pool.storedBytes.slice(before).reduce((sum, bytes) => sum + bytes, 0) > 18 * MIB, "everything was sent again");
  await assertHas(host, "s", films);
});

test("a tree that went and comes back is not sent again", async () => {
  const { hosts, pool } = network({ a: "ada" }, { reuse: new Reuse() });
  const host = hosts["a"]!;
  await publish(host, "s", films);
  await publish(host, "s", { small: "x" });
  const before = pool.storedBytes.length;
  await publish(host, "s", films);
  assert.ok(pool.storedBytes.slice(before).every((bytes) => bytes < 10_000));
  await assertHas(host, "s", films);
});

test("a tree whose manifest alone was lost gets another, though the host that publishes it has the old one at hand", async () => {
  const { hosts, pool } = network({ a: "ada", b: "bob" }, { reuse: new Reuse() });
  const host = hosts["a"]!;
  for (const tree of [{ small: "x" }, { other: "y" }, { small: "x" }]) await publish(host, "s", tree);
  const { site } = await publish(host, "s", { small: "x" });
  // The tree came back, and nothing of it had to be sent: what was stored last is the list of it.
  pool.unheld.add([...pool.packs(site.namespace)].at(-1)!.pack);
  const before = pool.storedBytes.length;
  await publish(host, "s", { small: "x" });
  assert.equal(pool.storedBytes.length, before + 1);
  await assertHas(hosts["b"]!, "s", { small: "x" });
});

test("a publication that took so long that what it has sent itself may be gone says so rather than naming it", async () => {
  const reuse = new Reuse();
  const { hosts, pool } = network({ a: "ada" }, { reuse });
  const host = hosts["a"]!;
  const { site } = await publish(host, "s", { first: "version" });
  const publication = await host.sites.publish("s", { copies: 3 });
  for (const [path, bytes] of Object.entries(films)) await publication.add(path, bytesOf(bytes));
  // It slept, and another device has begun to let go what lay there unused.
  reuse.isQuick = false;
  const known = new Set([...pool.packs(site.namespace)].map(({ pack }) => pack));
  reuse.reliable = async (_, packs) => new Set([...packs].filter((pack) => known.has(pack)));
  await assert.rejects(publication.commit(), { code: "CLOSED", message: /Publish again/ });
  assert.equal(host.sites.find("s")!.head!.sequence, 1);
});

test("a publication whose machine sleeps while it asks about content of earlier comes to doubt what it has sent itself", async () => {
  const reuse = new Reuse();
  const { hosts } = network({ a: "ada" }, { reuse });
  const host = hosts["a"]!;
  await publish(host, "s", { small: "x" });
  await publish(host, "s", { other: "y" });
  reuse.reliable = async (_, packs) => {
    reuse.isQuick = false;
    return new Set(packs);
  };
  await assert.rejects(publish(host, "s", { small: "x", young: "z" }), { code: "CLOSED", message: /Publish again/ });
  assert.equal(host.sites.find("s")!.head!.sequence, 2);
});
