import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import test from "node:test";

const ROOT = resolve(import.meta.dirname, "..");

interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(program: string, args: readonly string[], input = ""): Promise<Finished> {
  return new Promise((done, reject) => {
    const { HOLDFAST_DATA: _data, ...environment } = process.env;
    const child = spawn(process.execPath, [join(ROOT, program), ...args], { stdio: ["pipe", "pipe", "pipe"], env: { ...environment, HOLDFAST_CONFIG: "/nonexistent/holdfast" } });
    const [out, said]: [string[], string[]] = [[], []];
    child.stdout.setEncoding("utf8").on("data", (text: string) => out.push(text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => said.push(text));
    child.on("error", reject).on("close", (code) => done({ code, stdout: out.join(""), stderr: said.join("") }));
    child.stdin.end(input);
  });
}

/** What each of the command lines says, all typed in one process. */
async function typed(lines: readonly (readonly string[])[]): Promise<readonly Finished[]> {
  const { code, stdout, stderr } = await run("tools/typed.ts", [], JSON.stringify(lines));
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Finished[];
}

/** The commands that a help lists. */
export function commandsIn(help: string): string[] {
  const listed = /^Commands:\n((?: {2,}\S.*\n?|\s+\S.*\n?)*)/m.exec(help)?.[1] ?? "";
  return [...listed.matchAll(/^ {2}([a-z]+)/gm)].map((match) => match[1]!).filter((name) => name !== "help");
}

/** The options that a text names: --like-this. */
export function optionsIn(text: string): string[] {
  return [...new Set([...text.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map((match) => match[0]))];
}

/** What the README tells people to type after `./holdfast`, from its shell blocks and the first cells of its table. */
export function typedIn(markdown: string): string[] {
  const blocks = [...markdown.matchAll(/^```sh\n([^]*?)^```/gm)].flatMap((match) => match[1]!.split("\n"));
  const typed = blocks.map((line) => line.replace(/\s+#.*$/, "").trim()).filter((line) => line.startsWith("./holdfast "));
  const cells = [...markdown.matchAll(/^\| (`[^|]*`) \|/gm)].flatMap((match) => [...match[1]!.matchAll(/`([^`]+)`/g)].map((code) => code[1]!));
  return [...typed.map((line) => line.slice("./holdfast ".length)), ...cells.filter((cell) => cell !== "./holdfast")];
}

/** The words of a line that name a command, with the command below it where there is one. */
function commandOf(typed: string, helps: ReadonlyMap<string, string>): string {
  const [first = "", second = ""] = typed.split(/\s+/);
  return helps.has(`${first} ${second}`) ? `${first} ${second}` : first;
}

async function everyHelp(): Promise<Map<string, string>> {
  const helps = new Map<string, string>();
  const below = async (commands: readonly string[]): Promise<void> => {
    const answers = await typed(commands.map((command) => [...command.split(" "), "--help"]));
    for (const [at, { stdout, code }] of answers.entries()) {
      assert.equal(code, 0, `${commands[at]} --help`);
      helps.set(commands[at]!, stdout);
    }
    const subs = commands.flatMap((command) => commandsIn(helps.get(command)!).map((sub) => `${command} ${sub}`));
    if (subs.length > 0) await below(subs);
  };
  const [all] = await typed([["--help"]]);
  await below(commandsIn(all!.stdout));
  return helps;
}

const readme = readFileSync(join(ROOT, "README.md"), "utf8");
const helps = await everyHelp();

test("every command has a help with an example and --json", () => {
  assert.ok(helps.size >= 16, [...helps.keys()].join());
  for (const [command, help] of helps) {
    if (commandsIn(help).length > 0) continue;
    assert.match(help, new RegExp(`Example:\\n {2}\\./holdfast ${command}`), command);
    assert.match(help, /--json/, command);
  }
});

test("what the README tells people to type exists, with every option", () => {
  const typed = typedIn(readme);
  assert.ok(typed.length > 12, typed.join("\n"));
  for (const line of typed) {
    const command = commandOf(line, helps);
    const help = helps.get(command);
    assert.ok(help !== undefined, `README: "${line}": there is no command ${command}`);
    for (const option of optionsIn(line)) assert.ok(optionsIn(help).includes(option), `README: "${line}": ${command} has no ${option}`);
  }
});

test("every option that the README names anywhere is one of some command's, or of npm's", () => {
  const known = new Set([...[...helps.values()].flatMap(optionsIn), "--help", "--ignore-scripts"]);
  assert.deepEqual(optionsIn(readme).filter((option) => !known.has(option)), []);
});

test("the README names every command", () => {
  const unnamed = [...helps.keys()].filter((command) => !new RegExp(`\`(?:\\./holdfast )?[^\`]*\\b${command}\\b`).test(readme) && !new RegExp(`^\\./holdfast ${command}\\b`, "m").test(readme));
  // The demo is what `npm start` runs.
  assert.deepEqual(unnamed.filter((command) => command !== "demo"), []);
});

test("what the README tells people to run with npm is there", () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: Record<string, string> };
  const code = [...readme.matchAll(/^```sh\n([^]*?)^```|`([^`\n]+)`/gm)].map((match) => match[1] ?? match[2]!).join("\n");
  const named = [...code.matchAll(/\bnpm (?:run )?([a-z]+)\b/g)].map((match) => match[1]!).filter((name) => !["ci", "run"].includes(name));
  assert.ok(named.includes("start") && named.includes("test"));
  assert.deepEqual(named.filter((name) => scripts[name] === undefined), []);
});

test("every command that is typed wrongly says so as one JSON document with --json", async () => {
  const leaves = [...helps].filter(([, help]) => commandsIn(help).length === 0).map(([command]) => command);
  const answers = await typed(leaves.map((command) => [...command.split(" "), "--nonsense", "--json"]));
  for (const [at, { code, stdout, stderr }] of answers.entries()) {
    const command = leaves[at]!;
    const { error } = JSON.parse(stdout) as { error: { code: string; message: string } };
    assert.equal(error.code, "USAGE", command);
    assert.match(error.message, /Type '.*--help'/, command);
    assert.equal(stderr, "", command);
    assert.equal(code, 2, command);
  }
});

test("a command that is typed wrongly says so in one line of words without --json", async () => {
  const { code, stdout, stderr } = await run("src/cli/main.ts", ["status", "--nonsense"]);
  assert.deepEqual({ code, stdout }, { code: 2, stdout: "" });
  assert.match(stderr, /^holdfast: .*nonsense.*--help.*\n$/);
});

test("the reading of helps and of the README sees what is there", () => {
  assert.deepEqual(commandsIn("Usage: x\n\nCommands:\n  init [options]   prime\n  up [options]\n                   run\n\nAlone"), ["init", "up"]);
  assert.deepEqual(optionsIn("a --one B --two-three=x and--not -x"), ["--one", "--two-three"]);
  assert.deepEqual(typedIn("```sh\n./holdfast a --b   # why\nnpm ci\n```\n| `c`, `d --e` | what |\n| `./holdfast` | alone |\n"), ["a --b", "c", "d --e"]);
});
