import type { HostRow } from "../../door/index.ts";
import type { HostApi } from "../api.ts";
import type { CommandFile, CommonOptions } from "../context.ts";
import { common, invoked } from "../context.ts";
import { connect, hostNamed } from "../target.ts";

interface Options extends CommonOptions {
  readonly off?: true;
}

export const drain: CommandFile = (command, go) => {
  command
    .argument("[host]", "the host's name or id (default: the one whose data folder this is)")
    .option("--off", "let it be filled again")
    .action(
      go(async (context, wanted: string | undefined, options: Options) => {
        const api = await connect(context, options);
        try {
          const { id, name } = await meant(api, wanted);
          const isDraining = options.off !== true;
          const { safe } = await api.upkeep.drain(id, isDraining);
          const told = safe ? "" : " Hosts that are away will learn of it when they come back.";
          const words = isDraining ? `${name} is being emptied: it takes nothing new, and what it holds is made anew elsewhere. '${invoked()} pool' says how far that is.` : `${name} is filled like the others again.`;
          context.io.answer({ host: name, id, isDraining, safe }, () => words + told);
        } finally {
          api.close();
        }
      }),
    );
  common(command, "drain", "drain cellar", "drain cellar --off");
};

async function meant(api: HostApi, wanted: string | undefined): Promise<HostRow> {
  return wanted === undefined ? (await api.hosts()).find(({ isSelf }) => isSelf)! : hostNamed(api, wanted);
}
