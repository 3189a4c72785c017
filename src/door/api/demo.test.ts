import assert from "node:assert/strict";
import test from "node:test";
import { FakeNode, TestDoor } from "../fakes/harness.ts";

test("in the demo a host is unplugged and plugged in by its supervisor, and only hosts that there are", async () => {
  const said: unknown[] = [];
  await using door = await TestDoor.open(new FakeNode(), { demo: { plug: (...wish) => void said.push(wish), links: async () => [{ host: "cellar", link: "http://127.0.0.1:4282/#open=abc" }] } });
  assert.deepEqual(JSON.parse((await door.api("GET", "/api/demo")).body.toString()), { isDemo: true });
  for (const isPlugged of [false, true]) assert.equal((await door.api("PUT", "/api/demo/hosts/cellar", { isPlugged })).status, 202);
  assert.equal((await door.api("PUT", "/api/demo/hosts/nobody", { isPlugged: false })).status, 400);
  assert.deepEqual(said, [["cellar", false], ["cellar", true]]);
  const made = await door.api("POST", "/api/demo/links");
  assert.deepEqual([made.status, JSON.parse(made.body.toString())], [201, { links: [{ host: "cellar", link: "http://127.0.0.1:4282/#open=abc" }] }]);
});

test("elsewhere no host can be unplugged", async () => {
  await using door = await TestDoor.open();
  assert.deepEqual(JSON.parse((await door.api("GET", "/api/demo")).body.toString()), { isDemo: false });
  assert.equal((await door.api("PUT", "/api/demo/hosts/cellar", { isPlugged: false })).status, 404);
  assert.equal((await door.api("POST", "/api/demo/links")).status, 404);
});
