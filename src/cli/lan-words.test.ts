import assert from "node:assert/strict";
import test from "node:test";
import { lanWords } from "./lan-words.ts";

test("what is said of the local network says also that there is none", () => {
  assert.equal(lanWords(null), undefined);
  assert.match(lanWords({ host: "192.168.1.7" })!, /^sites are shown at 192\.168\.1\.7, each at a port of its own/);
  assert.match(lanWords({ host: null })!, /^there is none: this machine has no private IPv4 address/);
});
