import type { EntryFaultRow, EntryRow } from "../../door/index.ts";
import type { CommandFile, CommonOptions, Context } from "../context.ts";
import { common, invoked } from "../context.ts";
import { entryNamed } from "../entry-named.ts";
import { formatBytes, formatDuration } from "../sizes.ts";
import { printable, table } from "../table.ts";
import { connect } from "../target.ts";

export const ls: CommandFile = (command, go) => {
  command.argument("[id]", "list the files of this one").action(
    go(async (context, wanted: string | undefined, options: CommonOptions) => {
      const api = await connect(context, options);
      try {
        if (wanted !== undefined) await listFiles(context, api, wanted);
        else await listEntries(context, await Array.fromAsync(api.entries.list()));
      } finally {
        api.close();
      }
    }),
  );
  common(command, "ls", "ls mjxw7zv2");
};

async function listEntries(context: Context, rows: readonly (EntryRow | EntryFaultRow)[]): Promise<void> {
  for (const row of rows) if ("code" in row && !context.io.json) context.io.note(`holdfast: ${row.id} cannot be read: ${printable(row.message)}`);
  const entries = rows.filter((row): row is EntryRow => !("code" in row)).toSorted((a, b) => b.createdMs - a.createdMs);
  context.io.answer(rows, () => (entries.length === 0 ? `You keep nothing here yet. '${invoked()} put ./folder' keeps a folder that only you can read.` : entryTable(context, entries)));
}

function entryTable(context: Context, entries: readonly EntryRow[]): string {
  const columns = ["id", { title: "files", right: true }, { title: "size", right: true }, "put", "name"];
  return table(columns, entries.map((entry) => [entry.id, entry.files.toLocaleString("en"), formatBytes(entry.sizeBytes), `${formatDuration(context.env.clock.wallMs() - entry.createdMs)} ago`, entry.name + (entry.kind === "folder" ? "/" : "")]));
}

async function listFiles(context: Context, api: Awaited<ReturnType<typeof connect>>, wanted: string): Promise<void> {
  const rows: string[][] = [];
  for await (const row of api.entries.rows((await entryNamed(api.entries, wanted)).id)) {
    if (context.io.json) await context.io.row(row);
    else rows.push([formatBytes(row.sizeBytes), row.sha256 ?? "-", row.path + (row.kind === "folder" ? "/" : "")]);
  }
  if (!context.io.json) context.io.answer(undefined, () => table([{ title: "size", right: true }, "sha-256", "path"], rows));
}
