import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { delegateToHost, newAccount } from "../account/index.ts";
import { foundNetwork } from "../cluster/index.ts";
import type { AccountId, HostId } from "../codec/index.ts";
import { idFromBytes, utf8 } from "../codec/index.ts";
import { newSeed } from "../crypto/index.ts";
import { writeDurably } from "../platform/index.ts";
import { AddressBook } from "./address-book.ts";
import { DataDirectory } from "./directory.ts";
import { DaemonError } from "./errors.ts";
import { env } from "./fakes/board.ts";
import { TestFolder } from "./fakes/folder.ts";
import { parseJson, pickFields } from "./json-file.ts";
import { PersonalConfig } from "./personal.ts";
import { choosePorts } from "./ports.ts";

const raised = (code: string, words: RegExp) => (error: unknown): boolean => error instanceof DaemonError && error.code === code && words.test(error.message);
const hostOf = (fill: number): HostId => idFromBytes<HostId>(new Uint8Array(32).fill(fill));

async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}

test("a data directory gives back what was written, in files that nobody else may read", async () => {
  await using folder = await TestFolder.make();
  const directory = new DataDirectory(folder.path);
  const person = newAccount();
  const seed = newSeed();
  const certificate = foundNetwork(person.signingKey, { name: "friends", maxHosts: 5, createdMs: 1 }, env.random);
  await directory.writeIdentity(seed, { certificate, entrances: [{ host: hostOf(2), addresses: ["/ip4/192.0.2.1/tcp/4281"] }] });
  const { host, key, network, entrances } = await directory.identity();
  assert.deepEqual([network.rules.name, key.seed, entrances.length], ["friends", seed, 1]);
  await directory.writeDelegation(delegateToHost(person, network.id, host, 1));
  assert.equal((await directory.delegation())?.account, person.id);
  const settings = { hostName: "attic", zone: "home", capacityBytes: 5, httpPort: 4280 };
  await directory.writeSettings(settings);
  assert.deepEqual(await directory.settings(), settings);
  const api = { url: "http://127.0.0.1:4280/", token: "secret", pid: 7 };
  await directory.writeApi(api);
  assert.deepEqual(await directory.api(), api);
  const browserKey = newSeed();
  assert.deepEqual(await directory.browserKey(browserKey), browserKey);
  assert.deepEqual(await directory.browserKey(newSeed()), browserKey, "it stays the one that was written");
  for (const name of ["host.key", "delegation.cbor", "settings.json", "api.json", "browser.key"]) assert.equal(await modeOf(directory.file(name)), "600", name);
  await directory.removeApi();
  assert.equal(await directory.api(), undefined);
});

test("a folder that is no data directory says what to do", async () => {
  await using folder = await TestFolder.make();
  const directory = new DataDirectory(folder.path);
  await assert.rejects(directory.identity(), raised("NOT_PRIMED", /holdfast init/));
  await assert.rejects(directory.settings(), raised("NOT_PRIMED", /--data/));
  assert.equal(await directory.delegation(), undefined);
});

test("a certificate that is not the founder's, a forged delegation and mangled settings are noticed", async () => {
  await using folder = await TestFolder.make();
  const directory = new DataDirectory(folder.path);
  const person = newAccount();
  const certificate = foundNetwork(person.signingKey, { name: "friends", maxHosts: 5, createdMs: 1 }, env.random);
  await directory.writeIdentity(newSeed(), { certificate: { ...certificate, signature: new Uint8Array(64) }, entrances: [] });
  await assert.rejects(directory.identity(), raised("BAD_SETTINGS", /network\.cbor/));
  await directory.writeIdentity(newSeed(), { certificate, entrances: [] });
  const { host, network } = await directory.identity();
  await directory.writeDelegation({ ...delegateToHost(person, network.id, host, 1), issuedMs: 2 });
  await assert.rejects(directory.delegation(), raised("BAD_SETTINGS", /delegation\.cbor .* "holdfast key import"/));
  await writeDurably(directory.file("settings.json"), utf8("{"));
  await assert.rejects(directory.settings(), raised("BAD_SETTINGS", /settings\.json/));
  await writeDurably(directory.file("api.json"), utf8('{"url": 5}'));
  assert.equal(await directory.api(), undefined);
});

test("fields are picked out of JSON when all that must be there are, with their kinds", () => {
  const fields = { name: "string", size: "number", port: "number?" } as const;
  assert.deepEqual(pickFields({ name: "a", size: 1, more: true }, fields), { name: "a", size: 1 });
  assert.deepEqual(pickFields({ name: "a", size: 1, port: 2 }, fields), { name: "a", size: 1, port: 2 });
  for (const wrong of [null, 5, "x", [], {}, { name: "a" }, { name: 1, size: 1 }, { name: "a", size: "1" }, { name: "a", size: 1, port: null }]) assert.equal(pickFields(wrong, fields), undefined, JSON.stringify(wrong));
  assert.equal(parseJson(utf8("{")), undefined);
  assert.equal(parseJson(Uint8Array.of(0xff)), undefined);
});

