import assert from "node:assert/strict";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import type { Finished } from "../cluster/harness.ts";
import { Bench } from "../cluster/harness.ts";

function refused(finished: Finished, code: string, words: RegExp): void {
  const { error } = finished.json<{ error: { code: string; message: string } }>();
  assert.equal(error.code, code, error.message);
  assert.match(error.message, words);
  assert.notEqual(finished.code, 0);
}

test("mistakes of a person who primes and joins are told with what to do, and nothing is lost", { timeout: 300_000 }, async (t) => {
  await using bench = await Bench.make();
  const [attic, cellar] = [bench.host("attic"), bench.host("cellar")];
  const init = (...more: string[]): Promise<Finished> => attic.run(["init", "--network", "friends", "--json", ...more]);

  await t.test("sizes and names that mean nothing", async () => {
    refused(await init("--host", "attic", "--capacity", "20"), "BAD_SIZE", /Type 20GB/);
    refused(await init("--host", "attic", "--capacity", "8PB"), "CAPACITY_TOO_LARGE", /./);
    refused(await init("--host", "-attic-", "--capacity", "1GB"), "BAD_HOST_NAME", /./);
    const [unnamed, uninvited] = await Promise.all([init(), attic.run(["join", "--host", "attic", "--json"])]);
    refused(unnamed, "USAGE", /--host/);
    refused(uninvited, "USAGE", /^Say the invite's code.* On a terminal /);
  });

  await t.test("a folder that is in use", async () => {
    await mkdir(attic.data, { recursive: true });
    await writeFile(join(attic.data, "diary.txt"), "dear diary");
    const finished = await init("--host", "attic", "--capacity", "1GB");
    assert.notEqual(finished.code, 0);
    assert.match(finished.stdout, /diary\.txt|empty/);
  });

  await t.test("commands on a host that is none or not running", async () => {
    refused(await cellar.run(["hosts", "--json"]), "NO_DATA_FOLDER", /init/);
    refused(await bench.run(["hosts", "--json"]), "NO_DATA_FOLDER", /init/);
    await cellar.ask(["init", "--network", "friends", "--host", "cellar", "--capacity", "1GB"]);
    refused(await cellar.run(["hosts", "--json"]), "NOT_RUNNING", /up --data/);
  });

  await t.test("a second daemon on one data folder", async () => {
    await cellar.up();
    const second = await cellar.run(["up", "--json", "--http-port", "0", "--peer-port", "0", "--listen", "127.0.0.1", "--no-discovery", "--log", "silent"]);
    assert.notEqual(second.code, 0);
    assert.match(second.json<{ error: { message: string } }>().error.message, /Another Holdfast runs/);
  });

  await t.test("invites that are forged, used or for a name that is taken", async () => {
    const barn = bench.host("barn");
    const join = (code: string, name = "barn"): Promise<Finished> => barn.run(["join", "-", "--host", name, "--capacity", "1GB", "--json"], code);
    refused(await join("not-a-code"), "BAD_INVITE", /./);
    const { code } = await cellar.ask<{ code: string }>(["invite"]);
    refused(await join(code, "cellar"), "HOST_NAME_TAKEN", /./);
    const fresh = await cellar.ask<{ code: string }>(["invite"]);
    assert.equal((await join(fresh.code)).code, 0);
    const loft = bench.host("loft");
    refused(await loft.run(["join", "-", "--host", "loft", "--capacity", "1GB", "--json"], fresh.code), "INVITE_USED", /./);
  });

  await t.test("folders that cannot be published", async () => {
    const folder = join(bench.folder, "site");
    await mkdir(folder);
    const publish = (source: string, name = "blog"): Promise<Finished> => cellar.run(["publish", source, "--name", name, "--json"]);
    refused(await publish(folder), "EMPTY_FOLDER", /nothing to be published/);
    refused(await publish(join(bench.folder, "nowhere")), "UNFIT_FOLDER", /does not exist/);
    await writeFile(join(folder, "index.html"), "<p>hello");
    await symlink("/etc/hostname", join(folder, "secret"));
    refused(await publish(folder), "UNFIT_FOLDER", /secret: a link that leads out/);
    refused(await publish(join(folder, "index.html"), "Not A Label"), "BAD_NAME", /./);
    assert.deepEqual(await cellar.ask(["sites"]), []);
  });
});
