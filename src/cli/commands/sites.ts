import type { HeadRow, SiteRow } from "../../door/index.ts";
import type { CommandFile, CommonOptions, Context } from "../context.ts";
import { common, invoked } from "../context.ts";
import { formatBytes, formatDuration } from "../sizes.ts";
import { printable, table } from "../table.ts";
import { connect } from "../target.ts";

interface Options extends CommonOptions {
  readonly history?: string;
}

export const sites: CommandFile = (command, go) => {
  command.option("--history <site>", "list the versions of one site, newest first").action(
    go(async (context, options: Options) => {
      const api = await connect(context, options);
      try {
        if (options.history !== undefined) {
          const heads = await api.history(options.history);
          context.io.answer(heads, () => historyTable(context, heads));
        } else {
          const rows = await api.sites();
          context.io.answer(rows, () => siteTable(context, rows));
        }
      } finally {
        api.close();
      }
    }),
  );
  common(command, "sites", "sites --history blog");
};

const number = (title: string): { title: string; right: true } => ({ title, right: true });

function ago(context: Pick<Context, "env">, atMs: number): string {
  return `${formatDuration(context.env.clock.wallMs() - atMs)} ago`;
}

export function siteTable(context: Pick<Context, "env">, rows: readonly SiteRow[]): string {
  if (rows.length === 0) return `No sites yet. Publish one: '${invoked()} publish ./folder --name blog'.`;
  const isOnLan = rows.some(({ lanAddress }) => lanAddress !== null);
  const columns = ["site", number("version"), number("files"), number("size"), "published", "survives", "held by", "address", ...(isOnLan ? ["on the local network"] : [])];
  const away = [...new Set(rows.flatMap((row) => row.away))].sort();
  const more = away.length === 0 ? "" : `Copies on hosts that are away are not counted: ${away.map(printable).join(", ")}.\n`;
  const cells = table(columns, rows.map((row) => [row.name + (row.standing === "provisional" ? " (name not confirmed yet)" : ""), ...headCells(context, row.head), survives(row), row.holders.join(", "), row.address, ...(isOnLan ? [row.lanAddress ?? "-"] : [])]));
  return cells + more;
}

function headCells(context: Pick<Context, "env">, head: HeadRow | null): string[] {
  return head === null ? ["-", "-", "-", "-"] : [String(head.sequence), head.files.toLocaleString("en"), formatBytes(head.sizeBytes), ago(context, head.publishedMs)];
}

function survives({ survives: lost, survivesNow, away }: SiteRow): string {
  if (lost === null || survivesNow === null) return "-";
  if (lost < 0) return "not all is in sight";
  if (away.length === 0) return lost === 0 ? "no loss" : `any ${lost} lost`;
  if (survivesNow < 0) return "not all is here";
  return survivesNow === 0 ? "no more loss" : `any ${survivesNow} more lost`;
}

function historyTable(context: Context, heads: readonly HeadRow[]): string {
  return table([number("version"), number("files"), number("size"), "published", "content id"], heads.map((head) => [...headCells(context, head), head.root]));
}
