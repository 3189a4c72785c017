import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import test from "node:test";
import { Bench, httpGet, isAlive, until } from "./harness.ts";

interface Started {
  readonly ready: true;
  readonly site: string;
  readonly hosts: readonly { readonly name: string; readonly pid: number; readonly httpPort: number }[];
}

/** Starts the demo as a person does, through npm, with its data in the bench's folder. */
async function start(bench: Bench, hosts: number): Promise<{ child: ChildProcess; started: Started }> {
  const root = resolve(import.meta.dirname, "../..");
  const child = bench.watch(spawn("npm", ["start", "--silent", "--", "--hosts", String(hosts), "--dir", bench.folder, "--json"], { cwd: root, stdio: ["ignore", "pipe", "pipe"] }));
  const said: string[] = [];
  child.stderr?.setEncoding("utf8").on("data", (text: string) => said.push(text));
  const { promise, resolve: resolveLine, reject } = Promise.withResolvers<string>();
  createInterface({ input: child.stdout! }).once("line", resolveLine);
  child.once("exit", (code) => reject(new Error(`the demo ended with ${code}: ${said.join("")}`)));
  return { child, started: JSON.parse(await promise) as Started };
}

async function serves(port: number): Promise<boolean> {
  const page = await httpGet(port, "/", { host: `welcome.localhost:${port}` });
  return page.status === 200 && page.text.includes("Holdfast");
}

async function allGone(started: Started): Promise<void> {
  await until("all hosts are gone", 10_000, () => started.hosts.every((host) => !isAlive(host.pid)));
}

test("npm start shows the sample site on every host, ends with npm even by SIGKILL, and finds its data again", { timeout: 120_000 }, async (t) => {
  await using bench = await Bench.make();
  const first = await start(bench, 3);

  await t.test("every host serves the sample site, also when one is stopped", async () => {
    assert.equal(first.started.hosts.length, 3);
    for (const host of first.started.hosts) assert.ok(await serves(host.httpPort), host.name);
    process.kill(first.started.hosts[1]!.pid, "SIGKILL");
    assert.ok(await serves(first.started.hosts[2]!.httpPort));
  });

  await t.test("killing npm ends every host", async () => {
    first.child.kill("SIGKILL");
    await allGone(first.started);
  });

  await t.test("another start serves the same site again, and Ctrl-C ends all cleanly", async () => {
    const second = await start(bench, 3);
    for (const host of second.started.hosts) assert.ok(await serves(host.httpPort), host.name);
    second.child.kill("SIGTERM");
    await allGone(second.started);
  });
});
