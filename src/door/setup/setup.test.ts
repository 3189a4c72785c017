import assert from "node:assert/strict";
import { request } from "node:http";
import test from "node:test";
import { HoldfastError } from "../../platform/index.ts";
import { SESSION_KEY, env, hostId } from "../fakes/harness.ts";
import type { SetupDoor } from "./setup-door.ts";
import { createSetupDoor } from "./setup-door.ts";
import type { SetupNearby } from "./setup-rows.ts";

interface Reply {
  readonly status: number;
  readonly text: string;
}

/** A set-up whose desk notes what it is told. */
async function open(said: unknown[]): Promise<{ readonly door: SetupDoor; ask(method: string, path: string, headers?: Readonly<Record<string, string>>, json?: unknown): Promise<Reply>; [Symbol.asyncDispose](): Promise<void> }> {
  const facts: SetupNearby = { addresses: ["192.168.1.7:4281"], sponsors: [{ id: hostId(5), host: "attic", network: "kin" }], asked: null };
  const nearby = {
    facts: () => facts,
    ask: (...asked: unknown[]) => void said.push(asked),
    withdraw: () => void said.push("withdraw"),
  };
  const desk = {
    nearby,
    facts: async () => ({ folder: "/home/ann/holdfast", freeBytes: 5, host: "pc" }),
    invite: async () => ({ networkName: "kin", expiresMs: 1, checkWords: "one two three" }),
    create: async (wanted: unknown) => {
      said.push(wanted);
      throw new HoldfastError("NOT_EMPTY", "The folder is not empty. Choose another.");
    },
    join: async (wanted: unknown) => {
      said.push(wanted);
      return { networkName: "kin", phrase: null };
    },
    start: () => void said.push("start"),
  };
  const door = await createSetupDoor(env, { desk, version: "0.1.0", sessionKey: SESSION_KEY, token: "a-token-that-nobody-has-0123", browserFolders: [], port: 0 });
  const ask = (method: string, path: string, headers: Readonly<Record<string, string>> = {}, json?: unknown): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const sent = request({ host: "127.0.0.1", port: door.port, path, method, agent: false, headers: { host: `127.0.0.1:${door.port}`, ...(json === undefined ? {} : { "content-type": "application/json" }), ...headers } }, (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (part: string) => (text += part)).on("end", () => resolve({ status: answer.statusCode ?? 0, text }));
      });
      sent.on("error", reject).end(json === undefined ? undefined : JSON.stringify(json));
    });
  return { door, ask, [Symbol.asyncDispose]: () => door.close() };
}

test("a set-up is entered by its link alone, at this machine's own names", async () => {
  const said: unknown[] = [];
  await using setup = await open(said);
  assert.equal((await setup.ask("GET", "/api/setup")).status, 401);
  assert.equal((await setup.ask("POST", "/api/setup/start")).status, 401);
  for (const host of ["evil.example", `blog.localhost:${setup.door.port}`]) assert.equal((await setup.ask("GET", "/", { host })).status, 421, host);
  assert.equal((await setup.ask("POST", "/api/sessions", { origin: "http://evil.example" })).status, 403);
  assert.match((await setup.ask("GET", "/")).text, /<div id="setup">.*no host on this machine yet/);
  for (const [method, path, status] of [["POST", "/", 405], ["GET", "/else", 404], ["GET", "/browser/browser.js", 404]] as const) assert.equal((await setup.ask(method, path)).status, status, path);
  assert.deepEqual(said, []);
});

test("whoever has the link makes a host, and is told what was wrong with what they wanted", async () => {
  const said: unknown[] = [];
  await using setup = await open(said);
  const code = setup.door.browserLink().split("#open=")[1]!;
  const { token } = JSON.parse((await setup.ask("POST", "/api/sessions", { authorization: `Bearer ${code}` })).text) as { token: string };
  const bearer = { authorization: `Bearer ${token}` };
  assert.deepEqual(JSON.parse((await setup.ask("GET", "/api/setup", bearer)).text), { folder: "/home/ann/holdfast", freeBytes: 5, host: "pc" });
  const place = { host: "den", folder: "/tmp/x", capacityBytes: 7 };
  const refused = await setup.ask("POST", "/api/setup/create", bearer, { network: "kin", ...place });
  assert.deepEqual([refused.status, JSON.parse(refused.text)], [409, { code: "NOT_EMPTY", message: "The folder is not empty. Choose another." }]);
  assert.equal((await setup.ask("POST", "/api/setup/create", bearer, { network: "kin", ...place, more: 1 })).status, 400);
  assert.equal((await setup.ask("POST", "/api/setup/join", bearer, { code: "hf", ...place })).status, 201);
  const nearby = JSON.parse((await setup.ask("GET", "/api/setup/nearby", bearer)).text) as SetupNearby;
  assert.deepEqual([nearby.addresses, nearby.sponsors.map(({ host, network }) => [host, network])], [["192.168.1.7:4281"], [["attic", "kin"]]]);
  assert.equal((await setup.ask("GET", "/api/setup/nearby")).status, 401);
  assert.equal((await setup.ask("POST", `/api/setup/nearby/${hostId(5)}/ask`, bearer, { host: "den" })).status, 200);
  assert.equal((await setup.ask("POST", `/api/setup/nearby/${hostId(5)}/ask`, bearer, { host: "d".repeat(65) })).status, 400);
  assert.equal((await setup.ask("POST", "/api/setup/nearby/x/ask", bearer, { host: "den" })).status, 400);
  assert.equal((await setup.ask("DELETE", "/api/setup/nearby/asked", bearer)).status, 200);
  assert.deepEqual(said.splice(2, 2), [[hostId(5), "den"], "withdraw"]);
  assert.equal((await setup.ask("POST", "/api/setup/start", bearer)).status, 202);
  assert.deepEqual(said, [{ network: "kin", ...place }, { code: "hf", ...place }, "start"]);
});
