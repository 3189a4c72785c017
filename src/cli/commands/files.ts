import type { CommandFile, CommonOptions } from "../context.ts";
import { common } from "../context.ts";
import { formatBytes } from "../sizes.ts";
import { printable, table } from "../table.ts";
import { connect } from "../target.ts";

interface Options extends CommonOptions {
  readonly site?: string;
}

export const files: CommandFile = (command, go) => {
  command.option("--site <name>", "only the files of this site").action(
    go(async (context, options: Options) => {
      const api = await connect(context, options);
      try {
        const rows: string[][] = [];
        for await (const row of api.files(options.site)) {
          if (context.io.json) await context.io.row(row);
          else if ("path" in row) rows.push([row.site, formatBytes(row.sizeBytes), row.type, row.id, row.path]);
          else context.io.note(`holdfast: the files of ${printable(row.site)} cannot be listed: ${printable(row.message)}`);
        }
        if (!context.io.json) context.io.answer(undefined, () => table(["site", { title: "size", right: true }, "type", "content id", "path"], rows));
      } finally {
        api.close();
      }
    }),
  );
  common(command, "files", "files --site blog");
};
