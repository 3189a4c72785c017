import { spawn } from "node:child_process";
import { glob } from "node:fs/promises";

/** The README's test command: types, lint and structure first, then each kind of test, the quick ones before the slow. */
const STEPS: readonly (readonly string[])[] = [
  ["src/**/*.test.ts", "tools/**/*.test.ts"],
  ["test/sim/**/*.test.ts"],
  ["test/cluster/**/*.test.ts"],
];

async function filesOf(patterns: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for await (const file of glob([...patterns])) files.push(file);
  return files.sort();
}

function run(command: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: "inherit" });
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}

const checked = await run("npm", ["run", "--silent", "check"]);
let failed = checked !== 0;
for (const patterns of failed ? [] : STEPS) {
  const files = await filesOf(patterns);
  if (files.length === 0) continue;
  // Tests with real processes measure time-outs; they get the machine for themselves.
  const concurrency = patterns[0]?.startsWith("test/cluster") === true ? 1 : 2;
  if ((await run(process.execPath, ["--test", `--test-concurrency=${concurrency}`, ...files])) !== 0) failed = true;
}
process.exitCode = failed ? 1 : 0;
