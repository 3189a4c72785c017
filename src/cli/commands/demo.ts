import { InvalidArgumentError } from "commander";
import { join, resolve } from "node:path";
import { statIfPresent } from "../../platform/index.ts";
import type { CommandFile } from "../context.ts";
import { jsonAndExamples } from "../context.ts";
import { CliError } from "../errors.ts";

interface Options {
  readonly hosts: number;
  readonly dir?: string;
  readonly lan?: true;
}

/** More would not start on an ordinary machine: each host takes some 150 MB of memory. */
const MAX_HOSTS = 50;

export const demo: CommandFile = (command, go) => {
  command
    .option("--hosts <n>", "how many hosts", hostsOf, 5)
    .option("--dir <folder>", "where their data is kept (default: .demo beside the program)")
    .option("--lan", "let other machines of the local network reach the hosts and join")
    .action(
      go(async (context, options: Options) => {
        const home = await projectFolder();
        // An installed package is no place for data.
        const folder = resolve(options.dir ?? join(home.includes("node_modules") ? process.cwd() : home, ".demo"));
        const { Demo, refuseSecond } = await import("../demo/supervisor.ts");
        const { npmGone } = await import("../demo/parent.ts");
        await refuseSecond(folder);
        const orphaned = new AbortController();
        const signal = AbortSignal.any([context.signal, orphaned.signal]);
        // Ends with an error only when the signal is aborted, and then nobody needs it any more.
        npmGone(context.env, signal).then(() => orphaned.abort(new CliError("CANCELLED", "npm is gone.")), () => {});
        const plan = { folder, hosts: options.hosts, listen: options.lan === true ? undefined : "127.0.0.1", sampleSite: join(home, "sample-site") };
        await new Demo(context.env, context.io, plan, signal).run();
        process.exit();
      }),
    );
  jsonAndExamples(command, "demo --hosts 8");
};

function hostsOf(typed: string): number {
  const hosts = Number(typed);
  if (!/^\d{1,3}$/.test(typed) || hosts < 1 || hosts > MAX_HOSTS) throw new InvalidArgumentError(`Type a number of hosts from 1 to ${MAX_HOSTS}.`);
  return hosts;
}

/** Where the sample site lies: some folders above this file in a clone, right above in a release. */
async function projectFolder(): Promise<string> {
  for (const up of ["..", "../../.."]) {
    const folder = resolve(import.meta.dirname, up);
    if ((await statIfPresent(join(folder, "sample-site")))?.kind === "folder") return folder;
  }
  throw new CliError("DEMO_FAILED", "The sample site was not found beside the program. Install Holdfast again.");
}
