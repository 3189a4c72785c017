import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { glob, mkdtemp, readFile, rm } from "node:fs/promises";
import { constants, setPriority, tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { bundle } from "./bundle.ts";
import type { Outcome } from "./outcome-reporter.ts";

// The README's test command: types, lint and structure first, with the tests of tools/, then each kind of test, the quick ones before the slow.
// --record FILE writes down what was run, each step as soon as it is done: `npm run soak` does. --only STEP runs that one, and leaves in the
// file what others have found.

interface Step {
  readonly name: string;
  readonly patterns: readonly string[];
  /**
   * Whether the files share a few processes in place of one each: each process loads the sources once, which takes longer than most files'
   * tests. What they leave behind in the process meets the next file's tests, so it is for tests of parts alone.
   */
  readonly isTogether?: boolean;
  /** How many processes run tests. Those that start hosts of their own are full of deadlines, which more than two would miss. */
  readonly atOnce: number;
  /** Has no deadlines, and runs beside the others, one such after the other, with what they leave of the machine. Its output is shown when it is done, but in the soak, where that takes an hour. */
  readonly isPatient?: boolean;
}

/** 1 in the soak: everything in full. */
const isFull = process.env["HOLDFAST_SIZE"] === "1";

const STEPS: readonly Step[] = [
  { name: "parts", patterns: ["src/**/*.test.ts", "browser/**/*.test.ts", "bench/**/*.test.ts"], atOnce: 3, isTogether: true },
  { name: "simulated pools", patterns: ["test/sim/pool/*.test.ts"], atOnce: 1, isPatient: true },
  { name: "simulated hosts", patterns: ["test/sim/seeds.test.ts", "test/sim/roster/*.test.ts"], atOnce: 1, isPatient: true },
  { name: "hundreds of simulated hosts", patterns: ["test/sim/large.test.ts"], atOnce: 1, isPatient: true },
  { name: "planted bugs", patterns: ["test/sim/planted.test.ts"], atOnce: 1, isPatient: true },
  { name: "hosts", patterns: ["test/program/**/*.test.ts", "test/browser/**/*.test.ts", "test/cluster/**/*.test.ts"], atOnce: 2 },
  // Many hosts that put, lose and repair for minutes: more than the eight minutes of a short run have room for.
  { name: "soak", patterns: isFull ? ["test/soak/**/*.test.ts"] : [], atOnce: 1 },
];

/** Where tests lie, but for those of tools/, which are part of the checks. */
const ALL = ["{src,browser,bench,test}/**/*.test.ts"];

/** A test of a part that takes so long waits for what will not come. */
const HUNG_MS = 180_000;

/** A test that takes as long is named where a step is recorded. */
const SLOW_MS = 1_000;

const ROOT = resolve(import.meta.dirname, "..");

/** Each test file is a process that loads the same sources, and hosts and commands are more of them: what one has compiled the others need not. */
const ENVIRONMENT: NodeJS.ProcessEnv = { NODE_COMPILE_CACHE: join(tmpdir(), "node-compile-cache"), ...process.env };
const LIGHT_HOOKS = join(import.meta.dirname, "light-hooks.ts");
const REPORTER = join(import.meta.dirname, "outcome-reporter.ts");

async function filesOf(patterns: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for await (const file of glob([...patterns], { cwd: ROOT })) files.push(file);
  return files.sort();
}

/** @throws Error for a test that no step runs */
async function checkThatAllAreRun(): Promise<void> {
  const run = new Set(await filesOf(STEPS.flatMap(({ patterns }) => patterns)));
  const left = (await filesOf(ALL)).filter((file) => !run.has(file) && (isFull || !file.startsWith("test/soak/")));
  if (left.length > 0) throw new Error(`No step runs ${left.join(", ")}.`);
}

function run(command: string, args: readonly string[], isPatient = false): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["inherit", isPatient && !isFull ? "pipe" : "inherit", "inherit"], cwd: ROOT, env: ENVIRONMENT });
    let said = "";
    child.stdout?.setEncoding("utf8").on("data", (part: string) => (said += part));
    if (isPatient && child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
    child.on("error", reject);
    child.on("close", (code) => {
      process.stdout.write(said);
      resolve(code ?? 1);
    });
  });
}

interface Result {
  readonly code: number;
  readonly durationMs: number;
  readonly outcomes: readonly Outcome[];
}

/** Runs the tests of one step and says what became of each. */
async function runStep({ patterns, atOnce, isTogether = false, isPatient = false }: Step, folder: string): Promise<Result> {
  const started = performance.now();
  const files = await filesOf(patterns);
  const shares = isTogether ? Array.from({ length: atOnce }, (_, share) => files.filter((_file, at) => at % atOnce === share)) : [files];
  const options = isTogether ? ["--test-isolation=none", `--test-timeout=${HUNG_MS}`] : [`--test-concurrency=${atOnce}`];
  const results = await Promise.all(shares.map((share) => runFiles(share, folder, options, isPatient)));
  return { code: Math.max(...results.map(({ code }) => code)), outcomes: results.flatMap(({ outcomes }) => outcomes), durationMs: performance.now() - started };
}

