import assert from "node:assert/strict";
import test from "node:test";
import { freePortPair } from "../net/index.ts";
import { SETUP_PORT, setupWords } from "./setup-words.ts";

test("a set-up says that invites' links do not lead to it where it is at another port, and nothing of it where they do", async () => {
  assert.doesNotMatch(setupWords(`http://127.0.0.1:${SETUP_PORT}/#open=abc`, "./holdfast"), /paste/);
  assert.match(setupWords(`http://127.0.0.1:${SETUP_PORT + 2}/#open=abc`, "./holdfast"), /\n {2}http:\/\/127\.0\.0\.1:4282\/#open=abc\nPort 4280 is taken on this machine, so .* paste the code, .*\nWithout a web browser, '\.\/holdfast join /);
  const { httpPort } = await freePortPair();
  assert.equal((httpPort - SETUP_PORT) % 2, 0, "the set-up begins to look where the links lead");
});
