import { spawn } from "node:child_process";
import { CliError } from "../errors.ts";

/**
 * Runs a program of the system with its arguments as they are, never through a shell, and gives its standard output.
 * @throws CliError DEVICE_FAILED with what the program said
 */
export function runProgram(program: string, args: readonly string[]): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const fail = (said: string): void => reject(new CliError("DEVICE_FAILED", `'${program} ${args.join(" ")}' failed: ${said.trim() || "it did not say why"}. Nothing further was done.`));
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  const [out, said]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => said.push(chunk));
  child.on("error", (error: NodeJS.ErrnoException) => fail(error.code === "ENOENT" ? "it is not installed" : error.message));
  child.on("close", (code) => (code === 0 ? resolve(Buffer.concat(out).toString()) : fail(Buffer.concat(said).toString())));
  return promise;
}
