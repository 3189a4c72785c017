import assert from "node:assert/strict";
import test from "node:test";
import { SESSION_KEY, TOKEN, TestDoor, env } from "../fakes/harness.ts";
import { Sessions } from "./sessions.ts";

const CODE = /^http:\/\/127\.0\.0\.1:\d+\/#open=([a-z2-7]{26})$/;

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

function codeIn(link: string): string {
  return CODE.exec(link)![1]!;
}

/** A session's token, by the way a web browser takes. */
async function enter(door: TestDoor): Promise<string> {
  const reply = await door.api("POST", "/api/sessions", undefined, bearer(codeIn(door.door.browserLink())));
  assert.equal(reply.status, 201);
  return (JSON.parse(reply.body.toString()) as { token: string }).token;
}

test("a link's code opens one session, once, and its token opens the API", async () => {
  await using door = await TestDoor.open();
  const code = codeIn(door.door.browserLink());
  const first = await door.api("POST", "/api/sessions", undefined, bearer(code));
  const { token } = JSON.parse(first.body.toString()) as { token: string };
  assert.equal((await door.api("GET", "/api/status", undefined, bearer(token))).status, 200);
  assert.equal((await door.api("POST", "/api/sessions", undefined, bearer(code))).status, 401);
});

test("a link's code opens nothing but a session", async () => {
  await using door = await TestDoor.open();
  const code = codeIn(door.door.browserLink());
  for (const [method, path] of [["GET", "/api/status"], ["GET", "/api/sessions"], ["POST", "/api/links"], ["POST", "/api/sessions?x"], ["POST", "/api/sessions/"]] as const) {
    assert.equal((await door.api(method, path, undefined, bearer(code))).status, 401, `${method} ${path}`);
  }
  assert.equal((await door.api("POST", "/api/sessions", undefined, bearer(code))).status, 201, "and it was not spent by that");
});

test("a session makes links for others, and the API's own token is no code", async () => {
  await using door = await TestDoor.open();
  const made = await door.api("POST", "/api/links", undefined, bearer(await enter(door)));
  assert.match((JSON.parse(made.body.toString()) as { link: string }).link, CODE);
  const refused = await door.api("POST", "/api/sessions", undefined, bearer(TOKEN));
  assert.equal(refused.status, 401);
  assert.match(refused.body.toString(), /holdfast browser/);
});

test("a session holds over a restart of its host, and not at another host", async () => {
  const first = await TestDoor.open();
  const token = await enter(first);
  await first.door.close();
  await using again = await TestDoor.open();
  await using other = await TestDoor.open(undefined, { sessionKey: SESSION_KEY.map((byte) => byte + 1) });
  assert.equal((await again.api("GET", "/api/status", undefined, bearer(token))).status, 200);
  assert.equal((await other.api("GET", "/api/status", undefined, bearer(token))).status, 401);
});

test("a session's token with any letter changed, cut or lengthened is refused", () => {
  const sessions = new Sessions(env, SESSION_KEY);
  const token = sessions.open(sessions.invite())!;
  assert.ok(sessions.admits(token));
  for (let at = 0; at < token.length; at++) assert.ok(!sessions.admits(token.slice(0, at) + (token[at] === "a" ? "b" : "a") + token.slice(at + 1)), `letter ${at}`);
  for (const other of ["", token.slice(1), token.slice(0, -1), `${token}a`, token.toUpperCase(), "0"]) assert.ok(!sessions.admits(other), other);
});

test("a code is forgotten after a day, and the oldest when there are too many", () => {
  let nowMs = 0;
  const sessions = new Sessions({ ...env, clock: { ...env.clock, monotonicMs: () => nowMs } }, SESSION_KEY);
  const codes = Array.from({ length: 1025 }, () => sessions.invite());
  assert.deepEqual([sessions.knows(codes[0]!), sessions.knows(codes[1]!), sessions.knows(codes[1024]!)], [false, true, true]);
  nowMs = 24 * 3_600_000;
  assert.equal(sessions.open(codes[1024]!), undefined);
});
