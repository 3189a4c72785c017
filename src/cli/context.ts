import type { Command } from "commander";
import type { Env } from "../platform/index.ts";
import type { Io } from "./io.ts";

/** What every command is given. */
export interface Context {
  readonly io: Io;
  readonly env: Env;
  /** Aborted by Ctrl-C, with a CliError CANCELLED. */
  readonly signal: AbortSignal;
}

/** Wraps what a command does, so that it gets its context before its arguments and options. */
export type Go = <A extends unknown[]>(work: (context: Context, ...args: A) => Promise<void>) => (...args: A) => Promise<void>;

/** One file under commands/: says what the command takes, and does it. */
export type CommandFile = (command: Command, go: Go) => void;

export interface CommonOptions {
  readonly data?: string;
}

/** The options that every command on a data folder has, and an example below its help. */
export function common(command: Command, ...examples: readonly string[]): Command {
  command.option("--data <folder>", "the host's data folder (default: $HOLDFAST_DATA, else the only one you have)");
  return jsonAndExamples(command, ...examples);
}

export function jsonAndExamples(command: Command, ...examples: readonly string[]): Command {
  return command.option("--json", "answer with JSON on standard output").addHelpText("after", `\nExample:\n${examples.map((each) => `  ${invoked()} ${each}\n`).join("")}`);
}

/** How the person called this program, for advice that can be typed as it stands. */
export function invoked(): string {
  return process.env["HOLDFAST_COMMAND"] ?? "./holdfast";
}
