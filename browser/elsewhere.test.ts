import assert from "node:assert/strict";
import test from "node:test";
import { strangers, wayOn, waysOf } from "./elsewhere.ts";
import { arrivalOf } from "./session.ts";

const CODE = "abcdefghijklmnopqrstuvwxyz";
const HOSTS = [
  { name: "attic", presence: "online", isSelf: true, pid: 1 },
  { name: "barn", presence: "online", isSelf: false, pid: 2 },
  { name: "cellar", presence: "away", isSelf: false, pid: 3 },
] as const;
const LINKS = [{ host: "barn", link: `http://127.0.0.1:4282/#open=${CODE}` }, { host: "cellar", link: `http://127.0.0.1:4284/#open=${CODE}` }];

test("a way is asked for to each other host that is here, and anew once it was started anew", () => {
  assert.deepEqual(strangers(HOSTS, []).map(({ name }) => name), ["barn"]);
  const ways = waysOf(LINKS, HOSTS);
  assert.deepEqual(strangers(HOSTS, ways), []);
  assert.deepEqual(strangers(HOSTS.map((host) => ({ ...host, pid: host.pid + 10 })), ways).map(({ name }) => name), ["barn"]);
});

test("one goes on at a host that is here, under this page's name and on the same page", () => {
  const next = wayOn(HOSTS, waysOf(LINKS, HOSTS).toReversed(), "localhost", "#/sites/a%20b");
  assert.equal(next, `http://localhost:4282/#open=${CODE}&from=attic&at=%2Fsites%2Fa%2520b`);
  assert.deepEqual(arrivalOf(new URL(next).hash), { code: CODE, from: "attic", at: "/sites/a%20b" });
  assert.equal(wayOn(HOSTS.map((host) => ({ ...host, presence: "away" })), waysOf(LINKS, HOSTS), "localhost", ""), undefined);
});

test("a link that leads elsewhere than to this machine is none", () => {
  for (const link of [`http://evil.example:80/#open=${CODE}`, `https://127.0.0.1:4282/#open=${CODE}`, `http://127.0.0.1:4282@evil.example/#open=${CODE}`, `http://127.0.0.1:4282/x#open=${CODE}`, "javascript:alert(1)"]) assert.deepEqual(waysOf([{ host: "barn", link }], HOSTS), [], link);
});

test("an address that no page has made brings nobody in", () => {
  for (const hash of ["", "#/sites", "#open=short", `#open=${CODE}&from=%&at=/x`, `#open=${CODE}&at=/x`]) assert.equal(arrivalOf(hash), undefined, hash);
  assert.deepEqual(arrivalOf(`#open=${CODE}`), { code: CODE, from: "", at: "" });
});
