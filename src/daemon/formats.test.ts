import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import test from "node:test";
import { accountFromSeed, delegateToHost } from "../account/index.ts";
import { foundNetwork, readCertificate } from "../cluster/index.ts";
import type { HostId } from "../codec/index.ts";
import { fromHex, hex, idFromBytes, utf8 } from "../codec/index.ts";
import { keyPairFromSeed, sha256 } from "../crypto/index.ts";
import { ensureFolder, writeDurably } from "../platform/index.ts";
import { AddressBook } from "./address-book.ts";
import { DataDirectory } from "./directory.ts";
import { TestFolder } from "./fakes/folder.ts";
import { PersonalConfig } from "./personal.ts";
import { joiningCodec } from "./prime.ts";

// The named files of a data directory and of a person's configuration: written byte for byte as ever, and read for ever.

const FIXTURES = resolve(import.meta.dirname, "../../test/fixtures/host");

const fixture = (name: string): Uint8Array => fromHex(readFileSync(join(FIXTURES, `${name}.hex`), "utf8").trim());

function assertKept(name: string, bytes: Uint8Array): void {
  // A new file's fixture is written once, on purpose, and then kept for good.
  if (process.env["HOLDFAST_WRITE_FIXTURES"] === "1") writeFileSync(join(FIXTURES, `${name}.hex`), `${hex(bytes)}\n`, { flag: "wx" });
  assert.equal(hex(bytes), hex(fixture(name)), `The format of ${name} has changed. Give it a new version and keep reading the old one.`);
}

const digest = (words: string): Uint8Array => sha256(utf8(words));
const account = accountFromSeed(digest("specimen person"));
const seed = digest("specimen host");
const host = idFromBytes<HostId>(keyPairFromSeed(seed).publicKey);
const other = idFromBytes<HostId>(digest("specimen other host"));
const certificate = foundNetwork(account.signingKey, { name: "friends", maxHosts: 20, createdMs: 1_763_700_000_000 }, { fraction: () => 0, bytes: (length) => new Uint8Array(length).fill(9) });
const { id: network } = readCertificate(certificate)!;
const answer = { certificate, entrances: [{ host: other, addresses: ["/ip4/192.0.2.1/tcp/4281"] }] };
const delegation = delegateToHost(account, network, host, 1_763_700_000_001);
const settings = { hostName: "attic", zone: "home", capacityBytes: 20_000_000_000, httpPort: 4280, peerPort: 4281, mirrors: ["all"], releasing: [], lanPorts: [`${network} 49152`] };
const api = { url: "http://127.0.0.1:4280/", token: "secret", pid: 77 };
const browserKey = digest("specimen browser key");
const addresses = [{ host: other, addresses: ["/ip4/192.0.2.1/tcp/4281", "/dns4/attic.example/tcp/4281"] }];
const joining = { host: seed, account: account.id };
const known = { path: "/data/a", host, hostName: "attic", network: "friends" };

/** Files of a data directory; `joining.key` is there only while a host joins. */
const DIRECTORY = ["host.key", "network.cbor", "delegation.cbor", "settings.json", "api.json", "browser.key", "addresses.cbor"];

test("the files of a data directory are written as ever", async () => {
  await using folder = await TestFolder.make();
  const directory = new DataDirectory(folder.path);
  await directory.writeIdentity(seed, answer);
  await directory.writeDelegation(delegation);
  await directory.writeSettings(settings);
  await directory.writeApi(api);
  await directory.browserKey(browserKey);
  await (await AddressBook.open(directory.file("addresses.cbor"))).learn(addresses);
  for (const name of DIRECTORY) assertKept(name, readFileSync(directory.file(name)));
  assertKept("joining.key", joiningCodec.encode(joining));
});

test("old files of a data directory are read as what they were", async () => {
  await using folder = await TestFolder.make();
  const directory = new DataDirectory(folder.path);
  for (const name of DIRECTORY) await writeDurably(directory.file(name), fixture(name));
  const identity = await directory.identity();
  assert.deepEqual([identity.key.seed, identity.host, identity.network.id, identity.entrances], [seed, host, network, answer.entrances]);
  assert.deepEqual([await directory.delegation(), await directory.settings(), await directory.api()], [delegation, settings, api]);
  assert.deepEqual(await directory.browserKey(digest("a fresh one")), browserKey);
  assert.deepEqual((await AddressBook.open(directory.file("addresses.cbor"))).of(other), addresses[0]!.addresses);
  assert.deepEqual(joiningCodec.decode(fixture("joining.key")), joining);
});

test("a person's configuration is written as ever, and an old one is read", async () => {
  await using folder = await TestFolder.make();
  const personal = new PersonalConfig({ HOLDFAST_CONFIG: join(folder.path, "written") });
  await personal.remember(known);
  await personal.keepAccount(account);
  assertKept("hosts.json", readFileSync(join(personal.folder, "hosts.json")));
  assertKept("account.key", readFileSync(join(personal.folder, "accounts", `${account.id}.key`)));
  const old = new PersonalConfig({ HOLDFAST_CONFIG: join(folder.path, "old") });
  await ensureFolder(join(old.folder, "accounts"));
  await writeDurably(join(old.folder, "hosts.json"), fixture("hosts.json"));
  await writeDurably(join(old.folder, "accounts", `${account.id}.key`), fixture("account.key"));
  assert.deepEqual(await old.directories(), [known]);
  assert.deepEqual((await old.account(account.id)).seed, account.seed);
});

test("every fixture of a host's files is looked at", () => {
  assert.deepEqual(readdirSync(FIXTURES).map((file) => file.replace(/\.hex$/, "")).sort(), [...DIRECTORY, "joining.key", "hosts.json", "account.key"].sort());
});
