import type { CommandFile, CommonOptions } from "../context.ts";
import { common } from "../context.ts";
import { CliError } from "../errors.ts";
import { ask } from "../io.ts";
import { connect, hostNamed } from "../target.ts";

interface Options extends CommonOptions {
  readonly yes?: true;
}

export const remove: CommandFile = (command, go) => {
  command
    .argument("<host>", "the host's name or id")
    .option("--yes", "do not ask")
    .action(
      go(async (context, wanted: string, options: Options) => {
        const api = await connect(context, options);
        try {
          const found = await hostNamed(api, wanted);
          if (options.yes !== true) {
            const typed = await ask(`${found.name} will be shut out for good; what it holds is no longer counted. Type its name to go ahead: `, context.signal);
            if (typed.trim() !== found.name) throw new CliError("CANCELLED", `That is not "${found.name}". Nothing was changed.`);
          }
          const { safe } = await api.removeHost(found.id);
          context.io.answer({ host: found.name, id: found.id, safe }, () => `${found.name} is removed${safe ? "" : "; hosts that are away will learn of it when they come back"}.`);
        } finally {
          api.close();
        }
      }),
    );
  common(command, "remove cellar");
};
