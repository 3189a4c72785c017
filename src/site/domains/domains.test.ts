import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import type { AccountId, NamespaceId } from "../../codec/index.ts";
import type { Host } from "../fakes/hosts.ts";
import { network, publish } from "../fakes/hosts.ts";
import { namedId } from "../fakes/records.ts";
import { domainOf } from "./domain-name.ts";
import { DOMAINS_PER_SITE_MAX } from "./domains.ts";
import { ownerOf } from "./standing.ts";

/** DNS as a test has it: texts by name, or silence. */
class Dns {
  readonly texts = new Map<string, string[]>();
  isSilent = false;
  asked = 0;

  readonly lookUpTexts = async (name: string): Promise<readonly string[]> => {
    this.asked += 1;
    if (this.isSilent) throw new Error("no answer");
    return this.texts.get(name) ?? [];
  };

  /** The owner of the domain says whose it is. */
  say(domain: string, ...sites: NamespaceId[]): void {
    this.texts.set(`_holdfast.${domain}`, ["v=spf1 -all", ...sites.map((site) => `holdfast-site=${site}`)]);
  }
}

async function people(dns: Dns): Promise<{ a: Host; b: Host; blog: NamespaceId; shop: NamespaceId; net: ReturnType<typeof network>["net"] }> {
  const { hosts, net } = network({ a: "ada", b: "bob" }, dns);
  const { a, b } = hosts as { a: Host; b: Host };
  const blog = (await publish(a, "blog", { "index.html": "b" })).site.namespace;
  const shop = (await publish(b, "shop", { "index.html": "s" })).site.namespace;
  return { a, b, blog, shop, net };
}

const standings = (host: Host): string[] => host.sites.domains.list().map(({ domain, site, standing }) => `${domain} ${site} ${standing}`);

test("a domain is a site's once its owner wants it and DNS names it, on every host that asks", async () => {
  const dns = new Dns();
  const { a, b, blog } = await people(dns);
  await a.sites.domains.add("blog", "Example.ORG.");
  assert.deepEqual(standings(b), ["example.org blog unchecked"]);
  const [unproven] = await a.sites.domains.check("blog");
  assert.deepEqual(unproven, { domain: "example.org", site: "blog", standing: "unproven", proof: { name: "_holdfast.example.org", text: `holdfast-site=${blog}` } });
  assert.equal(a.sites.domains.siteAt("example.org"), undefined);
  dns.texts.set(unproven!.proof.name, [unproven!.proof.text]);
  await a.sites.domains.check("blog");
  assert.deepEqual(standings(a), ["example.org blog proven"]);
  assert.equal(a.sites.domains.siteAt("example.org"), "blog");
  assert.equal(b.sites.domains.siteAt("example.org"), undefined, "it has not asked");
  await b.sites.domains.check("blog");
  assert.equal(b.sites.domains.siteAt("example.org"), "blog");
  await a.sites.domains.remove("blog", "example.org");
  for (const { sites } of [a, b]) assert.equal(sites.domains.siteAt("example.org"), undefined);
  await assert.rejects(a.sites.domains.remove("blog", "example.org"), { code: "NO_DOMAIN" });
});

test("of two sites that want one domain the one that DNS names has it, and no word of an administrator takes it away", async () => {
  const dns = new Dns();
  const { a, b, blog, shop, net } = await people(dns);
  net.administrators.add(namedId<AccountId>("bob"));
  await a.sites.domains.add("blog", "example.org");
  await b.sites.domains.add("shop", "example.org");
  await b.sites.domains.confirm("shop", "example.org");
  assert.deepEqual(standings(a), ["example.org blog elsewhere", "example.org shop confirmed"]);
  dns.say("example.org", blog);
  await a.sites.domains.check("blog");
  assert.deepEqual(standings(a), ["example.org blog proven", "example.org shop elsewhere"]);
  dns.say("example.org", shop);
  await a.sites.domains.check("blog");
  assert.equal(a.sites.domains.siteAt("example.org"), "shop");
});

test("only an administrator gives a domain, only to a site that wants it, and may take it back", async () => {
  const { a, b, net } = await people(new Dns());
  await a.sites.domains.add("blog", "example.org");
  await assert.rejects(a.sites.domains.confirm("blog", "example.org"), /NOT_ADMINISTRATOR/);
  net.administrators.add(namedId<AccountId>("bob"));
  await assert.rejects(b.sites.domains.confirm("shop", "example.org"), { code: "NO_DOMAIN" });
  await b.sites.domains.confirm("blog", "example.org");
  for (const { sites } of [a, b]) assert.equal(sites.domains.siteAt("example.org"), "blog");
  await b.sites.domains.confirm(null, "example.org");
  assert.equal(a.sites.domains.siteAt("example.org"), undefined);
});

