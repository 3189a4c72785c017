import assert from "node:assert/strict";
import test from "node:test";
import type { HostId, NamespaceId } from "../codec/index.ts";
import type { Host } from "./fakes/hosts.ts";
import { network, publish } from "./fakes/hosts.ts";
import type { FakePool } from "./fakes/pool.ts";
import type { FakeNetwork } from "./fakes/records.ts";
import { namedId } from "./fakes/records.ts";

/** Hosts a to d; a and b are ada's, c and d bob's. The first three vote. */
function fourHosts(): { readonly net: FakeNetwork; readonly pool: FakePool; readonly a: Host; readonly b: Host; readonly c: Host; readonly d: Host } {
  const { hosts, net, pool } = network({ a: "ada", b: "ada", c: "bob", d: "bob" });
  net.roster = { ...net.roster, voters: ["a", "b", "c"].map((name) => namedId<HostId>(name)) };
  return { net, pool, ...(hosts as { a: Host; b: Host; c: Host; d: Host }) };
}

/** Lets the workers of the hosts take their turns until nothing happens any more. */
async function settled(...hosts: readonly Host[]): Promise<void> {
  for (const { sites } of hosts) sites.start();
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
  assert.ok(hosts.every(({ sites }) => sites.workers.every((worker) => worker.status().state === "idle")));
}

async function stopped(...hosts: readonly Host[]): Promise<void> {
  await Promise.all(hosts.map(({ sites }) => sites.stop()));
}

test("a name is provisional until a majority of the voters has countersigned it", async () => {
  const { a, b, c, d } = fourHosts();
  await publish(a, "blog", { "index.html": "x" });
  assert.equal(d.sites.find("blog")!.standing, "provisional");
  await settled(a);
  assert.equal(d.sites.find("blog")!.standing, "provisional");
  await settled(b);
  for (const { sites } of [a, b, c, d]) assert.equal(sites.find("blog")!.standing, "final");
  await stopped(a, b);
});

test("a host that is no voter does not countersign", async () => {
  const { a, d } = fourHosts();
  await publish(a, "blog", { "index.html": "x" });
  await settled(d);
  assert.deepEqual(d.records.batches, []);
  await stopped(d);
});

test("a voter votes once, when names come and when they are there at its start", async () => {
  const { a, b } = fourHosts();
  await publish(a, "early", { "index.html": "x" });
  await settled(b);
  await publish(a, "late", { "index.html": "x" });
  await settled(b);
  await publish(a, "late", { "index.html": "y" });
  await settled(b);
  assert.deepEqual(b.records.batches, [[`name/early/vote/${b.records.self}`], [`name/late/vote/${b.records.self}`]]);
  await stopped(b);
});

test("of two who claimed a name apart, the one whom the voters saw first has it, and the other is told so", async () => {
  const { net, pool, a, b, c, d } = fourHosts();
  net.part(d.records);
  await publish(d, "blog", { "index.html": "bob's" });
  await publish(a, "blog", { "index.html": "ada's" });
  await settled(a, b, c);
  net.join(d.records);
  await settled(a, b, c, d);
  for (const { sites } of [a, b, c, d]) {
    assert.equal(sites.find("blog")!.owner, namedId("ada"));
    assert.equal(sites.find("blog")!.standing, "final");
    assert.equal(sites.list().length, 1);
  }
  await assert.rejects(publish(d, "blog", { "index.html": "again" }), { code: "NAME_TAKEN", message: /unpublish blog/ });
  await d.sites.unpublish("blog");
  await assert.rejects(d.sites.unpublish("blog"), { code: "NOT_OWNER" });
  assert.equal(pool.count, 2, "the site that has the name keeps its packs, the other's are gone");
  await stopped(a, b, c, d);
});

test("without a majority both sides agree on one of two claims all the same", async () => {
  const { net, a, b, c, d } = fourHosts();
  net.part(c.records);
  await publish(c, "blog", { "index.html": "bob's" });
  await settled(c);
  await publish(a, "blog", { "index.html": "ada's" });
  await settled(a);
  net.join(c.records);
  const owners = [a, b, c, d].map(({ sites }) => sites.find("blog")!.owner);
  assert.equal(new Set(owners).size, 1);
  // The third voter decides, for the one that is ahead.
  await settled(a, b, c);
  for (const { sites } of [a, b, c, d]) assert.deepEqual([sites.find("blog")!.owner, sites.find("blog")!.standing], [owners[0], "final"]);
  await stopped(a, b, c);
});

test("votes follow when a site is unpublished and its name claimed anew", async () => {
  const { net, a, b, c, d } = fourHosts();
  await publish(a, "blog", { "index.html": "ada's" });
  await settled(a, b, c);
  await a.sites.unpublish("blog");
  await settled(a, b, c);
  assert.equal(a.records.localScan(net.id as string as NamespaceId, { prefix: "name/" }).entries.length, 0, "nothing is left of the name");
  await publish(d, "blog", { "index.html": "bob's" });
  await settled(a, b, c);
  assert.deepEqual([a.sites.find("blog")!.owner, a.sites.find("blog")!.standing], [namedId("bob"), "final"]);
  await stopped(a, b, c);
});

test("a change of voters changes what counts", async () => {
  const { net, a, b, d } = fourHosts();
  await publish(a, "blog", { "index.html": "x" });
  await settled(a, b);
  assert.equal(d.sites.find("blog")!.standing, "final");
  net.roster = { ...net.roster, voters: [namedId("c"), namedId("d"), namedId("a")] };
  assert.equal(d.sites.find("blog")!.standing, "provisional");
  await settled(d);
  assert.equal(d.sites.find("blog")!.standing, "final");
  await stopped(a, b, d);
});

test("a person who publishes one new name from two hosts at once keeps one site", async () => {
  const { net, a, b, c } = fourHosts();
  net.part(b.records);
  await publish(a, "blog", { "index.html": "from a" });
  await publish(b, "blog", { "index.html": "from b" });
  net.join(b.records);
  const namespaces = [a, b, c].map(({ sites }) => sites.find("blog")!.namespace);
  assert.equal(new Set(namespaces).size, 1);
  await publish(b, "blog", { "index.html": "after" });
  for (const { sites } of [a, b, c]) assert.equal(sites.find("blog")!.namespace, namespaces[0]);
});
