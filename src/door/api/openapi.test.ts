import assert from "node:assert/strict";
import test from "node:test";
import { Check } from "typebox/schema";
import { TestDoor } from "../fakes/harness.ts";

type Json = { readonly [name: string]: Json } & { readonly $ref?: string };

/** Puts each reference's schema in its place. */
function resolved(schema: unknown, named: Json): unknown {
  if (Array.isArray(schema)) return schema.map((each) => resolved(each, named));
  if (typeof schema !== "object" || schema === null) return schema;
  const { $ref } = schema as Json;
  if ($ref !== undefined) return resolved(named[$ref.replace("#/components/schemas/", "")], named);
  return Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, resolved(value, named)]));
}

test("the API's description has every route, and no reference leads nowhere", async () => {
  await using door = await TestDoor.open();
  const description = JSON.parse((await door.api("GET", "/api/openapi.json")).body.toString()) as Json;
  assert.equal(description["openapi"] as unknown, "3.1.1");
  const operations = Object.entries(description["paths"]!).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`));
  assert.deepEqual(operations.sort(), [
    "delete /api/applicants/{id}", "delete /api/entries/{id}", "delete /api/hosts/{id}", "delete /api/kv/{name}/follow", "delete /api/publications/{id}", "delete /api/sites/{name}", "delete /api/uploads/{id}", "get /api/addresses", "get /api/entries", "get /api/entries/{id}", "get /api/entries/{id}/blobs/{path}", "get /api/entries/{id}/content/{path}", "get /api/entries/{id}/files", "get /api/files", "get /api/hosts", "get /api/invites", "get /api/kv", "get /api/layout", "get /api/settings", "get /api/sites", "get /api/sites/{name}",
    "get /api/sites/{name}/content/{path}", "get /api/sites/{name}/files", "get /api/sites/{name}/history", "get /api/status", "get /api/workers", "post /api/hosts/{id}/lost", "post /api/hosts/{id}/revoke", "post /api/invites", "post /api/kv", "post /api/kv/{name}/changes", "post /api/kv/{name}/read", "post /api/kv/{name}/scan", "post /api/kv/{name}/write", "post /api/publications",
    "post /api/publications/{id}/commit", "post /api/publications/{id}/kept", "post /api/publications/{id}/leave", "post /api/sites/{name}/rollback", "get /api/upgrade", "post /api/upgrade", "post /api/uploads", "post /api/uploads/{id}/commit", "post /api/uploads/{id}/folders", "put /api/addresses", "put /api/kv/{name}/follow", "put /api/publications/{id}/files/{path}", "put /api/settings", "put /api/uploads/{id}/files/{path}",
    "get /api/mirrors", "put /api/mirrors", "get /api/people", "get /api/pool", "get /api/where/{id}", "get /api/hosts/{id}/parting", "post /api/leave", "put /api/capacity", "put /api/hosts/{id}/draining", "put /api/people/{id}/quota", "post /api/applicants", "post /api/applicants/{id}/admit", "post /api/entries/{id}/bundle", "put /api/uploads/{id}/bundles/{number}", "post /api/entries/{id}/downloads", "get /api/downloads/{id}", "post /api/links", "post /api/sessions", "get /api/events",
    "post /api/search", "get /api/applicants", "get /api/demo",
    "get /api/sites/{name}/visits", "get /api/domains", "put /api/domains/{domain}", "post /api/sites/{name}/domains", "put /api/sites/{name}/domains/{domain}", "delete /api/sites/{name}/domains/{domain}",
  ].sort());
  const schemas = description["components"]!["schemas"]!;
  for (const [, name] of JSON.stringify(description).matchAll(/"#\/components\/schemas\/(\w+)"/g)) assert.ok(schemas[name!], name!);
  assert.doesNotMatch(JSON.stringify(description), /\$id/);
});

test("answers are as the API's description says", async () => {
  await using door = await TestDoor.open();
  door.sites.put("blog", { "index.html": "x" });
  door.sites.domains.owners.set("example.org", "blog");
  await (await door.node.entries.put({ name: "papers", kind: "folder" })).commit();
  const description = JSON.parse((await door.api("GET", "/api/openapi.json")).body.toString()) as Json;
  for (const path of ["/api/status", "/api/hosts", "/api/sites", "/api/sites/{name}", "/api/sites/{name}/files", "/api/sites/{name}/history", "/api/files", "/api/workers", "/api/invites", "/api/addresses", "/api/kv", "/api/layout", "/api/people", "/api/pool", "/api/mirrors", "/api/entries", "/api/entries/{id}", "/api/entries/{id}/files", "/api/upgrade", "/api/domains", "/api/sites/{name}/visits"]) {
    const schema = resolved(description["paths"]![path]!["get"]!["responses"]!["200"]!["content"]!["application/json"]!["schema"], description["components"]!["schemas"]!);
    const reply = await door.api("GET", path.replace("{name}", "blog").replace("{id}", "entry0"));
    assert.ok(Check(schema as { type: "object" }, JSON.parse(reply.body.toString())), path);
  }
  const failed = resolved({ $ref: "#/components/schemas/ErrorBody" }, description["components"]!["schemas"]!);
  assert.ok(Check(failed as { type: "object" }, JSON.parse((await door.api("GET", "/api/none")).body.toString())));
});
