import type { PartingRow } from "../../door/index.ts";
import type { CommandFile, CommonOptions } from "../context.ts";
import { common } from "../context.ts";
import { CliError } from "../errors.ts";
import { ask } from "../io.ts";
import { drainWords, isEmptied, leavingWords, lossWords } from "../parting.ts";
import { connect, ownHost } from "../target.ts";

interface Options extends CommonOptions {
  readonly now?: true;
  readonly yes?: true;
}

export const leave: CommandFile = (command, go) => {
  command
    .option("--now", "leave whether or not the host is empty: what lies only here is given up")
    .option("--yes", "do not ask")
    .action(
      go(async (context, options: Options) => {
        const api = await connect(context, options);
        const isNow = options.now === true;
        try {
          const self = await ownHost(api);
          const parting = await api.upkeep.parting(self.id);
          if (options.yes !== true) {
            const typed = await ask(`${warning(parting, isNow)} Type its name to go ahead: `, context.signal);
            if (typed.trim() !== self.name) throw new CliError("CANCELLED", `That is not "${self.name}". Nothing was changed.`);
          }
          const { safe } = await api.upkeep.leave(isNow);
          const told = safe ? "" : " Few hosts know of it yet: leave it running for a moment.";
          context.io.answer({ host: self.name, id: self.id, safe }, () => `${self.name} has left the network.${told} Stop it, and delete its folder when you like.`);
        } finally {
          api.close();
        }
      }),
    );
  common(command, "leave", "leave --now");
};

function warning(parting: PartingRow, isNow: boolean): string {
  const ends = leavingWords(parting.name);
  if (!isNow) return ends;
  const losses = lossWords(parting);
  const unfinished = isEmptied(parting) ? "" : `It is not empty: ${drainWords(parting)}`;
  return [ends, losses === "" ? "Nothing is lost with it." : losses, unfinished].filter((words) => words !== "").join(" ");
}
