import type { PartingRow } from "../../door/index.ts";
import type { HostApi } from "../api.ts";
import type { CommandFile, CommonOptions, Context } from "../context.ts";
import { common, invoked } from "../context.ts";
import { laterWords } from "../later.ts";
import { drainWords, isEmptied } from "../parting.ts";
import { printable } from "../table.ts";
import { connect, hostNamed, ownHost } from "../target.ts";

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
          const { id, name } = wanted === undefined ? await ownHost(api) : await hostNamed(api, wanted);
          const isDraining = options.off !== true;
          const { safe } = await api.upkeep.drain(id, isDraining);
          const parting = isDraining && options.wait === true ? await emptied(context, api, id) : await api.upkeep.parting(id);
          context.io.answer({ ...parting, isDraining, safe }, () => (isDraining ? words(parting, wanted) : `${name} is filled like the others again.`) + laterWords(safe));
        } finally {
          api.close();
        }
      }),
    );
  common(command, "drain cellar", "drain --wait", "drain cellar --off");
};

function words(parting: PartingRow, wanted: string | undefined): string {
  if (!isEmptied(parting)) return `${drainWords(parting)} It takes nothing new, and serves what it has. The same command says how far it is.`;
  return `${drainWords(parting)} '${invoked()} leave'${wanted === undefined ? "" : `, typed for ${parting.name},`} ends its part in the network.`;
}

async function emptied({ env, io, signal }: Context, api: HostApi, id: string): Promise<PartingRow> {
  try {
    for (;;) {
      const parting = await api.upkeep.parting(id);
      if (parting.isDraining && isEmptied(parting)) return parting;
      io.redraw(printable(drainWords(parting)));
      await env.timers.sleep(LOOK_EVERY_MS, signal);
    }
  } finally {
    io.redraw("");
  }
}
