import type { Env } from "../../platform/index.ts";
import { readIfPresent } from "../../platform/index.ts";

const EVERY_MS = 500;

/**
 * Resolves when the npm that started this process is gone. npm passes on what it can catch, but nobody can catch
 * SIGKILL; without this the demo would go on unseen. Never resolves when npm did not start it, or on systems without
 * /proc: there the terminal's hang-up ends it.
 */
export async function npmGone(env: Env, signal: AbortSignal): Promise<void> {
  const npm = process.env["npm_lifecycle_event"] === undefined ? undefined : await npmAbove(process.ppid);
  if (npm === undefined) return new Promise(() => {});
  while (isAlive(npm)) await env.timers.sleep(EVERY_MS, signal);
}

/** npm itself, or the shell's parent: npm starts scripts through a shell. */
async function npmAbove(pid: number): Promise<number | undefined> {
  let at = pid;
  for (let steps = 0; steps < 4 && at > 1; steps += 1) {
    const [name, parent] = await describe(at);
    if (/^(npm|node)/.test(name)) return at;
    at = parent;
  }
  return undefined;
}

/** The process's command and its parent, by /proc/PID/stat: "pid (command) state parent ...". */
async function describe(pid: number): Promise<[string, number]> {
  const stat = new TextDecoder().decode((await readIfPresent(`/proc/${pid}/stat`)) ?? new Uint8Array());
  const found = /^\d+ \((.*)\) \S (\d+) /s.exec(stat);
  return found === null ? ["", 0] : [found[1]!, Number(found[2])];
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
