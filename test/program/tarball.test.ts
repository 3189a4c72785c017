import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { chmod, copyFile, mkdir, readFile, readdir, symlink, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { join, resolve } from "node:path";
import test from "node:test";
import { promisify } from "node:util";
import { Bench, httpGet } from "../cluster/harness.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const run = promisify(execFile);

/** The environment of somebody who has only what the machine has: nothing of this project's is on the PATH. */
function elsewhere(bench: Bench): NodeJS.ProcessEnv {
  const path = (process.env["PATH"] ?? "").split(":").filter((part) => !part.includes("node_modules")).join(":");
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("npm_") && !name.startsWith("HOLDFAST_") && name !== "NODE_TEST_CONTEXT" && name !== "NODE_OPTIONS"));
  return { ...own, PATH: path, HOLDFAST_CONFIG: join(bench.folder, "config") };
}

async function packed(bench: Bench): Promise<string> {
  await run("npm", ["pack", "--silent", "--pack-destination", bench.folder], { cwd: ROOT, env: elsewhere(bench) });
  const name = (await readdir(bench.folder)).find((each) => each.endsWith(".tgz"));
  assert.ok(name !== undefined, "npm pack made a tarball");
  return join(bench.folder, name);
}

test("the packed tarball installs elsewhere and runs: version, init, up, publish, a page, the end", { timeout: 180_000 }, async (t) => {
  await using bench = await Bench.make();
  const tarball = await packed(bench);
  const app = join(bench.folder, "app");
  const program = join(app, "node_modules/.bin/holdfast");
  const data = join(bench.folder, "data");
  const env = elsewhere(bench);
  const holdfast = (...args: string[]): Promise<{ stdout: string }> => run(program, [...args, "--data", data, "--json"], { cwd: app, env });

  await t.test("it carries JavaScript and no tests, keys or data", async () => {
    const { stdout } = await run("tar", ["tzf", tarball]);
    const files = stdout.trim().split("\n");
    assert.ok(files.includes("package/dist/main.js") && files.includes("package/dist/browser/browser.js") && files.includes("package/holdfast") && files.includes("package/LICENSE") && files.includes("package/README.md"));
    assert.deepEqual(files.filter((file) => /\.ts$|\.test\.|\.fixture\.|\.key$|\.demo\/|node_modules|\.cbor$/.test(file)), []);
  });

  await t.test("it installs", async () => {
    await mkdir(app);
    await writeFile(join(app, "package.json"), '{"private":true}');
    await run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", tarball], { cwd: app, env });
    const version = (JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as { version: string }).version;
    assert.equal((await run(program, ["--version"], { env })).stdout.trim(), version);
  });

  await t.test("it hosts and serves", async () => {
    await holdfast("init", "--network", "friends", "--host", "attic", "--capacity", "1GB");
    const { child, httpPort } = await up(bench, program, ["--data", data], env);
    const site = join(bench.folder, "site");
    await mkdir(site);
    await writeFile(join(site, "index.html"), "<h1>from a tarball</h1>");
    const { stdout } = await holdfast("publish", site, "--name", "blog");
    assert.equal((JSON.parse(stdout) as { site: { name: string } }).site.name, "blog");
    assert.match((await httpGet(httpPort, "/", { host: `blog.localhost:${httpPort}` })).text, /from a tarball/);
    const ended = new Promise((done) => child.once("exit", done));
    child.kill("SIGTERM");
    assert.equal(await ended, 0, "it ends cleanly");
  });

  await t.test("its demo keeps its data where it was started, and serves the sample site", async () => {
    const child = bench.watch(spawn(program, ["demo", "--hosts", "2", "--dir", join(bench.folder, "demo"), "--json"], { cwd: app, env, stdio: ["pipe", "pipe", "pipe"] }));
    const started = JSON.parse(await firstLine(child)) as { hosts: { httpPort: number }[] };
    const port = started.hosts[1]!.httpPort;
    assert.match((await httpGet(port, "/", { host: `welcome.localhost:${port}` })).text, /Holdfast/);
    const ended = new Promise((done) => child.once("exit", done));
    child.kill("SIGTERM");
    await ended;
  });
});

async function up(bench: Bench, program: string, more: readonly string[], env: NodeJS.ProcessEnv): Promise<{ readonly child: ChildProcess; readonly httpPort: number }> {
  const child = bench.watch(spawn(program, ["up", ...more, "--listen", "127.0.0.1", "--no-discovery", "--http-port", "0", "--peer-port", "0", "--json", "--end-with-parent"], { env, stdio: ["pipe", "pipe", "pipe"] }));
  const { httpPort } = JSON.parse(await firstLine(child)) as { httpPort: number };
  return { child, httpPort };
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((done, reject) => {
    const said: string[] = [];
    child.stderr!.setEncoding("utf8").on("data", (text: string) => said.push(text));
    createInterface({ input: child.stdout! }).once("line", done);
    child.once("exit", (code) => reject(new Error(`it ended with ${code}: ${said.join("")}`)));
  });
}

test("the launcher says what to do when there is no Node, or only an old one", async () => {
  await using bench = await Bench.make();
  const [home, bin] = [join(bench.folder, "home"), join(bench.folder, "bin")];
  await mkdir(home);
  await mkdir(bin);
  await copyFile(join(ROOT, "holdfast"), join(home, "holdfast"));
  // What a machine has without Node; the launcher needs no more.
  for (const tool of ["dirname", "readlink", "sh"]) await symlink((await run("sh", ["-c", `command -v ${tool}`])).stdout.trim(), join(bin, tool));
  const launch = async (command = join(home, "holdfast")): Promise<string> => {
    const failed = await run(command, ["--version"], { env: { PATH: bin } }).then(
      () => assert.fail("it ran"),
      (error: { code: number; stderr: string }) => error,
    );
    assert.equal(failed.code, 1);
    return failed.stderr;
  };
  const advice = /Node 26\.8 or newer was not found\.\n.*npm ci.*--ignore-scripts.*nodejs\.org/;
  assert.match(await launch(), advice, "without any Node");
  await writeFile(join(bin, "node"), "#!/bin/sh\necho 2607\n");
  await chmod(join(bin, "node"), 0o755);
  assert.match(await launch(), advice, "with an old Node");
  await symlink(join(home, "holdfast"), join(bin, "hf"));
  assert.match(await launch(join(bin, "hf")), new RegExp(`Run 'npm ci' in ${home} `), "through a link it names its own folder");
  await writeFile(join(bin, "node"), '#!/bin/sh\nif [ "$1" = -p ]; then echo 2608; else echo "started $*"; fi\n');
  const { stdout } = await run(join(bin, "hf"), ["status", "a b"], { env: { PATH: bin } });
  assert.match(stdout, new RegExp(`^started (?:--\\S+ )*${home}/dist/main.js status a b\n$`), "a new enough one on the PATH is taken");
});
