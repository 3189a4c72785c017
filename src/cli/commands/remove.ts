import type { CommandFile, CommonOptions } from "../context.ts";
import { common } from "../context.ts";
import { CliError } from "../errors.ts";
import { ask } from "../io.ts";
import { laterWords } from "../later.ts";
import { lossWords, removalWords } from "../parting.ts";
import { connect, hostNamed } from "../target.ts";

interface Options extends CommonOptions {
  readonly yes?: true;
  readonly lost?: true;
}

/** One that was removed before it was known to be lost may still count as a voter; it is listed no more, and meant by its id. */
const ID = /^[a-z2-7]{52}$/;

function warning(name: string, isLost: boolean, losses: string): string {
  if (!isLost) return removalWords(name, losses);
  return `${losses === "" ? "" : `${losses} `}${name} will be given up for lost: it never comes back under this name and key, what only it had is lost, and the others vote without it from now on, whether or not a majority agrees. If it is only away, or other hosts that you cannot reach work with it, do not do this.`;
}

export const remove: CommandFile = (command, go) => {
  command
    .argument("<host>", "the host's name or id")
    .option("--lost", "it never comes back: have the others vote without it, though no majority of the voters is in reach")
    .option("--yes", "do not ask")
    .action(
      go(async (context, wanted: string, options: Options) => {
        const api = await connect(context, options);
        const isLost = options.lost === true;
        try {
          const isListed = !isLost || !ID.test(wanted) || (await api.hosts()).some(({ id }) => id === wanted);
          const found = isListed ? await hostNamed(api, wanted) : { id: wanted, name: wanted };
          if (options.yes !== true) {
            const losses = isListed ? lossWords(await api.upkeep.parting(found.id)) : "";
            const typed = await ask(`${warning(found.name, isLost, losses)} Type its name to go ahead: `, context.signal);
            if (typed.trim() !== found.name) throw new CliError("CANCELLED", `That is not "${found.name}". Nothing was changed.`);
          }
          const { safe } = isLost ? await api.giveUpHost(found.id) : await api.removeHost(found.id);
          context.io.answer({ host: found.name, id: found.id, safe }, () => `${found.name} is removed.${laterWords(safe)}`);
        } finally {
          api.close();
        }
      }),
    );
  common(command, "remove cellar", "remove cellar --lost");
};
