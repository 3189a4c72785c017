import assert from "node:assert/strict";
import test from "node:test";
import { NameServer } from "./name-server.fixture.ts";
import { nameTexts } from "./name-texts.ts";

test("texts under a name come joined, and a name without any has none", async () => {
  await using server = await NameServer.open();
  const lookUp = nameTexts([server.address]);
  const long = "x".repeat(300);
  server.texts.set("_holdfast.example.org", ["one", long]);
  server.texts.set("bare.example.org", []);
  assert.deepEqual((await lookUp("_holdfast.Example.org")).toSorted(), ["one", long]);
  assert.deepEqual(await lookUp("bare.example.org"), [], "the name is there, but has no text");
  assert.deepEqual(await lookUp("none.example.org"), [], "there is no such name");
});

test("a name server that is not there is no answer, which is not the answer that there is nothing", async () => {
  const server = await NameServer.open();
  const { address } = server;
  await server[Symbol.asyncDispose]();
  await assert.rejects(nameTexts([address])("_holdfast.example.org"), { code: "ECONNREFUSED" });
});

test("what is no name server's address is refused with what to type", () => {
  for (const typed of ["", "1.2", "dns.example", "192.0.2.53:99999"]) assert.throws(() => nameTexts([typed]), { code: "BAD_ADDRESS", message: /--dns/ }, typed);
  for (const typed of ["192.0.2.53", "192.0.2.53:5353", "2001:db8::53", "[2001:db8::53]:5353"]) nameTexts([typed]);
});
