import type { CommandFile, CommonOptions } from "../context.ts";
import { common } from "../context.ts";
import { formatDuration } from "../sizes.ts";
import { table } from "../table.ts";
import { connect } from "../target.ts";

export const workers: CommandFile = (command, go) => {
  command.action(
    go(async (context, options: CommonOptions) => {
      const api = await connect(context, options);
      try {
        const rows = await api.workers();
        const now = context.env.clock.wallMs();
        const last = (ms: number | null): string => (ms === null ? "never" : `${formatDuration(now - ms)} ago`);
        const columns = ["worker", "state", { title: "turns", right: true }, "last turn", "progress", "last error"];
        context.io.answer(rows, () => table(columns, rows.map((row) => [row.name, row.state, String(row.runs), last(row.lastRunMs), row.progress, row.lastError ?? ""])));
      } finally {
        api.close();
      }
    }),
  );
  common(command, "workers");
};
