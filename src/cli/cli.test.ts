import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import test from "node:test";
import { COMMANDS } from "./commands/list.ts";

const MAIN = join(import.meta.dirname, "main.ts");

interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(...args: string[]): Promise<Finished> {
  const { promise, resolve } = Promise.withResolvers<Finished>();
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, HOLDFAST_DATA: "", HOLDFAST_CONFIG: "/nonexistent/holdfast" } });
  const [out, said]: [string[], string[]] = [[], []];
  child.stdout.setEncoding("utf8").on("data", (text: string) => out.push(text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => said.push(text));
  child.on("close", (code) => resolve({ code, stdout: out.join(""), stderr: said.join("") }));
  return promise;
}

test("the version is told at once", async () => {
  const { code, stdout } = await run("--version");
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
  assert.equal(code, 0);
});

test("the help lists every command, and a command's help has an example", async () => {
  const shown = COMMANDS.filter(({ isHidden }) => isHidden !== true);
  const [all, one] = await Promise.all([run("--help"), run("publish", "--help")]);
  for (const { name } of shown) assert.match(all.stdout, new RegExp(`^  ${name} `, "m"));
  assert.match(one.stdout, /Example:\n {2}\.\/holdfast publish /);
  assert.deepEqual([all.code, one.code], [0, 0]);
});

test("a command that is mistyped gets a suggestion, and the exit code of usage", async () => {
  const { code, stderr, stdout } = await run("publsh");
  assert.match(stderr, /^holdfast: Unknown command 'publsh' \(Did you mean publish\?\)/);
  assert.deepEqual([code, stdout], [2, ""]);
  assert.match((await run("kv", "put", "notes")).stderr, /Type '\.\/holdfast kv put --help'/);
});

test("with --json an error is the only thing on standard output", async () => {
  const { code, stdout, stderr } = await run("publish", "--copies", "many", "--json");
  assert.equal(JSON.parse(stdout).error.code, "USAGE");
  assert.match(JSON.parse(stdout).error.message, /a number of hosts such as 3, or "all"/);
  assert.deepEqual([code, stderr], [2, ""]);
});

test("a domain is not added along with a version that is only looked at or gone back to", async () => {
  const both = await Promise.all([["--preview"], ["--rollback", "3"]].map((more) => run("publish", ".", "--name", "blog", "--domain", "example.org", ...more, "--json")));
  for (const { code, stdout } of both) {
    const { error } = JSON.parse(stdout);
    assert.deepEqual([code, error.code], [2, "USAGE"]);
    assert.match(error.message, /type '\.\/holdfast publish --name blog --domain example\.org'/);
  }
});

test("options may stand before the command", async () => {
  const [one, part] = await Promise.all([run("--json", "publish"), run("--data", "/nowhere", "--json", "kv", "get", "notes", "milk")]);
  assert.deepEqual([one, part].map(({ stdout }) => JSON.parse(stdout).error.code), ["USAGE", "NO_DATA_FOLDER"]);
});