async function runFiles(files: readonly string[], folder: string, options: readonly string[], isPatient: boolean): Promise<Omit<Result, "durationMs">> {
  if (files.length === 0) return { code: 0, outcomes: [] };
  const lines = join(folder, `${randomUUID()}.outcomes`);
  const reporters = ["--test-reporter=spec", "--test-reporter-destination=stdout", `--test-reporter=${REPORTER}`, `--test-reporter-destination=${lines}`];
  const code = await run(process.execPath, ["--import", LIGHT_HOOKS, "--test", ...options, ...reporters, ...files], isPatient);
  const outcomes = (await readFile(lines, "utf8")).split("\n").filter((line) => line !== "");
  return { code, outcomes: outcomes.map((line) => JSON.parse(line) as Outcome) };
}

/** Under CI a skipped test fails, unless $HOLDFAST_MAY_SKIP names it: one name a line, which .ci/run sets with the reasons. */
function unexcusedSkips(outcomes: readonly Outcome[]): readonly Outcome[] {
  if (process.env["CI"] === undefined) return [];
  const excused = (process.env["HOLDFAST_MAY_SKIP"] ?? "").split("\n");
  return outcomes.filter(({ outcome, name }) => outcome === "skipped" && !excused.includes(name));
}

/** The commit that was tested. */
async function head(): Promise<string> {
  const child = spawn("git", ["rev-parse", "--short", "HEAD"], { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  for await (const part of child.stdout.setEncoding("utf8")) said += String(part);
  return said.trim();
}

function count(outcomes: readonly Outcome[], kind: Outcome["outcome"]): number {
  return outcomes.filter(({ outcome }) => outcome === kind).length;
}

interface Records {
  readonly steps: Readonly<Record<string, unknown>>;
}

/** Writes down what a step found, beside what the others found when they last ran. At once: two steps may end together. */
function record(path: string, { name }: Step, { outcomes, durationMs }: Result, commit: string): void {
  const earlier = (existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : { steps: {} }) as Records;
  const slow = outcomes.filter(({ nesting, durationMs: took }) => nesting === 0 && took >= SLOW_MS).map(({ file, name: test, outcome, durationMs: took }) => ({ file: relative(ROOT, file), name: test, outcome, seconds: Math.round(took / 1000) }));
  const found = { commit, date: new Date().toISOString(), size: process.env["HOLDFAST_SIZE"] ?? "0.1", node: process.version, seconds: Math.round(durationMs / 1000), passed: count(outcomes, "passed"), failed: count(outcomes, "failed"), skipped: count(outcomes, "skipped"), slow };
  writeFileSync(path, `${JSON.stringify({ steps: { ...earlier.steps, [name]: found } }, undefined, 2)}\n`);
}

/** The steps that were asked for. @throws Error for a step that there is not */
function stepsOf(only: string | undefined): readonly Step[] {
  if (only === undefined) return STEPS;
  const asked = STEPS.filter(({ name }) => name === only);
  if (asked.length === 0) throw new Error(`There is no step "${only}", only ${STEPS.map(({ name }) => name).join(", ")}.`);
  return asked;
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { record: { type: "string" }, only: { type: "string" } } });
  const steps = stepsOf(values.only);
  const started = performance.now();
  await checkThatAllAreRun();
  if ((await run("npm", ["run", "--silent", "check"])) !== 0) return 1;
  const folder = await mkdtemp(join(tmpdir(), "holdfast-outcomes-"));
  // Hosts and commands are run as a package carries them; the demo also as it starts in a clone, from the sources.
  const program = join(folder, "program");
  await bundle(program);
  ENVIRONMENT["HOLDFAST_PROGRAM"] = join(program, "main.js");
  const outcomes: Outcome[] = [];
  let failed = false;
  try {
    let patient = Promise.resolve();
    const take = async (step: Step): Promise<void> => {
      const result = await runStep(step, folder);
      failed ||= result.code !== 0;
      outcomes.push(...result.outcomes);
      if (values.record !== undefined) record(values.record, step, result, await head());
    };
    for (const step of steps) {
      if (step.isPatient === true) patient = patient.then(() => take(step));
      else await take(step);
    }
    await patient;
  } finally {
    await rm(folder, { recursive: true });
  }
  for (const { file, name } of unexcusedSkips(outcomes)) {
    console.error(`Skipped without an excuse: ${name} (${relative(ROOT, file)})`);
    failed = true;
  }
  if (failed && count(outcomes, "failed") === 0) console.error("No test failed, but a process of tests did: look for an error after the end of a test.");
  console.log(`\nin ${Math.round((performance.now() - started) / 1000)} s\n${count(outcomes, "passed")} passed, ${count(outcomes, "failed")} failed, ${count(outcomes, "skipped")} skipped`);
  return failed ? 1 : 0;
}

process.exitCode = await main();
