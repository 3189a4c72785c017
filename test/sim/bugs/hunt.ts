import { spawn } from "node:child_process";
import { cp, mkdtemp, readFile, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

// Mistakes that others have made, kept as patches to the program: a simulation that does not find them proves nothing. Each is applied to a
// copy of the sources, and seeds are run there until one finds it. The head of a patch says what the mistake is, which invariants may be
// found broken by it, and within how many seeds that must happen.

export interface PlantedBug {
  readonly name: string;
  readonly patch: string;
  readonly invariants: readonly string[];
  readonly seeds: number;
  /** The kinds of faults that show it, where the usual mixture would take too long. */
  readonly faults: string | undefined;
  /** Whether the runs must be so long that floors rise. */
  readonly isLong: boolean;
  /** Whether it is found so soon that each test run can afford it. */
  readonly isQuick: boolean;
}

const FOLDER = import.meta.dirname;
const ROOT = resolve(FOLDER, "../../..");

export async function plantedBugs(): Promise<PlantedBug[]> {
  const files = (await readdir(FOLDER)).filter((file) => file.endsWith(".patch")).sort();
  return Promise.all(files.map(async (file) => bugIn(file, await readFile(join(FOLDER, file), "utf8"))));
}

function bugIn(file: string, text: string): PlantedBug {
  const field = (name: string): string | undefined => new RegExp(`^${name}: (.+)$`, "m").exec(text)?.[1];
  const [invariants, seeds] = [field("finds"), field("seeds")];
  if (invariants === undefined || seeds === undefined) throw new Error(`${file} does not say what it "finds:" and within how many "seeds:"`);
  return { name: file.replace(".patch", "").replaceAll("-", " "), patch: join(FOLDER, file), invariants: invariants.split(/[ ,]+/), seeds: Number(seeds), faults: field("faults"), isLong: field("long") === "yes", isQuick: field("quick") === "yes" };
}

/** Plants a bug in a copy of the program and hunts for it. @returns what the simulator said when it found it */
export async function hunt({ name, patch, invariants, seeds, faults, isLong }: PlantedBug): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-bug-"));
  try {
    for (const part of ["src", "test/sim", "package.json"]) await cp(join(ROOT, part), join(folder, part), { recursive: true });
    await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
    const applied = await run("git", ["apply", "--whitespace=nowarn", "-C1", patch], folder);
    if (applied.code !== 0) throw new Error(`The planted bug "${name}" does not apply any more: the program has changed where it is planted. Plant it anew in ${patch}.\n${applied.said}`);
    const { said } = await run(process.execPath, ["--max-semi-space-size=64", "test/sim/run.ts", "--seed", "1", "--seeds", String(seeds), "--until-found", ...(faults === undefined ? [] : ["--faults", faults]), ...(isLong ? ["--long"] : [])], folder);
    const found = invariants.filter((invariant) => said.includes(`\n${invariant}: failed`));
    if (found.length === 0) throw new Error(`The planted bug "${name}" breaks ${invariants.join(" or ")}, and ${seeds} seeds did not show it:\n${said.slice(-2000)}`);
    return said;
  } finally {
    await rm(folder, { recursive: true });
  }
}

function run(command: string, args: readonly string[], folder: string): Promise<{ readonly code: number; readonly said: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (part: string) => (said += part));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 1, said }));
  });
}
