import assert from "node:assert/strict";
import { execFile, execFileSync, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import type { Bench } from "./harness.ts";
import { program } from "./harness.ts";

const run = promisify(execFile);

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A machine of its own, as far as its network goes: one cable to the switch, and nothing else. */
export class Machine {
  readonly name: string;
  readonly address: string;
  readonly data: string;
  readonly #bench: Bench;
  readonly #space: string;
  readonly #environment: NodeJS.ProcessEnv;
  #child: ChildProcess | undefined;
  #log: string[] = [];

  constructor(bench: Bench, name: string, space: string, address: string) {
    this.#bench = bench;
    this.name = name;
    this.#space = space;
    this.address = address;
    this.data = join(bench.folder, name);
    const { HOLDFAST_DATA: _data, NODE_TEST_CONTEXT: _context, ...rest } = process.env;
    this.#environment = { ...rest, HOLDFAST_CONFIG: join(bench.folder, `${name}.config`) };
  }

  get log(): string {
    return this.#log.join("");
  }

  /** The arguments of a process on this machine. */
  #here(...command: readonly string[]): string[] {
    return ["netns", "exec", this.#space, ...command];
  }

  /** Runs a command here and gives its answer in JSON. */
  async ask<T>(args: readonly string[], input?: string): Promise<T> {
    const { code, stdout, stderr } = await this.run(args, input);
    if (code !== 0) throw new Error(`${this.name}: holdfast ${args.join(" ")} ended with ${code}: ${stdout}${stderr}`);
    return JSON.parse(stdout) as T;
  }

  run(args: readonly string[], input?: string): Promise<Outcome> {
    const { promise, resolve: done, reject } = Promise.withResolvers<Outcome>();
    const json = args.includes("--addresses") ? [] : ["--json"];
    const child = this.#bench.watch(spawn("ip", this.#here(process.execPath, program(), ...args, "--data", this.data, ...json), { stdio: ["pipe", "pipe", "pipe"], env: this.#environment }));
    const [out, said]: [string[], string[]] = [[], []];
    child.stdout!.setEncoding("utf8").on("data", (text: string) => out.push(text));
    child.stderr!.setEncoding("utf8").on("data", (text: string) => said.push(text));
    child.on("error", reject).on("close", (code) => done({ code: code ?? 1, stdout: out.join(""), stderr: said.join("") }));
    child.stdin!.end(input === undefined ? "" : `${input}\n`);
    return promise;
  }

  /** The names of the hosts that this one is connected to, and its own, in order. */
  async online(): Promise<string[]> {
    const rows = await this.ask<{ name: string; presence: string }[]>(["hosts"]);
    return rows.filter(({ presence }) => presence === "online").map(({ name }) => name).sort();
  }

  /** Runs a command here that goes on, and gathers the JSON documents that it gives, one a line, until the bench is cleared. */
  gather<T>(args: readonly string[]): readonly T[] {
    const rows: T[] = [];
    const child = this.#bench.watch(spawn("ip", this.#here(process.execPath, program(), ...args, "--data", this.data, "--json"), { stdio: ["pipe", "pipe", "inherit"], env: this.#environment }));
    createInterface({ input: child.stdout! }).on("line", (line) => rows.push(JSON.parse(line) as T));
    return rows;
  }

  /**
   * Makes this a host of a network by its set-up alone: it finds the sponsor on the local network and asks it.
   * @param admit given the six digits on this machine's screen
   */
  async joinNearby(sponsor: string, admit: (digits: string) => Promise<void>): Promise<void> {
    const setup = this.#node(program(), "setup", "--json");
    const { link } = JSON.parse((await setup.lines.next()).value as string) as { link: string };
    const person = this.#node(join(import.meta.dirname, "set-up.fixture.ts"), link, sponsor, this.name, this.data);
    await admit((await person.lines.next()).value as string);
    assert.equal((await person.lines.next()).value, "friends");
    await setup.end();
  }

  /**
   * Makes this a host of a network as a person at a terminal does who has no code, and asks the one host that is near.
   * @param admit given the six digits on the terminal
   */
  async joinAtTerminal(admit: (digits: string) => Promise<void>): Promise<void> {
    const command = [process.execPath, program(), "join", "--data", this.data, "--host", this.name, "--capacity", "1GB"].map((word) => `'${word}'`).join(" ");
    const terminal = this.#bench.watch(spawn("ip", this.#here("script", "--quiet", "--return", "--command", command, "/dev/null"), { stdio: ["pipe", "pipe", "inherit"], env: this.#environment }));
    const gone = new Promise<number | null>((done) => terminal.once("exit", done));
    let shown = "";
    for await (const text of terminal.stdout!.setEncoding("utf8") as AsyncIterable<string>) {
      shown += text;
      const digits = /\n {4}(\d{3} \d{3})\r/.exec(shown)?.[1];
      for (const [question, answer] of [[/1 +attic +friends[^]*Type the number/, "1"], [/Type yes to join friends: /, "yes"]] as const) if (question.test(shown)) {
        shown = "";
        terminal.stdin!.write(`${answer}\n`);
      }
      if (digits === undefined) continue;
      shown = "";
      await admit(digits.replace(" ", ""));
    }
    assert.equal(await gone, 0, shown);
  }

  /** A process of Node's here, and what it says. */
  #node(...args: readonly string[]): { readonly lines: AsyncIterator<string>; end(): Promise<void> } {
    const child = this.#bench.watch(spawn("ip", this.#here(process.execPath, ...args), { stdio: ["pipe", "pipe", "inherit"], env: this.#environment }));
    const gone = new Promise<void>((done) => child.once("exit", () => done()));
    const end = async (): Promise<void> => {
      child.kill("SIGKILL");
      await gone;
    };
    return { lines: createInterface({ input: child.stdout! })[Symbol.asyncIterator](), end };
  }

  /** Starts the host and resolves when it serves. It listens on all addresses and looks for others, as it does by itself. */
  async up(...more: readonly string[]): Promise<void> {
    const child = this.#bench.watch(spawn("ip", this.#here(process.execPath, program(), "up", "--data", this.data, "--log", "info", "--json", "--end-with-parent", ...more), { stdio: ["pipe", "pipe", "pipe"], env: this.#environment }));
    this.#child = child;
    child.stderr!.setEncoding("utf8").on("data", (text: string) => this.#log.push(text));
    const { promise, resolve: done, reject } = Promise.withResolvers<string>();
    createInterface({ input: child.stdout! }).once("line", done);
    child.once("exit", (code) => reject(new Error(`${this.name} ended with ${code}: ${this.log}`)));
    const answer = JSON.parse(await promise) as { error?: { message: string } };
    if (answer.error !== undefined) throw new Error(`${this.name} did not start: ${answer.error.message}`);
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((done) => child.once("exit", done));
    // "ip netns exec" becomes the process that it runs.
    child.kill("SIGKILL");
    await gone;
  }

  /** Whether this machine's packets reach another one's. */
  async reaches(other: Machine): Promise<boolean> {
    const probe = `const s = require("node:net").connect(9, "${other.address}"); s.on("connect", () => process.exit(0)); s.on("error", (e) => process.exit(e.code === "ECONNREFUSED" ? 0 : 1)); setTimeout(() => process.exit(1), 800)`;
    return run("ip", this.#here(process.execPath, "-e", probe)).then(
      () => true,
      () => false,
    );
  }
}

/** Machines on one switch, whose cables can be pulled and which can be split. Needs root, iproute2 and nftables. */
export class Switch implements AsyncDisposable {
  readonly #bench: Bench;
  readonly #prefix: string;
  readonly #machines: Machine[] = [];
  readonly #onExit = (): void => this.#removeAll();

  constructor(bench: Bench) {
    this.#bench = bench;
    this.#prefix = `hf${process.pid}`;
    process.once("exit", this.#onExit);
    this.#ip("netns", "add", this.#space("switch"));
    this.#inSwitch("ip", "link", "add", "br0", "type", "bridge");
    this.#inSwitch("ip", "link", "set", "br0", "up");
  }

  add(name: string): Machine {
    const number = this.#machines.length + 1;
    const space = this.#space(name);
    const machine = new Machine(this.#bench, name, space, `10.77.0.${number}`);
    this.#machines.push(machine);
    this.#ip("netns", "add", space);
    this.#ip("link", "add", "eth0", "netns", space, "type", "veth", "peer", "name", `p-${name}`, "netns", this.#space("switch"));
    this.#inSwitch("ip", "link", "set", `p-${name}`, "master", "br0", "up");
    for (const command of [["addr", "add", `${machine.address}/24`, "dev", "eth0"], ["link", "set", "lo", "up"], ["link", "set", "eth0", "up"], ["route", "add", "default", "dev", "eth0"]]) this.#ip("-n", space, ...command);
    return machine;
  }

  /** Splits the switch: the machines named hear only each other, all others hear only the rest. */
  split(...side: readonly Machine[]): void {
    const ports = side.map(({ name }) => `"p-${name}"`).join(", ");
    const rules = `table bridge cut {\n  chain forward {\n    type filter hook forward priority 0\n    iifname { ${ports} } oifname != { ${ports} } drop\n    iifname != { ${ports} } oifname { ${ports} } drop\n  }\n}\n`;
    execFileSync("ip", ["netns", "exec", this.#space("switch"), "nft", "-f", "-"], { input: rules });
  }

  heal(): void {
    this.#inSwitch("nft", "delete", "table", "bridge", "cut");
  }

  /** From now on the machine sends at most so much, through a queue of 400 ms. */
  slowDown(machine: Machine, kilobitsPerSecond: number): void {
    this.#ip("netns", "exec", this.#space(machine.name), "tc", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", `${kilobitsPerSecond}kbit`, "burst", "16kb", "latency", "400ms");
  }

  #space(name: string): string {
    return `${this.#prefix}-${name}`;
  }

  #ip(...args: readonly string[]): void {
    execFileSync("ip", args, { stdio: "pipe" });
  }

  #inSwitch(...command: readonly string[]): void {
    this.#ip("netns", "exec", this.#space("switch"), ...command);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#machines.map((machine) => machine.kill()));
    this.#removeAll();
    process.off("exit", this.#onExit);
  }

  #removeAll(): void {
    for (const name of [...this.#machines.map((machine) => machine.name), "switch"]) {
      try {
        this.#ip("netns", "delete", this.#space(name));
      } catch {
        // It never came to be.
      }
    }
  }
}
