import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { request } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

const ROOT = resolve(import.meta.dirname, "../..");

/** What is run: the program as a package carries it, where a whole run of the tests has built it, else the sources. */
export const program = (): string => process.env["HOLDFAST_PROGRAM"] ?? join(ROOT, "src/cli/main.ts");

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output as the one JSON document it must be; throws when it is not. */
  json<T>(): T;
  /** Standard output as one JSON document a line. */
  rows<T>(): T[];
}

export interface HostReady {
  readonly url: string;
  readonly httpPort: number;
  readonly peerPort: number;
  readonly hostId: string;
  readonly hostName: string;
  readonly pid: number;
  /** Where it faces the web, with --http-listen. */
  readonly web: readonly { readonly address: string; readonly port: number }[];
}

/** One host of a test: its data folder, its person's configuration, and the process while it runs. */
export class TestHost {
  readonly bench: Bench;
  readonly name: string;
  readonly data: string;
  readonly config: string;
  ready: HostReady | undefined;
  #child: ChildProcess | undefined;
  #log: string[] = [];
  /** After its first start a host asks for the ports it had, so that its address stays. */
  #ports: readonly string[] = ["--http-port", "0", "--peer-port", "0"];

  constructor(bench: Bench, name: string) {
    this.bench = bench;
    this.name = name;
    this.data = join(bench.folder, name);
    this.config = join(bench.folder, `${name}.config`);
  }

  get httpPort(): number {
    return this.#running().httpPort;
  }

  get pid(): number {
    return this.#running().pid;
  }

  /** What it has logged so far. */
  get log(): string {
    return this.#log.join("");
  }

  /** Runs a command as this host's person, on its data folder. */
  run(args: readonly string[], input?: string): Promise<Finished> {
    return this.bench.run([...args, "--data", this.data], { config: this.config, ...(input === undefined ? {} : { input }) });
  }

  /** As `run` with --json; throws with what the command said when it fails. */
  async ask<T>(args: readonly string[], input?: string): Promise<T> {
    const finished = await this.run([...args, "--json"], input);
    if (finished.code !== 0) throw new Error(`${this.name}: holdfast ${args.join(" ")} ended with ${finished.code}: ${finished.stdout}${finished.stderr}\n${this.log}`);
    return finished.json<T>();
  }

  /** What the running host answers below /api: as a command is told it, without the start of a process. For what is asked again and again. */
  async look<T>(path: string): Promise<T> {
    const { token } = JSON.parse(await readFile(join(this.data, "api.json"), "utf8")) as { token: string };
    const answer = await httpGet(this.httpPort, `/api${path}`, { host: `127.0.0.1:${this.httpPort}`, authorization: `Bearer ${token}` });
    if (answer.status !== 200) throw new Error(`${this.name}: ${path} was answered with ${answer.status}: ${answer.text}`);
    return JSON.parse(answer.text) as T;
  }

  /** The names of the hosts that it is connected to, and its own, in order. */
  async online(): Promise<string[]> {
    const { hosts } = await this.look<{ hosts: { name: string; presence: string }[] }>("/hosts");
    return hosts.filter(({ presence }) => presence === "online").map(({ name }) => name).sort();
  }

  /** Starts the host and resolves when it serves. */
  async up(...more: readonly string[]): Promise<HostReady> {
    const args = ["up", "--data", this.data, "--listen", "127.0.0.1", "--no-discovery", "--log", "info", "--json", "--end-with-parent", ...this.#ports, ...more];
    const child = this.bench.spawn(args, this.config);
    this.#child = child;
    child.stderr?.setEncoding("utf8").on("data", (text: string) => this.#log.push(text));
    const ready = await firstLine(child, 120_000).catch((error: unknown) => {
      throw new Error(`${this.name} did not start: ${String(error)}\n${this.log}`);
    });
    const answer = JSON.parse(ready) as HostReady & { error?: { message: string } };
    if (answer.error !== undefined) throw new Error(`${this.name} did not start: ${answer.error.message}`);
    this.ready = answer;
    this.#ports = ["--http-port", String(answer.httpPort), "--peer-port", String(answer.peerPort)];
    return answer;
  }

  /** Ends the process as a power cut would, or with another signal, and resolves when it is gone. */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<number | null> {
    const child = this.#child;
    this.#child = undefined;
    this.ready = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const { promise, resolve } = Promise.withResolvers<number | null>();
    child.once("exit", resolve);
    child.kill(signal);
    return promise;
  }

  /** A page of a site, as a browser on this machine asks for it. */
  get(site: string, path = "/", headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return httpGet(this.httpPort, path, { host: `${site}.localhost:${this.httpPort}`, ...headers });
  }

  #running(): HostReady {
    if (this.ready === undefined) throw new Error(`${this.name} is not running`);
    return this.ready;
  }
}

/** The first line that a process says. */
export async function firstLine(child: ChildProcess, timeoutMs: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  createInterface({ input: child.stdout! }).once("line", resolve);
  child.once("exit", (code) => reject(new Error(`it ended with ${code}`)));
  const timer = setTimeout(() => reject(new Error(`nothing was said within ${timeoutMs} ms`)), timeoutMs);
  return promise.finally(() => clearTimeout(timer));
}

/** A folder, hosts and processes that all are gone when the test is, however it ends. Use with `await using`. */
export class Bench {
  readonly folder: string;
  readonly #children = new Set<ChildProcess>();
  readonly #onExit = (): void => this.#killAll();

