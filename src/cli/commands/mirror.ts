import type { MirrorsRow } from "../../door/index.ts";
import type { CommandFile, CommonOptions } from "../context.ts";
import { common } from "../context.ts";
import { printable } from "../table.ts";
import { connect } from "../target.ts";

interface Options extends CommonOptions {
  readonly off?: true;
}

export const mirror: CommandFile = (command, go) => {
  command
    .argument("[site]", 'the site to keep whole on this host, or "all" for every site; left out: says which it keeps')
    .option("--off", "no longer keep the site, or any; what is elsewhere often enough is deleted here")
    .action(
      go(async (context, site: string | undefined, options: Options) => {
        const api = await connect(context, options);
        try {
          const isOff = options.off === true;
          const row = site === undefined && !isOff ? await api.upkeep.mirrors() : await api.upkeep.mirror(site === "all" || site === undefined ? null : site, !isOff);
          context.io.answer(row, () => words(row));
        } finally {
          api.close();
        }
      }),
    );
  common(command, "mirror", "mirror blog", "mirror all", "mirror --off blog");
};

function words({ isAll, sites, releasing }: MirrorsRow): string {
  const kept = isAll ? "This host keeps all sites whole." : sites.length === 0 ? "This host keeps no site by its own choice." : `This host keeps whole: ${sites.map(printable).join(", ")}.`;
  return releasing.length === 0 ? kept : `${kept} It deletes what it has too many of: ${releasing.map(printable).join(", ")}.`;
}
