import assert from "node:assert/strict";
import { request } from "node:http";
import test from "node:test";
import { utf8 } from "../../codec/index.ts";
import { TOKEN, TestDoor } from "../fakes/harness.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

test("keys of any text and values of any bytes go through the API as they are", async () => {
  await using door = await TestDoor.open();
  const key = "../a\\b\u0000/%2e?";
  const bytes = Buffer.from([0, 255, 10, 13]);
  const put = await door.api("POST", "/api/kv/notes/write", { key, base64: bytes.toString("base64") });
  assert.deepEqual([put.status, JSON.parse(put.body.toString())], [200, { token: "token", copies: 2, safe: true }]);
  assert.deepEqual(Buffer.from(door.node.kv.values.get(key)![0]!), bytes);
  const { values } = JSON.parse((await door.api("POST", "/api/kv/notes/read", { key })).body.toString()) as { values: { base64: string }[] };
  assert.deepEqual(values.map((each) => each.base64), [bytes.toString("base64")]);
});

test("a write on too few hosts is answered with 202, a key that is not there with 404, and what is not understood with 400", async () => {
  await using door = await TestDoor.open();
  door.node.kv.safe = false;
  assert.equal((await door.api("POST", "/api/kv/notes/write", { key: "k", base64: base64("v") })).status, 202);
  assert.equal((await door.api("POST", "/api/kv", { name: "notes", writers: "owner" })).status, 202);
  assert.equal((await door.api("POST", "/api/kv/notes/read", { key: "none" })).status, 404);
  for (const body of [{ key: "k", base64: "*" }, { key: "k" }, { key: "", base64: "" }, { key: "k", base64: "", supersedes: "all" }, { key: "k", base64: "", supersedes: "blind", context: "AYA" }]) {
    assert.equal((await door.api("POST", "/api/kv/notes/write", body)).status, 400, JSON.stringify(body));
  }
  assert.equal(JSON.parse((await door.api("POST", "/api/kv/notes/read", { key: "k", after: "!" })).body.toString()).code, "BAD_TOKEN");
});

test("a scan goes on page by page to the end or the limit", async () => {
  await using door = await TestDoor.open();
  for (let at = 0; at < 1200; at += 1) door.node.kv.values.set(`k${String(at).padStart(4, "0")}`, [utf8(String(at))]);
  const keysOf = async (question: object): Promise<string[]> => (JSON.parse((await door.api("POST", "/api/kv/notes/scan", question)).body.toString()) as { entries: { key: string }[] }).entries.map(({ key }) => key);
  const all = await keysOf({});
  assert.deepEqual([all.length, all[0], all.at(-1)], [1200, "k0000", "k1199"]);
  assert.equal((await keysOf({ limit: 700 })).length, 700);
  assert.equal((await keysOf({ prefix: "k00" })).length, 100);
  const lines = (await door.api("POST", "/api/kv/notes/scan", {}, { accept: "application/x-ndjson" })).body.toString().trimEnd().split("\n");
  assert.equal(lines.length, 1200);
});

test("a feed gives its lines as they come and ends when nobody listens", async () => {
  await using door = await TestDoor.open();
  door.node.kv.changed = [{ state: { key: "k", siblings: [], context: "context" }, position: "p1" }];
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const body = JSON.stringify({ from: "p0" });
  const sent = request({ host: "127.0.0.1", port: door.door.port, path: "/api/kv/notes/changes", method: "POST", agent: false, headers: { host: `localhost:${door.door.port}`, authorization: `Bearer ${TOKEN}`, "content-type": "application/json", "content-length": body.length } }, (response) => {
    response.setEncoding("utf8").once("data", resolve);
  });
  sent.on("error", reject).end(body);
  const { key, values, position } = JSON.parse(await promise) as { key: string; values: unknown[]; position: string };
  assert.deepEqual([key, values, position], ["k", [], "p1"]);
  assert.deepEqual(door.node.kv.calls, [["changes", "p0"]]);
  sent.destroy();
});
