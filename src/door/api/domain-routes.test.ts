import assert from "node:assert/strict";
import test from "node:test";
import { TestDoor } from "../fakes/harness.ts";

test("what is said about domains reaches the sites, and what few hosts know yet is answered with 202", async () => {
  await using door = await TestDoor.open();
  const { domains } = door.sites;
  domains.owners.set("example.org", "blog");
  assert.equal((await door.api("PUT", "/api/sites/blog/domains/example.org")).status, 200);
  assert.equal((await door.api("DELETE", "/api/sites/blog/domains/example.org")).status, 200);
  assert.equal((await door.api("PUT", "/api/domains/example.org", { site: "blog" })).status, 202);
  assert.equal((await door.api("PUT", "/api/domains/example.org", { site: null })).status, 202);
  const checked = await door.api("POST", "/api/sites/blog/domains");
  assert.deepEqual(JSON.parse(checked.body.toString()), { domains: [{ domain: "example.org", site: "blog", standing: "proven", proof: { name: "_holdfast.example.org", text: "holdfast-site=x" } }] });
  assert.deepEqual(domains.calls, [["add", "blog", "example.org"], ["remove", "blog", "example.org"], ["confirm", "blog", "example.org"], ["confirm", null, "example.org"], ["check", "blog"]]);
});