  private constructor(folder: string) {
    this.folder = folder;
    process.once("exit", this.#onExit);
  }

  static async make(): Promise<Bench> {
    return new Bench(await mkdtemp(join(tmpdir(), "holdfast-test-")));
  }

  host(name: string): TestHost {
    return new TestHost(this, name);
  }

  /** A network of running hosts, made with the commands that people type. */
  async network(names: readonly string[], capacity = "1GB"): Promise<TestHost[]> {
    const [first, ...others] = names.map((name) => this.host(name)) as [TestHost, ...TestHost[]];
    await first.ask(["init", "--network", "friends", "--host", first.name, "--capacity", capacity]);
    await first.up();
    await Promise.all(
      others.map(async (host) => {
        await this.join(first, host, capacity);
        await host.up();
      }),
    );
    const all = [first, ...others];
    await allSee(all, 20_000);
    return all;
  }

  async join(inviter: TestHost, host: TestHost, capacity = "1GB"): Promise<void> {
    const { code } = await inviter.ask<{ code: string }>(["invite"]);
    await host.ask(["join", "-", "--host", host.name, "--capacity", capacity], code);
  }

  spawn(args: readonly string[], config: string, more: NodeJS.ProcessEnv = {}): ChildProcess {
    const child = spawn(process.execPath, [program(), ...args], { cwd: ROOT, stdio: ["pipe", "pipe", "pipe"], env: { ...environment(), HOLDFAST_CONFIG: config, ...more } });
    return this.watch(child);
  }

  /** Any other process that must not outlive the test. */
  watch(child: ChildProcess): ChildProcess {
    this.#children.add(child);
    child.once("exit", () => this.#children.delete(child));
    child.stdin?.on("error", () => {});
    return child;
  }

  async run(args: readonly string[], options: { readonly config?: string; readonly input?: string; readonly environment?: NodeJS.ProcessEnv } = {}): Promise<Finished> {
    const child = this.spawn(args, options.config ?? join(this.folder, "config"), options.environment);
    child.stdin?.end(options.input === undefined ? "" : `${options.input}\n`);
    const [out, said]: [string[], string[]] = [[], []];
    child.stdout?.setEncoding("utf8").on("data", (text: string) => out.push(text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => said.push(text));
    const { promise, resolve, reject } = Promise.withResolvers<number | null>();
    child.once("close", resolve).once("error", reject);
    const code = await promise;
    const stdout = out.join("");
    return { code, stdout, stderr: said.join(""), json: <T>() => JSON.parse(stdout) as T, rows: <T>() => stdout.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as T) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = [...this.#children].map((child) => new Promise((resolve) => child.once("exit", resolve)));
    this.#killAll();
    await Promise.all(gone);
    process.off("exit", this.#onExit);
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #killAll(): void {
    for (const child of this.#children) child.kill("SIGKILL");
  }
}

/** The machine's environment without what would point a command at a real host. */
function environment(): NodeJS.ProcessEnv {
  const { HOLDFAST_DATA: _data, NODE_TEST_CONTEXT: _context, npm_lifecycle_event: _npm, ...rest } = process.env;
  return rest;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
}

/** One request to 127.0.0.1. By node:http, because fetch drops a Host header. */
export function httpGet(port: number, path: string, headers: Readonly<Record<string, string>> = {}, timeoutMs = 10_000): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const sent = request({ host: "127.0.0.1", port, path, headers, agent: false, signal: AbortSignal.timeout(timeoutMs) }, (response) => {
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.on("error", reject);
    response.on("end", () => {
      const body = Buffer.concat(chunks);
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body, text: body.toString("utf8") });
    });
  });
  sent.on("error", reject).end();
  return promise;
}

/** Looks again and again until it is so. An attempt that throws counts as not yet; the last reason is told when time is up. */
export async function until(what: string, timeoutMs: number, isSo: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let reason: unknown;
  while (performance.now() < deadline) {
    try {
      if (await isSo()) return;
      reason = undefined;
    } catch (error) {
      reason = error;
    }
    await sleep(50);
  }
  throw new Error(`Not within ${timeoutMs} ms: ${what}`, reason === undefined ? {} : { cause: reason });
}

/** A host that says whom it sees. */
export interface Sees {
  readonly name: string;
  online(): Promise<string[]>;
}

/** Resolves when each of the hosts says that exactly these are online. */
export async function allSee(hosts: readonly Sees[], timeoutMs: number): Promise<void> {
  const names = hosts.map(({ name }) => name).sort();
  await until(`${names.join(", ")} see each other`, timeoutMs, async () => (await Promise.all(hosts.map((host) => host.online()))).every((seen) => seen.join() === names.join()));
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
