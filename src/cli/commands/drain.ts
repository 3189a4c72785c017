import type { HostRow, PartingRow } from "../../door/index.ts";
import type { HostApi } from "../api.ts";
import type { CommandFile, CommonOptions, Context } from "../context.ts";
import { common, invoked } from "../context.ts";
import { drainWords } from "../parting.ts";
import { printable } from "../table.ts";
import { connect, hostNamed } from "../target.ts";

interface Options extends CommonOptions {
  readonly off?: true;
  readonly wait?: true;
}

const LOOK_EVERY_MS = 1_000;

export const drain: CommandFile = (command, go) => {
  command
    .argument("[host]", "the host's name or id (default: the one whose data folder this is)")
    .option("--off", "let it be filled again")
    .option("--wait", "come back when nothing that counts lies only there; Ctrl-C ends the waiting, not the emptying")
    .action(
      go(async (context, wanted: string | undefined, options: Options) => {
        const api = await connect(context, options);
        try {
          const { id, name } = await meant(api, wanted);
          const isDraining = options.off !== true;
          const { safe } = await api.upkeep.drain(id, isDraining);
          const told = safe ? "" : " Hosts that are away will learn of it when they come back.";
          const parting = isDraining && options.wait === true ? await emptied(context, api, id) : await api.upkeep.parting(id);
          context.io.answer({ ...parting, isDraining, safe }, () => (isDraining ? words(parting, wanted) : `${name} is filled like the others again.`) + told);
        } finally {
          api.close();
        }
      }),
    );
  common(command, "drain cellar", "drain --wait", "drain cellar --off");
};

function words(parting: PartingRow, wanted: string | undefined): string {
  const isDone = parting.awaitedPieces + parting.awaitedShards === 0;
  const next = isDone ? `'${invoked()} leave', typed for ${parting.name}, ends its part in the network.` : `It takes nothing new, and serves what it has. The same command says how far it is.`;
  return `${drainWords(parting)} ${wanted === undefined && isDone ? `'${invoked()} leave' ends its part in the network.` : next}`;
}

async function meant(api: HostApi, wanted: string | undefined): Promise<HostRow> {
  return wanted === undefined ? (await api.hosts()).find(({ isSelf }) => isSelf)! : hostNamed(api, wanted);
}

async function emptied(context: Context, api: HostApi, id: string): Promise<PartingRow> {
  for (;;) {
    const parting = await api.upkeep.parting(id);
    if (parting.isDraining && parting.awaitedPieces + parting.awaitedShards === 0) return parting;
    context.io.redraw(printable(drainWords(parting)));
    await context.env.timers.sleep(LOOK_EVERY_MS, context.signal);
  }
}
