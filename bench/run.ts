import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Bench } from "../test/cluster/harness.ts";
import { bundle } from "../tools/bundle.ts";
import { seconds } from "./figures.ts";
import { bulk } from "./bulk.ts";
import { erasure } from "./erasure.ts";
import { failover } from "./failover.ts";
import { fetching } from "./fetching.ts";
import { growth } from "./growth.ts";
import { idleConnections } from "./idle-connections.ts";
import { memoryGrowth } from "./memory-growth.ts";
import { memoryIdle } from "./memory-idle.ts";
import type { Benchmark, Row, Size } from "./plan.ts";
import { privateFiles } from "./private-files.ts";
import { publishing } from "./publishing.ts";
import { recordReading } from "./record-reading.ts";
import { recordWriting } from "./record-writing.ts";
import { repairing } from "./repairing.ts";
import { returning } from "./returning.ts";
import { returningHost } from "./returning-host.ts";
import { sealing } from "./sealing.ts";
import { serving } from "./serving.ts";
import { table } from "./table.ts";

const ALL: readonly Benchmark[] = [memoryIdle, memoryGrowth, idleConnections, serving, publishing, privateFiles, fetching, repairing, bulk, recordWriting, recordReading, returning, returningHost, failover, erasure, sealing, growth];

const { values } = parseArgs({
  options: {
    full: { type: "boolean", default: false },
    only: { type: "string", multiple: true, default: [] },
    help: { type: "boolean", default: false },
  },
});

const USAGE = `npm run bench                      the small size, a few minutes
npm run bench -- --full            the full size
npm run bench -- --only NAME       one benchmark; may be repeated: ${ALL.map(({ name }) => name).join(", ")}
`;

interface Outcome {
  readonly name: string;
  readonly seconds: number;
  /** Processes that wanted a core, on average over the last minute: this run's own and everybody else's. */
  readonly load: number;
  readonly rows: readonly Row[];
  readonly fault?: string;
}

/** A benchmark that fails leaves a note and no row; the others run all the same. */
async function measure(benchmark: Benchmark, size: Size): Promise<Outcome> {
  const started = performance.now();
  const say = (text: string): void => void process.stderr.write(`${benchmark.name}: ${text}\n`);
  say("starts");
  try {
    await using bench = await Bench.make();
    const rows = await benchmark.run({ size, bench, say });
    return { name: benchmark.name, seconds: seconds(started), load: loadavg()[0]!, rows };
  } catch (error) {
    say(`failed: ${error instanceof Error ? error.stack : String(error)}`);
    return { name: benchmark.name, seconds: seconds(started), load: loadavg()[0]!, rows: [], fault: String(error) };
  }
}

function commit(): string {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: import.meta.dirname, encoding: "utf8" }).trim();
  } catch {
    return "unknown";
  }
}

async function keep(size: Size, outcomes: readonly Outcome[]): Promise<string> {
  const folder = join(import.meta.dirname, "results");
  await mkdir(folder, { recursive: true });
  const date = new Date().toISOString().replaceAll(":", "").slice(0, 15);
  const path = join(folder, `${date}-${commit()}.json`);
  const machine = { cores: cpus().length, model: cpus()[0]?.model ?? "unknown", node: process.version };
  await writeFile(path, `${JSON.stringify({ commit: commit(), date, size, machine, outcomes }, null, 1)}\n`);
  return path;
}

/** Hosts are started from what a package carries, as the launcher starts them. */
async function prepareProgram(): Promise<void> {
  const launcher = await readFile(join(import.meta.dirname, "../holdfast"), "utf8");
  const [, options] = /^heap=(\S+)$/m.exec(launcher) ?? [];
  if (options === undefined) throw new Error("the launcher gives Node no options any more: see bench/run.ts");
  process.env["NODE_OPTIONS"] = options;
  const program = await mkdtemp(join(tmpdir(), "holdfast-bench-program-"));
  process.once("exit", () => rmSync(program, { recursive: true, force: true }));
  await bundle(program);
  process.env["HOLDFAST_PROGRAM"] = join(program, "main.js");
}

async function main(): Promise<void> {
  const chosen = values.only.length === 0 ? ALL : ALL.filter(({ name }) => values.only.includes(name));
  if (values.help || chosen.length === 0) return void process.stdout.write(USAGE);
  await prepareProgram();
  const size: Size = values.full ? "full" : "small";
  const outcomes: Outcome[] = [];
  const others = loadavg()[0]!;
  for (const benchmark of chosen) outcomes.push(await measure(benchmark, size));
  process.stdout.write(`\n${table(outcomes.flatMap(({ rows }) => rows))}\n`);
  for (const { name, fault } of outcomes) if (fault !== undefined) process.stdout.write(`${name} gave no figures: ${fault}\n`);
  if (others > cpus().length / 2) process.stdout.write(`\nOther programs kept this machine busy (load ${others.toFixed(1)} on ${cpus().length} cores when it began): read the ratios, not the figures.\n`);
  process.stdout.write(`\nkept in ${await keep(size, outcomes)}\n`);
}

await main();
// Whatever a benchmark that failed left open must not keep the run from ending.
process.exit();
