import type { VisitRow } from "../../door/index.ts";
import type { CommandFile, CommonOptions } from "../context.ts";
import { common } from "../context.ts";
import { formatBytes } from "../sizes.ts";
import { table } from "../table.ts";
import { connect } from "../target.ts";

interface Options extends CommonOptions {
  readonly hosts?: true;
}

export const stats: CommandFile = (command, go) => {
  command
    .argument("<site>", "the site's name")
    .option("--hosts", "tell each host's counts apart")
    .action(
      go(async (context, site: string, options: Options) => {
        const api = await connect(context, options);
        try {
          const rows = await api.visits(site);
          context.io.answer(rows, () => (rows.length === 0 ? `Nobody has asked for ${site} yet, as far as hosts have told.` : visitTable(rows, options.hosts === true)));
        } finally {
          api.close();
        }
      }),
    );
  common(command, "stats blog", "stats blog --hosts");
};

const right = (title: string): { title: string; right: true } => ({ title, right: true });

function visitTable(rows: readonly VisitRow[], isByHost: boolean): string {
  const groups = Map.groupBy(rows, ({ day, host }) => (isByHost ? `${day} ${host.id}` : day));
  const columns = ["day", ...(isByHost ? ["host"] : []), right("requests"), right("sent"), right("found"), right("unchanged or moved"), right("not found"), right("failed")];
  return table(columns, [...groups.values()].map((group) => cells(group, isByHost)));
}

function cells(group: readonly VisitRow[], isByHost: boolean): string[] {
  const { day, host } = group[0]!;
  const counted = (from: number, to: number): string =>
    group
      .flatMap(({ statuses }) => statuses)
      .reduce((sum, { status, requests }) => (status >= from && status < to ? sum + requests : sum), 0)
      .toLocaleString("en");
  const sent = group.reduce((sum, { bytes }) => sum + bytes, 0);
  return [day, ...(isByHost ? [host.name] : []), counted(100, 600), formatBytes(sent), counted(200, 300), counted(300, 400), counted(400, 500), counted(500, 600)];
}
