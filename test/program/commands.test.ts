import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { COMMANDS } from "../../src/cli/commands/list.ts";
import type { Finished, TestHost } from "../cluster/harness.ts";
import { Bench } from "../cluster/harness.ts";

/** Standard output as the one JSON document that it is; everything else is on standard error. */
function document(finished: Finished, what: string): unknown {
  assert.match(finished.stdout, /^[^\n]+\n$/, `${what}: one line on standard output: ${finished.stdout}`);
  return finished.json();
}

function succeeded(finished: Finished, what: string): void {
  const value = document(finished, what);
  assert.equal(finished.code, 0, `${what}: ${finished.stdout}${finished.stderr}`);
  assert.ok(typeof value === "object" && value !== null && !("error" in value), what);
}

function failed(finished: Finished, code: string, what: string): void {
  const { error } = document(finished, what) as { error: { code: string; message: string } };
  assert.equal(error.code, code, `${what}: ${error.message}`);
  assert.ok(error.message.length > 20, what);
  assert.notEqual(finished.code, 0, what);
}

test("every command answers with exactly one JSON document with --json, or with one a line for files, when it succeeds and when it fails", { timeout: 300_000 }, async (t) => {
  await using bench = await Bench.make();
  const [attic, cellar] = (await bench.network(["attic", "cellar"])) as [TestHost, TestHost];
  const folder = join(bench.folder, "dist");
  await mkdir(folder);
  await writeFile(join(folder, "index.html"), "<p>hello");
  await writeFile(join(folder, "a \u2028 b.txt"), "a line separator in a name");
  const seen = new Set<string>(["init", "join", "up", "demo", "setup"]);
  const run = (host: TestHost, args: readonly string[]): Promise<Finished> => {
    seen.add(args[0]!);
    return host.run([...args, "--json"]);
  };

  await t.test("when they succeed", async () => {
    succeeded(await run(attic, ["publish", folder, "--name", "blog"]), "publish");
    const many = [["status"], ["hosts"], ["hosts", "--addresses"], ["sites"], ["sites", "--history", "blog"], ["domains"], ["stats", "blog"], ["browser"], ["workers"], ["doctor"], ["invite", "--expires", "30m"], ["nearby", "list"], ["key", "export"], ["get", "blog", "--to", join(bench.folder, "copy")], ["overview"], ["layout"], ["layout", "--shards"], ["network", "settings"], ["network", "set", "gone-after", "8d"]];
    for (const args of many) succeeded(await run(attic, args), args.join(" "));
    succeeded(await attic.bench.run(["--json", "--data", attic.data], { config: attic.config }), "alone");
    const files = await run(cellar, ["files"]);
    assert.deepEqual(files.rows<{ path: string }>().map(({ path }) => path).sort(), ["a \u2028 b.txt", "index.html"]);
    succeeded(await run(attic, ["publish", "--name", "blog", "--rollback", "1"]), "rollback");
    succeeded(await run(attic, ["unpublish", "blog"]), "unpublish");
    for (const args of [["put", "notes", "k", "v"], ["get", "notes", "k"], ["get", "notes", "k", "--fresh"], ["scan", "notes"], ["delete", "notes", "k"], ["list"], ["create", "diary", "--writers", "owner", "--shards", "2"], ["follow", "notes"], ["unfollow", "notes"]]) succeeded(await run(attic, ["kv", ...args]), `kv ${args.join(" ")}`);
    const put = await run(attic, ["put", folder]);
    succeeded(put, "put");
    const { id } = put.json<{ entry: { id: string } }>().entry;
    assert.deepEqual((await run(attic, ["ls", id])).rows<{ path: string }>().map(({ path }) => path).sort(), ["a \u2028 b.txt", "index.html"]);
    for (const args of [["ls"], ["where", id], ["where", "dist"], ["upgrade", "--dry-run"], ["upgrade"], ["fetch", id, "--to", join(bench.folder, "back")], ["rm", id], ["pool"], ["mirror", "all"], ["mirror", "--off"], ["capacity", "900MB"], ["quota"], ["drain", "cellar"], ["drain", "cellar", "--off"]]) succeeded(await run(attic, args), args.join(" "));
    succeeded(await run(attic, ["remove", "cellar", "--yes"]), "remove");
    const { phrase } = await attic.ask<{ phrase: string }>(["key", "export"]);
    succeeded(await attic.run(["key", "import", "--json"], phrase), "key import");
  });

  await t.test("when what they are about is not there", async () => {
    for (const args of [["unpublish", "nothing"], ["files", "--site", "nothing"], ["get", "nothing", "--to", join(bench.folder, "nowhere")], ["sites", "--history", "nothing"], ["publish", "--name", "nothing", "--rollback", "3"], ["domains", "nothing"], ["stats", "nothing"]]) failed(await run(attic, args), "NO_SITE", args.join(" "));
    failed(await run(attic, ["kv", "get", "notes", "nothing"]), "NO_KEY", "kv get");
    failed(await run(attic, ["kv", "put", "No Name", "k", "v"]), "BAD_NAME", "kv put");
    for (const args of [["admit", "482", "913"], ["refuse", "den"]]) failed(await run(attic, ["nearby", ...args]), "NO_APPLICATION", args.join(" "));
    failed(await run(attic, ["nearby", "visit", "203.0.113.7:4281"]), "BAD_ADDRESS", "nearby visit");
    failed(await run(attic, ["remove", "nobody", "--yes"]), "USAGE", "remove");
    failed(await run(attic, ["fetch", "nothing", "--to", join(bench.folder, "nowhere")]), "NO_SUCH_ENTRY", "fetch");
    failed(await run(attic, ["where", "nothing"]), "UNKNOWN_PACK", "where");
    failed(await run(attic, ["renew", "--from", join(bench.folder, "nowhere")]), "NOT_PRIMED", "renew");
    failed(await attic.run(["key", "import", "--json"], "abandon ".repeat(24)), "BAD_PHRASE", "key import");
  });

  await t.test("when the host does not run", async () => {
    await attic.kill();
    for (const args of [["status"], ["hosts"], ["sites"], ["files"], ["browser"], ["workers"], ["invite"], ["unpublish", "blog"], ["get", "blog", "--to", join(bench.folder, "x")], ["publish", folder, "--name", "blog"], ["remove", "cellar", "--yes"], ["kv", "put", "notes", "k", "v"], ["kv", "watch", "notes"], ["put", folder], ["upgrade"], ["pool"], ["leave", "--yes"]]) failed(await run(attic, args), "NOT_RUNNING", args.join(" "));
    succeeded(await run(attic, ["overview"]), "overview");
  });

  assert.deepEqual(COMMANDS.map(({ name }) => name).filter((name) => !seen.has(name)), [], "no command is left out");
});
