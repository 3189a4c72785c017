import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { lockDirectory, readMarker } from "../store/index.ts";
import { DataDirectory } from "./directory.ts";
import { env } from "./fakes/board.ts";
import { TestFolder } from "./fakes/folder.ts";
import { PersonalConfig } from "./personal.ts";
import { initNetwork } from "./prime.ts";
import { renewHost } from "./renew.ts";

const CAPACITY = 10_000_000;

test("a host gets a new empty disk under its old name and key, and the old disk is left as it was", async () => {
  await using folder = await TestFolder.make();
  const [from, data] = [join(folder.path, "old"), join(folder.path, "new")];
  const personal = new PersonalConfig({ HOLDFAST_CONFIG: join(folder.path, "config") });
  const { host } = await initNetwork(env, personal, { data: from, host: "attic", network: "friends", capacityBytes: CAPACITY });
  const renewed = await renewHost(personal, { data, from });
  assert.deepEqual([renewed.host, renewed.capacityBytes, renewed.networkName], [host, CAPACITY, "friends"]);
  const [old, fresh] = [new DataDirectory(from), new DataDirectory(data)];
  assert.deepEqual(await fresh.identity(), await old.identity());
  assert.deepEqual(await fresh.delegation(), await old.delegation());
  const [before, after] = [await readMarker(from), await readMarker(data)];
  assert.equal(after?.host, host);
  assert.notEqual(after?.store, before?.store);
  assert.equal((await personal.directory(data))?.host, host);
});

test("a host that still runs on the old disk, a folder that is not empty, and one that was no host's are refused", async () => {
  await using folder = await TestFolder.make();
  const [from, data] = [join(folder.path, "old"), join(folder.path, "new")];
  const personal = new PersonalConfig({ HOLDFAST_CONFIG: join(folder.path, "config") });
  await initNetwork(env, personal, { data: from, host: "attic", network: "friends", capacityBytes: CAPACITY });
  const lock = await lockDirectory(from);
  await assert.rejects(renewHost(personal, { data, from }), { code: "DIRECTORY_IN_USE" });
  lock.release();
  await assert.rejects(renewHost(personal, { data: from, from }), { code: "NOT_EMPTY" });
  await assert.rejects(renewHost(personal, { data, from: join(folder.path, "nothing") }), { code: "NOT_PRIMED" });
  assert.deepEqual((await readdir(folder.path)).sort(), ["config", "old"]);
});
