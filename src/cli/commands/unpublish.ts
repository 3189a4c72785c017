import type { CommandFile, CommonOptions } from "../context.ts";
import { common } from "../context.ts";
import { connect } from "../target.ts";

export const unpublish: CommandFile = (command, go) => {
  command.argument("<site>", "the site's name").action(
    go(async (context, site: string, options: CommonOptions) => {
      const api = await connect(context, options);
      try {
        await api.unpublish(site);
        context.io.answer({ site, unpublished: true }, () => `${site} is taken down: hosts that are reachable stop serving it now, others when they come back.`);
      } finally {
        api.close();
      }
    }),
  );
  common(command, "unpublish blog");
};
