import { spawn } from "node:child_process";
import type { ChildProcess, StdioOptions } from "node:child_process";
import { createInterface } from "node:readline";
import type { DemoLink } from "../../door/index.ts";
import { CliError } from "../errors.ts";

export interface ChildOptions {
  /** The folder of the "person" who types this command. */
  readonly config: string;
  /** Given on standard input, as one line. */
  readonly input?: string;
  /** Where its standard error goes; otherwise it is told when the command fails. */
  readonly log?: number;
  /** Of a host: told what somebody wants who looks at its Browser. */
  readonly onWanted?: (wanted: Wanted) => void;
  readonly signal: AbortSignal;
}

/** As the launcher starts a host: see there. */
const FLAGS = ["--max-semi-space-size=4", "--disable-warning=ExperimentalWarning"] as const;

/** Starts this same program with other arguments, in a session of its own: Ctrl-C reaches the demo only. */
function start(args: readonly string[], options: ChildOptions): ChildProcess {
  const stdio: StdioOptions = ["pipe", "pipe", options.log ?? "pipe"];
  const child = spawn(process.execPath, [...FLAGS, process.argv[1]!, ...args], { stdio, detached: true, env: { ...process.env, HOLDFAST_CONFIG: options.config } });
  // Its standard input stays open for as long as this process lives; it ends when that breaks.
  child.stdin?.on("error", () => {});
  if (options.input !== undefined) child.stdin?.write(`${options.input}\n`);
  return child;
}

/**
 * Runs a command with --json to its end and gives what it answered.
 * @throws CliError DEMO_FAILED with the command's own words
 */
export async function runCommand(args: readonly string[], options: ChildOptions): Promise<unknown> {
  const child = start([...args, "--json"], options);
  const stop = (): void => void child.kill("SIGTERM");
  options.signal.addEventListener("abort", stop, { once: true });
  const [out, said]: [string[], string[]] = [[], []];
  child.stdout?.setEncoding("utf8").on("data", (text: string) => out.push(text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => said.push(text));
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.on("error", reject).on("close", resolve);
  const code = await promise.finally(() => options.signal.removeEventListener("abort", stop));
  options.signal.throwIfAborted();
  const answer = parsed(out.join(""));
  if (code === 0) return answer;
  const reason = (answer as { error?: { message?: string } } | undefined)?.error?.message ?? (said.join("").trim() || `it ended with ${code}`);
  throw new CliError("DEMO_FAILED", `'holdfast ${args[0]}' failed in the demo: ${reason}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** That a host be unplugged, or plugged in; or links that open the Browsers of the other hosts, under a number that the answer bears. */
export type Wanted = { readonly wish: { readonly host: string; readonly isPlugged: boolean } } | { readonly asksLinks: number };

/** What the supervisor answers to a host. */
export interface Answered {
  readonly to: number;
  readonly links: readonly DemoLink[];
}

export interface Ready {
  readonly url: string;
  /** Opens the Browser, once. */
  readonly browser: string;
  readonly httpPort: number;
  readonly peerPort: number;
  readonly pid: number;
}

/** A host that runs as a process of its own. */
export class HostProcess {
  readonly ready: Ready;
  /** Resolves when the process has ended, with how. */
  readonly ended: Promise<string>;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, ready: Ready, ended: Promise<string>) {
    this.#child = child;
    this.ready = ready;
    this.ended = ended;
  }

  /** Resolves when the host says that it is up. @throws CliError DEMO_FAILED when it ends before */
  static async start(args: readonly string[], options: ChildOptions): Promise<HostProcess> {
    const child = start([...args, "--json", "--end-with-parent"], options);
    const ended = new Promise<string>((resolve) => {
      child.on("error", (error) => resolve(error.message)).on("exit", (code, signal) => resolve(signal === null ? `ended with ${code}` : `was ended by ${signal}`));
    });
    const stop = (): void => void child.kill("SIGTERM");
    options.signal.addEventListener("abort", stop, { once: true });
    try {
      const first = await firstAnswer(child, options.onWanted);
      if (first?.ready !== true) throw new CliError("DEMO_FAILED", first?.error?.message ?? `its process ${await ended}; see its log beside its data.`);
      return new HostProcess(child, first as Ready, ended);
    } finally {
      options.signal.removeEventListener("abort", stop);
    }
  }

  answer(answered: Answered): void {
    this.#child.stdin?.write(`${JSON.stringify(answered)}\n`);
  }

  kill(signal: "SIGTERM" | "SIGKILL"): void {
    this.#child.kill(signal);
  }
}

/** What the host says first; every line after it is something that is wanted. */
async function firstAnswer(child: ChildProcess, onWanted: ChildOptions["onWanted"]): Promise<{ ready?: boolean; error?: { message: string } } | undefined> {
  const lines = createInterface({ input: child.stdout! });
  const { promise, resolve } = Promise.withResolvers<string>();
  lines.once("line", (first) => {
    resolve(first);
    lines.on("line", (line) => {
      const wanted = parsed(line) as Wanted | undefined;
      if (typeof wanted === "object") onWanted?.(wanted);
    });
  });
  lines.once("close", () => resolve(""));
  return parsed(await promise) as { ready?: boolean; error?: { message: string } } | undefined;
}
