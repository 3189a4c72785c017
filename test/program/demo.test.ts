import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import test from "node:test";
import { Bench, httpGet, isAlive, until } from "../cluster/harness.ts";

interface Started {
  readonly ready: true;
  readonly root: string;
  readonly hosts: readonly { readonly name: string; readonly pid: number; readonly httpPort: number; readonly browser: string }[];
}

const ROOT = resolve(import.meta.dirname, "../..");

/** Starts the demo in a process group of its own, as a terminal does, with its data in the bench's folder. */
async function start(bench: Bench, command: readonly [string, ...string[]], hosts: number): Promise<{ child: ChildProcess; started: Started }> {
  const [program, ...args] = command;
  const child = bench.watch(spawn(program, [...args, "--hosts", String(hosts), "--dir", bench.folder, "--json"], { cwd: ROOT, detached: true, stdio: ["ignore", "pipe", "pipe"] }));
  const said: string[] = [];
  child.stderr?.setEncoding("utf8").on("data", (text: string) => said.push(text));
  const { promise, resolve: resolveLine, reject } = Promise.withResolvers<string>();
  createInterface({ input: child.stdout! }).once("line", resolveLine);
  child.once("exit", (code) => reject(new Error(`the demo ended with ${code}: ${said.join("")}`)));
  return { child, started: JSON.parse(await promise) as Started };
}

const BY_NPM = ["npm", "start", "--silent", "--"] as const;
const BY_NODE = [process.execPath, "src/cli/main.ts", "demo"] as const;

async function serves(port: number): Promise<boolean> {
  const page = await httpGet(port, "/", { host: `welcome.localhost:${port}` });
  return page.status === 200 && page.text.includes("Holdfast");
}

/** Asks the API of a host as its Browser does for whoever opened it with a link. */
async function entered(link: string): Promise<(method: string, path: string, json?: unknown) => Promise<Response>> {
  const { origin, hash } = new URL(link);
  const opened = await fetch(`${origin}/api/sessions`, { method: "POST", headers: { authorization: `Bearer ${hash.slice("#open=".length)}` } });
  const { token } = (await opened.json()) as { token: string };
  return (method, path, json) => fetch(`${origin}/api${path}`, { method, headers: { authorization: `Bearer ${token}`, "content-type": "application/json" }, ...(json === undefined ? {} : { body: JSON.stringify(json) }) });
}

async function allGone(started: Started): Promise<void> {
  await until("all hosts are gone", 10_000, () => started.hosts.every((host) => !isAlive(host.pid)));
}

test("npm start shows the sample site on every host, ends all hosts however it ends itself, and finds its data again", { timeout: 300_000 }, async (t) => {
  await using bench = await Bench.make();
  const first = await start(bench, BY_NPM, 5);

  await t.test("every host serves the sample site", async () => {
    assert.equal(first.started.hosts.length, 5);
    for (const host of first.started.hosts) assert.ok(await serves(host.httpPort), host.name);
  });

  await t.test("the others serve it when two are killed", async () => {
    for (const host of first.started.hosts.slice(0, 2)) process.kill(host.pid, "SIGKILL");
    for (const host of first.started.hosts.slice(2)) assert.ok(await serves(host.httpPort), host.name);
  });

  await t.test("the hosts end when npm is killed", async () => {
    first.child.kill("SIGKILL");
    await allGone(first.started);
  });

  await t.test("another start serves the same site, and its hosts end when the demo itself is killed", async () => {
    const { child, started } = await start(bench, BY_NODE, 3);
    assert.equal(started.root, first.started.root);
    for (const host of started.hosts) assert.ok(await serves(host.httpPort), host.name);
    const [, last] = started.hosts.slice(1);
    const ask = await entered(started.hosts[0]!.browser);
    const { links } = (await (await ask("POST", "/demo/links")).json()) as { links: { host: string; link: string }[] };
    assert.deepEqual(links.map(({ host }) => host), started.hosts.slice(1).map(({ name }) => name), "whoever is in one Browser gets into the others");
    const asked = await Promise.all(links.map(async ({ link }) => (await (await entered(link))("GET", "/status")).json() as Promise<{ host: { name: string } }>));
    assert.deepEqual(asked.map(({ host }) => host.name), links.map(({ host }) => host));
    const plug = async (isPlugged: boolean): Promise<number> => (await ask("PUT", `/demo/hosts/${last!.name}`, { isPlugged })).status;
    assert.equal(await plug(false), 202);
    await until("the unplugged host is gone", 10_000, () => !isAlive(last!.pid));
    assert.equal(await plug(true), 202);
    await until("it serves again, at its port", 30_000, () => serves(last!.httpPort).catch(() => false));
    child.kill("SIGKILL");
    await allGone(started);
    await until("so does the host that came back", 10_000, () => serves(last!.httpPort).then(() => false, () => true));
  });

  await t.test("Ctrl-C ends all cleanly", async () => {
    const { child, started } = await start(bench, BY_NPM, 2);
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    process.kill(-child.pid!, "SIGINT");
    await ended;
    await allGone(started);
  });

  await t.test("a host ends too whose demo was killed before it was up", async () => {
    const args = ["src/cli/main.ts", "up", "--data", join(bench.folder, first.started.hosts[0]!.name), "--listen", "127.0.0.1", "--no-discovery", "--demo", "--json", "--end-with-parent"];
    const child = bench.watch(spawn(process.execPath, args, { cwd: ROOT, stdio: ["ignore", "ignore", "ignore"] }));
    assert.equal(await new Promise<number | null>((ended) => child.once("exit", ended)), 0);
  });
});