test("a person's configuration remembers hosts by their path and keeps accounts where only the person reads", async () => {
  await using folder = await TestFolder.make();
  const personal = new PersonalConfig({ HOLDFAST_CONFIG: join(folder.path, "config") });
  assert.deepEqual(await personal.directories(), []);
  const known = { path: "/data/a", host: hostOf(1), hostName: "attic", network: "friends" };
  await personal.remember(known);
  await personal.remember({ ...known, path: "/data/b", host: hostOf(2) });
  await personal.remember({ ...known, host: hostOf(3) });
  assert.equal((await personal.directories()).length, 2);
  assert.equal((await personal.directory("/data/../data/a"))?.host, hostOf(3));
  const account = newAccount();
  await personal.keepAccount(account);
  assert.equal((await personal.account(account.id)).phrase, account.phrase);
  assert.equal(await modeOf(join(personal.folder, "accounts", `${account.id}.key`)), "600");
  assert.equal(await modeOf(join(personal.folder, "accounts")), "700");
  await assert.rejects(personal.account(hostOf(9) as string as AccountId), raised("NO_ACCOUNT_KEY", /key import/));
  await writeDurably(join(personal.folder, "hosts.json"), utf8('{"directories": [{}]}'));
  await assert.rejects(personal.directories(), raised("BAD_SETTINGS", /hosts\.json/));
});

test("a person's configuration is where the environment says", () => {
  assert.equal(new PersonalConfig({ HOLDFAST_CONFIG: "/c", XDG_CONFIG_HOME: "/x" }).folder, "/c");
  assert.equal(new PersonalConfig({ XDG_CONFIG_HOME: "/x" }).folder, "/x/holdfast");
  const home = new PersonalConfig({}).folder;
  assert.match(home, /\.config\/holdfast$/);
  assert.equal(new PersonalConfig({ HOLDFAST_CONFIG: "", XDG_CONFIG_HOME: "/x" }).folder, "/x/holdfast");
  assert.equal(new PersonalConfig({ HOLDFAST_CONFIG: "", XDG_CONFIG_HOME: "" }).folder, home);
});

test("an address book keeps the newest addresses of each host over a restart, and begins anew when it is damaged", async () => {
  await using folder = await TestFolder.make();
  const path = join(folder.path, "addresses.cbor");
  const book = await AddressBook.open(path);
  await book.learn([{ host: hostOf(1), addresses: ["a", "b"] }]);
  await book.learn([{ host: hostOf(1), addresses: ["c", "a"] }]);
  assert.deepEqual(book.of(hostOf(1)), ["c", "a", "b"]);
  await book.learn([{ host: hostOf(1), addresses: Array.from({ length: 20 }, (_, at) => `n${at}`) }]);
  assert.deepEqual((await AddressBook.open(path)).of(hostOf(1)), Array.from({ length: 16 }, (_, at) => `n${at}`));
  assert.deepEqual(book.of(hostOf(2)), []);
  await writeDurably(path, utf8("?"));
  assert.deepEqual((await AddressBook.open(path)).of(hostOf(1)), []);
});

test("an address book that is told of many hosts at the same moment keeps all of them", async () => {
  await using folder = await TestFolder.make();
  const path = join(folder.path, "addresses.cbor");
  const book = await AddressBook.open(path);
  await Promise.all(Array.from({ length: 20 }, (_, at) => book.learn([{ host: hostOf(at), addresses: [`a${at}`] }])));
  const again = await AddressBook.open(path);
  for (let at = 0; at < 20; at += 1) assert.deepEqual(again.of(hostOf(at)), [`a${at}`]);
});

test("a host keeps its ports, takes others while its own are taken, and those that it is told to take", async () => {
  await using folder = await TestFolder.make();
  const directory = new DataDirectory(folder.path);
  await directory.writeSettings({ hostName: "attic", zone: "home", capacityBytes: 5 });
  const chosen = async (wanted: { httpPort?: number; peerPort?: number } = {}): Promise<readonly number[]> => {
    const ports = await choosePorts(directory, await directory.settings(), wanted);
    return [ports.httpPort, ports.peerPort];
  };
  const first = await chosen();
  assert.deepEqual(await chosen(), first);
  assert.deepEqual(await chosen({ httpPort: 61_234, peerPort: 61_235 }), [61_234, 61_235]);
  assert.deepEqual(await chosen(), first, "what was asked for once is not kept");
});
