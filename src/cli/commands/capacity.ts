import type { CommandFile, CommonOptions } from "../context.ts";
import { common } from "../context.ts";
import { offerWords } from "../amounts.ts";
import { parseBytes } from "../sizes.ts";
import { connect } from "../target.ts";

export const capacity: CommandFile = (command, go) => {
  command.argument("<size>", "how much of its disk the host offers, such as 20GB", parseBytes).action(
    go(async (context, capacityBytes: number, options: CommonOptions) => {
      const api = await connect(context, options);
      try {
        const row = await api.upkeep.resize(capacityBytes);
        context.io.answer(row, () => offerWords(row));
      } finally {
        api.close();
      }
    }),
  );
  common(command, "capacity 50GB");
};
