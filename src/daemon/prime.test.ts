import assert from "node:assert/strict";
import { readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { newAccount } from "../account/index.ts";
import { ClusterError, writeInviteCode } from "../cluster/index.ts";
import type { InviteId, NetworkId } from "../codec/index.ts";
import { hex, idFromBytes } from "../codec/index.ts";
import { newSeed } from "../crypto/index.ts";
import { NetError, REDEEM, createTransport } from "../net/index.ts";
import { StoreError } from "../store/index.ts";
import { DataDirectory } from "./directory.ts";
import { env } from "./fakes/board.ts";
import { TestFolder } from "./fakes/folder.ts";
import { PersonalConfig } from "./personal.ts";
import { checkBeforeJoining, hostSeed, initNetwork, joinNetwork } from "./prime.ts";

const CAPACITY = 1024 ** 2;

function places(folder: TestFolder): { readonly data: string; readonly personal: PersonalConfig } {
  return { data: join(folder.path, "data"), personal: new PersonalConfig({ HOLDFAST_CONFIG: join(folder.path, "config") }) };
}

/** An invite to a network of which no host answers. */
function deadInvite(expiresMs = env.clock.wallMs() + 60_000): string {
  return writeInviteCode({ network: idFromBytes<NetworkId>(newSeed()), networkName: "friends", seed: newSeed(), expiresMs, entrances: [{ host: idFromBytes(newSeed()), addresses: ["/ip4/127.0.0.1/tcp/9"] }] });
}

async function contents(folder: string): Promise<Map<string, Buffer>> {
  const names = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isFile()).map(({ name }) => name);
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const)));
}

test("a network's first host has all it needs to start, and its person's key is not among it", async () => {
  await using folder = await TestFolder.make();
  const { data, personal } = places(folder);
  const primed = await initNetwork(env, personal, { data, host: "attic", network: "friends", capacityBytes: CAPACITY });
  const directory = new DataDirectory(data);
  const { host, network, entrances } = await directory.identity();
  assert.deepEqual([host, network.id, entrances.length], [primed.host, primed.network, 0]);
  assert.deepEqual(await directory.settings(), { hostName: "attic", zone: "attic", capacityBytes: CAPACITY });
  assert.equal((await directory.delegation())?.account, primed.account);
  assert.equal((await personal.directory(data))?.host, host);
  const { phrase, seed } = await personal.account(primed.account);
  assert.equal(phrase, primed.phrase);
  for (const [name, bytes] of await contents(data)) assert.ok(!bytes.includes(seed) && !bytes.includes(hex(seed)), name);
});

test("what cannot be a name is refused before anything is written", async () => {
  await using folder = await TestFolder.make();
  const { data, personal } = places(folder);
  await assert.rejects(initNetwork(env, personal, { data, host: "../attic", network: "friends" }), (error) => error instanceof ClusterError && error.code === "BAD_HOST_NAME");
  await assert.rejects(joinNetwork(env, personal, { data, host: "", code: deadInvite() }), (error) => error instanceof ClusterError && error.code === "BAD_HOST_NAME");
  await assert.rejects(joinNetwork(env, personal, { data, host: "barn", code: deadInvite(1) }), (error) => error instanceof ClusterError && error.code === "INVITE_EXPIRED");
  assert.deepEqual(await readdir(folder.path), []);
});

test("a join that nobody answered is tried again with the same keys, and leaves the person's own key off the disk", async () => {
  await using folder = await TestFolder.make();
  const { data, personal } = places(folder);
  const person = newAccount();
  const attempt = (phrase?: string): Promise<unknown> => joinNetwork(env, personal, { data, host: "barn", capacityBytes: CAPACITY, code: deadInvite(), ...(phrase === undefined ? {} : { phrase }) });
  await assert.rejects(attempt(person.phrase));
  const first = await contents(data);
  assert.deepEqual([...first.keys()], ["joining.key"]);
  for (const [name, bytes] of first) assert.ok(!bytes.includes(person.seed), name);
  await assert.rejects(attempt(), (error) => error instanceof NetError);
  assert.deepEqual(await contents(data), first);
});

test("a join that was killed when the network had let it in is taken up in the same folder, and nobody's files are touched in another", async () => {
  await using folder = await TestFolder.make();
  const { data, personal } = places(folder);
  const attempt = (): Promise<unknown> => joinNetwork(env, personal, { data, host: "barn", capacityBytes: CAPACITY, code: deadInvite() });
  await assert.rejects(attempt(), (error) => error instanceof NetError);
  for (const name of ["host.key", "settings.json.new", "holdfast.json.new"]) await writeFile(join(data, name), "of the attempt before");
  await assert.rejects(attempt(), (error) => error instanceof NetError);
  await rm(join(data, "joining.key"));
  await assert.rejects(attempt(), (error) => error instanceof StoreError && error.code === "NOT_EMPTY");
});

// What it was admitted as before it was killed may have its name: the network refuses another invite, rightly. Then the first one must still do.
test("a folder in which a join was killed after the network had let it in is taken up when another invite has been refused meanwhile", async () => {
  await using folder = await TestFolder.make();
  const { data, personal } = places(folder);
  const transport = await createTransport(env, { seed: newSeed(), listen: ["/ip4/127.0.0.1/tcp/0"], admission: () => "invite" });
  transport.handle(REDEEM, () => Promise.reject(new ClusterError("HOST_NAME_TAKEN", 'A host named "barn" is in the network already. Choose another with --host.')));
  try {
    const entrances = [{ host: transport.self, addresses: transport.addresses() }];
    const refused = writeInviteCode({ network: idFromBytes<NetworkId>(newSeed()), networkName: "friends", seed: newSeed(), expiresMs: env.clock.wallMs() + 60_000, entrances });
    const attempt = (code: string): Promise<unknown> => joinNetwork(env, personal, { data, host: "barn", capacityBytes: CAPACITY, code });
    await assert.rejects(attempt(deadInvite()), (error) => error instanceof NetError);
    const keys = (await contents(data)).get("joining.key");
    await writeFile(join(data, "host.key"), "of the attempt before, which was killed");
    await assert.rejects(attempt(refused), { code: "HOST_NAME_TAKEN" });
    assert.deepEqual((await contents(data)).get("joining.key"), keys);
    await assert.rejects(attempt(deadInvite()), (error) => error instanceof NetError);
    await rm(join(data, "host.key"));
    await assert.rejects(attempt(refused), { code: "HOST_NAME_TAKEN" });
    assert.ok(!(await contents(data)).has("joining.key"), "nobody was let in with these keys");
  } finally {
    await transport.close();
  }
});

test("whoever joins with a file in place of a folder is told so", async () => {
  await using folder = await TestFolder.make();
  const data = join(folder.path, "file");
  await writeFile(data, "somebody's");
  await assert.rejects(checkBeforeJoining({ data, host: "barn" }), { code: "NOT_A_FOLDER" });
});

test("the host that tries to join is the same with the same invite and account, and another one with others", () => {
  const [host, one, other] = [newSeed(), idFromBytes<InviteId>(newSeed()), idFromBytes<InviteId>(newSeed())];
  const [account, others] = [newAccount().id, newAccount().id];
  const hosts = ([[one, account], [one, account], [other, account], [one, others], [other, others]] as const).map((asked) => hex(hostSeed({ host, account }, ...asked)));
  assert.deepEqual([hosts[0] === hosts[1], new Set(hosts).size], [true, 4]);
});
