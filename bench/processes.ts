import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { access, constants } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Bench } from "../test/cluster/harness.ts";

const TICKS_PER_SECOND = 100;

export interface Memory {
  /** Pages that no other process has. */
  readonly privateBytes: number;
  /** Private ones, and shared ones divided by those who share them. */
  readonly proportionalBytes: number;
  readonly residentBytes: number;
}

/** What a process takes, from Linux's /proc. */
export function memoryOf(pid: number): Memory {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
  const field = (name: string): number => 1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0);
  return { privateBytes: field("Private_Clean") + field("Private_Dirty"), proportionalBytes: field("Pss"), residentBytes: field("Rss") };
}

/** Processor seconds that a process, with its threads and the children it has waited for, has used. */
export function processorSeconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, "latin1");
  // The name in brackets may hold anything; the fields follow it.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_SECOND;
}

/** Measures how many cores each of the processes kept busy meanwhile. */
export function watchProcessors(pids: readonly number[]): () => readonly number[] {
  const [started, before] = [performance.now(), pids.map(processorSeconds)];
  return () => {
    const elapsed = (performance.now() - started) / 1000;
    return pids.map((pid, at) => (processorSeconds(pid) - before[at]!) / elapsed);
  };
}

/** Where a program of this name is, or undefined when it is not installed. */
export async function installed(name: string): Promise<string | undefined> {
  for (const folder of [...(process.env["PATH"] ?? "").split(":"), "/usr/sbin", "/sbin"]) {
    const path = join(folder, name);
    const isThere = await access(path, constants.X_OK).then(() => true, () => false);
    if (isThere) return path;
  }
  return undefined;
}

/** One of the programs that stand beside the benchmarks, in a process of its own. It gives its answers as lines of JSON. */
export class Program {
  readonly child: ChildProcess;
  /** As results tell it: without the folders of this machine. */
  readonly #name: string;
  readonly #lines: AsyncIterator<string>;

  /** @param nodeOptions what Node itself is told, such as how large its heap may become */
  constructor(bench: Bench, file: string, args: readonly string[] = [], nodeOptions: readonly string[] = []) {
    this.#name = file;
    const path = join(import.meta.dirname, "programs", file);
    // Without the options that hosts are given: see run.ts.
    const { NODE_OPTIONS: _options, ...env } = process.env;
    this.child = bench.watch(spawn(process.execPath, [...nodeOptions, path, ...args], { stdio: ["pipe", "pipe", "inherit"], env }));
    this.#lines = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]();
  }

  get pid(): number {
    return this.child.pid!;
  }

  async next<T>(): Promise<T> {
    const line = await this.#lines.next();
    if (line.done === true) throw new Error(`${this.#name} ended early`);
    return JSON.parse(line.value) as T;
  }

  /** Says something and waits for the answer. */
  async ask<T>(question: unknown): Promise<T> {
    this.child.stdin!.write(`${JSON.stringify(question)}\n`);
    return this.next<T>();
  }

  async stop(): Promise<void> {
    await stop(this.child);
  }
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  await gone;
}

/** Runs a program to its end and gives what it printed. @throws when it fails */
export async function output(bench: Bench, command: string, args: readonly string[]): Promise<string> {
  const child = bench.watch(spawn(command, [...args], { stdio: ["ignore", "pipe", "pipe"] }));
  const [out, said]: [string[], string[]] = [[], []];
  child.stdout!.setEncoding("utf8").on("data", (text: string) => out.push(text));
  child.stderr!.setEncoding("utf8").on("data", (text: string) => said.push(text));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${said.join("")}${out.join("")}`);
  return out.join("");
}
