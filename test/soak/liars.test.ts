import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import type { TestHost } from "../cluster/harness.ts";
import { Bench, firstLine, until } from "../cluster/harness.ts";

const LIAR = join(import.meta.dirname, "..", "cluster", "liar.ts");
/** Two seconds, so that the challenges of one host to another do not meet all the time. */
const AUDITING = ["--audit-every", "2s"];
const SITES = 8;
const PATIENCE_MS = 90_000;

interface HostRow {
  readonly id: string;
  readonly name: string;
  readonly isSuspect: boolean;
}

interface PoolRow {
  readonly repair: { readonly shortPieces: number };
}

interface WorkerRow {
  readonly name: string;
  readonly progress: string;
  readonly lastError: string | null;
}

/** What the workers of a host say, for when something does not come about. */
async function workersOf(host: TestHost): Promise<string> {
  const { workers } = await host.look<{ workers: WorkerRow[] }>("/workers");
  return workers.filter(({ name }) => ["repair", "audit", "hold"].includes(name)).map(({ name, progress, lastError }) => `${host.name} ${name}: ${progress} ${lastError ?? ""}`).join("\n");
}

/** Starts the program that lies on a host's data folder. */
async function lie(bench: Bench, host: TestHost, how: "deletes" | "fetches"): Promise<ChildProcess> {
  const child = bench.watch(spawn(process.execPath, [LIAR, host.data, how], { stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, HOLDFAST_CONFIG: host.config } }));
  const said: string[] = [];
  child.stderr!.setEncoding("utf8").on("data", (text: string) => said.push(text));
  const line = await firstLine(child, 60_000).catch((error: unknown) => {
    throw new Error(`${host.name}: ${String(error)}\n${said.join("")}`);
  });
  assert.match(line, /ready/);
  return child;
}

async function suspects(host: TestHost): Promise<string> {
  const { hosts } = await host.look<{ hosts: HostRow[] }>("/hosts");
  return hosts.filter(({ isSuspect }) => isSuspect).map(({ name }) => name).sort().join(" ");
}

test("hosts that lie about what they keep", { timeout: 400_000 }, async (t) => {
  await using bench = await Bench.make();
  const [attic, barn, cellar, mill, shed] = ["attic", "barn", "cellar", "mill", "shed"].map((name) => bench.host(name)) as [TestHost, TestHost, TestHost, TestHost, TestHost];
  const honest = [attic, barn, cellar];
  await attic.ask(["init", "--network", "friends", "--host", "attic", "--capacity", "1GB"]);
  await attic.up(...AUDITING);
  await Promise.all([barn, cellar, mill, shed].map((host) => bench.join(attic, host)));
  await Promise.all([barn, cellar].map((host) => host.up(...AUDITING)));
  const [deleting, fetching] = await Promise.all([lie(bench, mill, "deletes"), lie(bench, shed, "fetches")]);
  await until("all five are there", 30_000, async () => (await attic.online()).join(" ") === "attic barn cellar mill shed");
  for (let site = 0; site < SITES; site += 1) {
    const folder = join(bench.folder, `site${site}`);
    await mkdir(folder);
    await writeFile(join(folder, "index.html"), `site ${site} `.repeat(20_000));
    await attic.ask(["publish", folder, "--name", `site${site}`, "--copies", "4"]);
  }

  await t.test("the one that acknowledges and deletes, and the one that fetches when it is challenged, are suspect to all", async () => {
    await until("both are suspect, and nobody else", PATIENCE_MS, async () => (await Promise.all(honest.map((host) => suspects(host)))).every((names) => names === "mill shed"));
  });

  await t.test("what they claim is made anew on the others, and read from them when the liars are gone", async () => {
    await until("nothing is short", PATIENCE_MS, async () => {
      const { shortPieces } = (await attic.look<PoolRow>("/pool")).repair;
      if (shortPieces > 0) throw new Error(`${shortPieces} pieces are missing\n${(await Promise.all(honest.map((host) => workersOf(host)))).join("\n")}`);
      return true;
    });
    await Promise.all([deleting, fetching].map((child) => new Promise((resolve) => child.once("exit", resolve).kill("SIGKILL"))));
    for (const host of honest) {
      for (let site = 0; site < SITES; site += 1) assert.match((await host.get(`site${site}`)).text, new RegExp(`^site ${site} `));
    }
  });

  await t.test("they are suspect no more when they have kept what they claim for a while", async () => {
    await Promise.all([mill, shed].map((host) => host.up(...AUDITING)));
    await until("nobody is suspect", PATIENCE_MS, async () => (await Promise.all(honest.map((host) => suspects(host)))).every((names) => names === ""));
  });
});
