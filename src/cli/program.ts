import { Command, CommanderError } from "commander";
import { codeOf, keepThreadPoolAwake, machineEnv, messageOf, silentLog } from "../platform/index.ts";
import { COMMANDS } from "./commands/list.ts";
import type { Context, Go } from "./context.ts";
import { invoked } from "./context.ts";
import { CliError } from "./errors.ts";
import { exitCodeFor } from "./exit.ts";
import type { Io } from "./io.ts";
import { standardIo } from "./io.ts";
import { printable } from "./table.ts";

/** What a process that was ended by Ctrl-C says, as shells expect it: 128 and the signal's number. */
const EXIT_AT_ONCE = 130;

/** Runs one command and sets the exit code. Only the file of the command that was asked for is loaded. */
export async function main(args: readonly string[], version: () => string): Promise<void> {
  const io = standardIo(args.includes("--json"));
  const stop = new AbortController();
  listenForCtrlC(stop);
  keepThreadPoolAwake();
  const context: Context = { io, env: machineEnv(silentLog), signal: stop.signal };
  const ordered = commandFirst(args);
  const program = await programFor(ordered[0], context, version);
  try {
    await program.parseAsync(ordered, { from: "user" });
  } catch (thrown) {
    if (isHelp(thrown)) return;
    const isTold = !stop.signal.aborted || codeOf(thrown) === "CANCELLED";
    process.exitCode = await report(io, isTold ? thrown : stop.signal.reason, () => helpOn(program, ordered));
  }
}

/** The first asks the command to clean up and end, the second ends it as it stands. */
function listenForCtrlC(stop: AbortController): void {
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      if (stop.signal.aborted && name === "SIGINT") process.exit(EXIT_AT_ONCE);
      stop.abort(new CliError("CANCELLED", "Stopped."));
    });
  }
}

/** Options may stand before the command; a line without any command asks for the overview. */
function commandFirst(args: readonly string[]): string[] {
  if (args[0] === "help") return args[1] === undefined ? ["--help"] : [args[1], "--help"];
  const at = args.findIndex((arg, index) => !arg.startsWith("-") && args[index - 1] !== "--data");
  // Behind all else: in "--data A kv get" they are the part's, which is named after the command.
  const before = args.slice(0, Math.max(at, 0));
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  if (at >= 0) return [...args.slice(at, end), ...before, ...args.slice(end)];
  return args.some((arg) => ["--help", "-h", "--version", "-V"].includes(arg)) ? [...args] : ["overview", ...args];
}

async function programFor(wanted: string | undefined, context: Context, version: () => string): Promise<Command> {
  const go: Go = (work) => async (...rest) => work(context, ...rest);
  const program = new Command("holdfast").helpCommand(false).exitOverride().configureOutput({ writeErr: () => {} });
  program.version(version()).usage("[command] [options]");
  program.description("Joins spare disks of people who trust each other into one network: websites that stay up when hosts vanish.");
  program.addHelpText("after", `\nAlone, '${invoked()}' says how things stand and the one next step.`);
  for (const { name, summary, isHidden, load } of COMMANDS) {
    const command = program.command(name, { hidden: isHidden === true }).summary(summary).description(summary);
    if (name === wanted) (await load())(command, go);
  }
  return program;
}

function isHelp(thrown: unknown): boolean {
  return thrown instanceof CommanderError && thrown.exitCode === 0;
}

/** Tells what went wrong, in words or as JSON, and gives the exit code. */
async function report(io: Io, thrown: unknown, help: () => string): Promise<number> {
  const { code, message } = thrown instanceof CommanderError ? { code: "USAGE", message: usageMessage(thrown, help()) } : { code: codeOf(thrown), message: messageOf(thrown) };
  io.redraw("");
  if (io.json) io.answer({ error: { code: code ?? "UNEXPECTED", message } }, () => "");
  else io.note(`holdfast: ${message.split("\n").map(printable).join("\n")}`);
  if (code === undefined && process.env["HOLDFAST_TRACE"] !== undefined && thrown instanceof Error) io.note(thrown.stack ?? "");
  return exitCodeFor(code);
}

/** Commander's words, as a sentence with what to do. */
function usageMessage(error: CommanderError, help: string): string {
  const words = error.message.replace(/^error: /, "").replaceAll("\n", " ").trim();
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}${/[.?)]$/.test(words) ? "" : "."} Type '${help}' to see what there is.`;
}

/** How to ask for the help of the command that was meant: of "kv put" rather than of all that "kv" has. */
function helpOn(program: Command, args: readonly string[]): string {
  const words = args.filter((arg) => !arg.startsWith("-"));
  const names: string[] = [];
  for (let at: Command | undefined = program; at !== undefined; at = at.commands.find((each) => each.name() === words[names.length])) if (at !== program) names.push(at.name());
  return [invoked(), ...names, "--help"].join(" ");
}