test("a name server that has gone silent takes no site down, and one that says no does", async () => {
  const dns = new Dns();
  const { a, blog } = await people(dns);
  await a.sites.domains.add("blog", "example.org");
  dns.say("example.org", blog);
  await a.sites.domains.check("blog");
  dns.isSilent = true;
  await a.sites.domains.check("blog");
  assert.equal(a.sites.domains.siteAt("example.org"), "blog");
  dns.isSilent = false;
  dns.texts.clear();
  await a.sites.domains.check("blog");
  assert.deepEqual(standings(a), ["example.org blog unproven"]);
});

test("others' sites get and lose no domains by somebody else's word, and an unpublished site has none", async () => {
  const dns = new Dns();
  const { a, b, blog } = await people(dns);
  await a.sites.domains.add("blog", "example.org");
  await assert.rejects(b.sites.domains.add("blog", "evil.example"), { code: "NOT_OWNER" });
  await assert.rejects(b.sites.domains.remove("blog", "example.org"), { code: "NOT_OWNER" });
  await assert.rejects(b.sites.domains.add("nowhere", "example.org"), { code: "NO_SITE" });
  await a.sites.unpublish("blog");
  assert.deepEqual(standings(b), []);
  assert.equal(b.records.local(blog, "domain/example.org"), undefined);
});

test("a host that serves domains asks about all of them by itself, and says when it has done so first", async () => {
  const dns = new Dns();
  const { hosts } = network({ a: "ada" }, { lookUpTexts: dns.lookUpTexts, servesDomains: true });
  const host = hosts["a"]!;
  const { site } = await publish(host, "blog", { "index.html": "b" });
  dns.say("example.org", site.namespace);
  await host.sites.domains.add("blog", "example.org");
  assert.equal(host.sites.domains.isReady, false);
  host.sites.start();
  while (!host.sites.domains.isReady) await new Promise(setImmediate);
  assert.equal(host.sites.domains.siteAt("example.org"), "blog");
  await host.sites.stop();
});

test("a site has a bounded number of domains", async () => {
  const { a } = await people(new Dns());
  for (let at = 0; at < DOMAINS_PER_SITE_MAX; at += 1) await a.sites.domains.add("blog", `n${at}.example.org`);
  await a.sites.domains.add("blog", "n1.example.org");
  await assert.rejects(a.sites.domains.add("blog", "more.example.org"), { code: "TOO_MANY_DOMAINS" });
  assert.equal(a.sites.domains.list().length, DOMAINS_PER_SITE_MAX);
});

test("a domain is taken as people type it, and what is none is refused with what to type", () => {
  for (const [typed, domain] of [["example.org", "example.org"], [" WWW.Example.Org. ", "www.example.org"], ["bücher.example", "xn--bcher-kva.example"]]) assert.equal(domainOf(typed!), domain);
  for (const typed of ["", "example", "localhost", "blog.localhost", "nas.local", "10.0.0.1", "[::1]", "http://example.org", "example.org/x", "a..b", "-a.org", "*.example.org", "a.org:80", `${"a.".repeat(130)}org`]) {
    assert.throws(() => domainOf(typed), { code: "BAD_DOMAIN" }, typed);
  }
});

test("whose a domain is does not depend on the order in which anybody speaks", () => {
  const sites = ["a", "b", "c", "d"].map((name) => namedId<AccountId>(name) as unknown as NamespaceId);
  const some = fc.shuffledSubarray(sites);
  fc.assert(
    fc.property(some, fc.option(some, { nil: undefined }), fc.option(fc.constantFrom(...sites), { nil: undefined }), (wantedBy, told, given) => {
      const owner = ownerOf({ wantedBy, told, given });
      assert.deepEqual(ownerOf({ wantedBy: wantedBy.toReversed(), told: told?.toReversed(), given }), owner);
      assert.ok(owner === undefined || wantedBy.includes(owner.namespace));
      assert.ok(owner?.by !== "confirmed" || !wantedBy.some((each) => told?.includes(each)));
      assert.ok(owner !== undefined || !wantedBy.some((each) => told?.includes(each) || each === given));
    }),
  );
});
