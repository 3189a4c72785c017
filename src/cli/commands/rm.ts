import type { CommandFile, CommonOptions } from "../context.ts";
import { common } from "../context.ts";
import { entryNamed } from "../entry-named.ts";
import { laterWords } from "../later.ts";
import { printable } from "../table.ts";
import { connect } from "../target.ts";

export const rm: CommandFile = (command, go) => {
  command.argument("<id>", "what 'put' printed, its beginning, or the name of what was put").action(
    go(async (context, wanted: string, options: CommonOptions) => {
      const api = await connect(context, options);
      try {
        const entry = await entryNamed(api.entries, wanted);
        const { safe } = await api.entries.remove(entry.id);
        context.io.answer({ entry, safe }, () => `${printable(entry.name)} is no longer kept. The space that only it took is given back later.${laterWords(safe)}`);
      } finally {
        api.close();
      }
    }),
  );
  common(command, "rm mjxw7zv2");
};
