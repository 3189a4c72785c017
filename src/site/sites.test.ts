import assert from "node:assert/strict";
import test from "node:test";
import { utf8 } from "../codec/index.ts";
import type { Host } from "./fakes/hosts.ts";
import { MIB, assertHas, bytesOf, network, noise, one, publish } from "./fakes/hosts.ts";
import { namedId } from "./fakes/records.ts";

test("a rollback makes an older tree the current one, as a new head", async () => {
  const { host } = one();
  await publish(host, "s", { a: "first" });
  await publish(host, "s", { a: "second", b: "b" });
  const { head, survives } = await host.sites.rollback("s", 1);
  assert.deepEqual([head.sequence, head.files, survives], [3, 1, 2]);
  await assertHas(host, "s", { a: "first" });
  assert.deepEqual(host.sites.history("s").map(({ sequence }) => sequence), [3, 2, 1]);
  await assert.rejects(host.sites.rollback("s", 9), { code: "NO_HEAD" });
  await assert.rejects(host.sites.rollback("t", 1), { code: "NO_SITE" });
});

test("an unpublished site is gone with all its packs, and its name is free", async () => {
  const { hosts, pool } = network({ a: "ada", b: "bob" });
  await publish(hosts["a"]!, "s", { a: "first" });
  await publish(hosts["a"]!, "s", { a: "second" });
  await assert.rejects(hosts["b"]!.sites.unpublish("s"), { code: "NOT_OWNER" });
  await assert.rejects(hosts["b"]!.sites.rollback("s", 1), { code: "NOT_OWNER" });
  await hosts["a"]!.sites.unpublish("s");
  assert.equal(pool.count, 0);
  for (const { sites } of Object.values(hosts)) {
    assert.deepEqual(sites.list(), []);
    await assert.rejects(sites.open("s"), { code: "NO_SITE" });
  }
  await publish(hosts["b"]!, "s", { a: "mine now" });
  assert.equal(hosts["a"]!.sites.find("s")!.owner, namedId("bob"));
});

test("a publication under way does not bring back what is unpublished meanwhile", async () => {
  const { host, pool } = one();
  await publish(host, "s", { a: "a" });
  const publication = await host.sites.publish("s", { copies: 3 });
  await publication.add("a", bytesOf(utf8("a")));
  await host.sites.unpublish("s");
  await assert.rejects(publication.commit(), { code: "NO_SITE" });
  await publication.abort();
  assert.equal(pool.count, 0);
});

test("two hosts that published at once agree on one head, and the next publication replaces both", async () => {
  const { hosts, net } = network({ a: "ada", b: "ada", c: "bob" });
  const { a, b } = hosts as { a: Host; b: Host };
  await publish(a, "s", { x: "0" });
  net.part(b.records);
  await publish(a, "s", { x: "by a" });
  assert.equal((await publish(b, "s", { x: "by b" })).safe, false);
  net.join(b.records);
  const roots = Object.values(hosts).map(({ sites }) => sites.find("s")!.head!.root);
  assert.equal(new Set(roots).size, 1);
  for (const { sites } of Object.values(hosts)) assert.equal([...(await sites.open("s")).files()].length, 1);
  const { head } = await publish(a, "s", { x: "both seen" });
  assert.equal(head.sequence, 3);
  for (const host of Object.values(hosts)) await assertHas(host, "s", { x: "both seen" });
  assert.equal(a.records.local(b.sites.find("s")!.namespace, "head")!.siblings.length, 1);
});

test("a number that two hosts gave out at once means on both, once they have met, what is shown and rolled back to under it", async () => {
  const { hosts, net } = network({ a: "ada", b: "ada" });
  const { a, b } = hosts as { a: Host; b: Host };
  await publish(a, "s", { x: "0" });
  net.part(b.records);
  const both = [(await publish(a, "s", { x: "by a" })).head, (await publish(b, "s", { x: "by b" })).head];
  assert.deepEqual([a.sites.numbered("s", 2), b.sites.numbered("s", 2)], both);
  net.join(b.records);
  const agreed = a.sites.numbered("s", 2)!;
  assert.deepEqual(b.sites.numbered("s", 2), agreed);
  assert.deepEqual((await b.sites.open("s", undefined, 2)).head, agreed);
  assert.equal((await b.sites.rollback("s", 2)).head.root, agreed.root);
  assert.equal(a.sites.numbered("s", 9), undefined);
});

test("a head that comes from elsewhere between a publication's look and its write stays beside it, and so does its place in the history", async () => {
  const { hosts, net } = network({ a: "ada", b: "ada" });
  const { a, b } = hosts as { a: Host; b: Host };
  await publish(a, "s", { x: "0" });
  net.part(b.records);
  await publish(b, "s", { x: "by b" });
  const write = a.records.write.bind(a.records);
  a.records.write = (...given) => {
    net.join(b.records);
    return write(...given);
  };
  await publish(a, "s", { x: "by a" });
  const { namespace } = a.sites.find("s")!;
  for (const key of ["head", "head/000000000002"]) assert.equal(b.records.local(namespace, key)!.siblings.length, 2, key);
});

test("a host that writes in nobody's name is told so", async () => {
  const { hosts } = network({ a: undefined });
  await assert.rejects(hosts["a"]!.sites.publish("s", { copies: 1 }), { code: "NO_ACCOUNT" });
});

test("stopping ends publications under way, and what they sent stays for the next", async () => {
  const { host, pool } = one();
  host.sites.start();
  const publication = await host.sites.publish("s", { copies: 1 });
  await publication.add("a", bytesOf(noise(17 * MIB, 1)));
  await host.sites.stop();
  assert.equal(pool.count, 1);
  await assert.rejects(publication.commit(), { code: "CLOSED" });
});

test("the packs in use are those of all heads, and of publications that no head names yet; what cannot be read is no answer", async () => {
  const { hosts, pool } = network({ a: "ada", b: "ada" });
  const host = hosts["a"]!;
  await publish(host, "s", { a: "first" });
  const { site } = await publish(host, "s", { a: "second" });
  const used = (): Promise<ReadonlySet<string>> => host.sites.packsUsed(site.namespace, new AbortController().signal);
  const stored = [...pool.packs(site.namespace)].map(({ pack }) => pack);
  assert.deepEqual([...(await used())].sort(), stored.sort());
  const publication = await host.sites.publish("s", { copies: 3 });
  await publication.add("film", bytesOf(noise(18 * MIB, 5)));
  // What says how to serve the site is packed apart from the rest.
  await publication.add("_headers", bytesOf(noise(18 * MIB, 6)));
  const early = [...pool.packs(site.namespace)].map(({ pack }) => pack);
  assert.equal(early.length, stored.length + 2);
  assert.deepEqual([...(await used())].filter((pack) => early.includes(pack as (typeof early)[0])).sort(), early.sort());
  await publication.abort();
  await pool.remove(site.namespace, stored);
  await assert.rejects(hosts["b"]!.sites.packsUsed(site.namespace, new AbortController().signal));
});
