import { invoked } from "../context.ts";
import type { CommandFile, CommonOptions } from "../context.ts";
import { common } from "../context.ts";
import { printable } from "../table.ts";
import { setUp } from "./setup.ts";
import { apiOf, dataFolderIfAny } from "../target.ts";

/** What `holdfast` alone says: the state, and the one next step. On a terminal, where there is no host yet, the next step is taken at once: it is set up. */
export const overview: CommandFile = (command, go) => {
  command.action(
    go(async (context, options: CommonOptions) => {
      const folder = await dataFolderIfAny(options);
      if (folder === undefined && context.io.isTerminal && !context.io.json) return setUp(context);
      const { state, next } = folder === undefined ? nothingYet() : await stateOf(folder, context.signal);
      context.io.answer({ state, next }, () => `${state}\n${next === null ? "" : `\nNext: ${next}\n`}`);
    }),
  );
  common(command, "");
};

interface Overview {
  readonly state: string;
  readonly next: string | null;
}

function nothingYet(): Overview {
  return {
    state: "There is no host of yours on this machine yet.",
    next: `'${invoked()} init --data FOLDER --network friends --host attic --capacity 20GB' creates a network. From a web browser: '${invoked()} setup'. With a code from a friend: '${invoked()} join CODE --data FOLDER --host attic --capacity 20GB'; without CODE a host on the local network is asked. Just to look: 'npm start'.`,
  };
}

async function stateOf(folder: string, signal: AbortSignal): Promise<Overview> {
  const api = await apiOf(folder, signal);
  if (api === undefined) return notRunning(folder);
  try {
    const found = await api.status();
    const state = `${printable(found.host.name)} is up in the network ${printable(found.network.name)}: ${found.hosts.online} of ${found.hosts.total} hosts online, ${found.sites} ${found.sites === 1 ? "site" : "sites"}. ${printable(found.health)}`;
    return { state, next: found.nextStep === null ? `Look at http://127.0.0.1:${found.httpPort}/ in a browser.` : printable(found.nextStep) };
  } finally {
    api.close();
  }
}

async function notRunning(folder: string): Promise<Overview> {
  const { describeDirectory } = await import("../../daemon/index.ts");
  const found = await describeDirectory(folder);
  if (found === undefined) return { state: `${folder} is no host's data folder.`, next: `'${invoked()} init --data ${folder} --network friends --host attic --capacity 20GB' makes it one.` };
  return { state: `${printable(found.hostName)} of the network ${printable(found.networkName)} is not running.`, next: `'${invoked()} up --data ${folder}'` };
}
