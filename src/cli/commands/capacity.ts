import type { CommandFile, CommonOptions } from "../context.ts";
import { common } from "../context.ts";
import { formatBytes, parseBytes } from "../sizes.ts";
import { connect } from "../target.ts";

export const capacity: CommandFile = (command, go) => {
  command.argument("<size>", "how much of its disk the host offers, such as 20GB", parseBytes).action(
    go(async (context, capacityBytes: number, options: CommonOptions) => {
      const api = await connect(context, options);
      try {
        const row = await api.upkeep.resize(capacityBytes);
        const over = row.usedBytes > row.capacityBytes ? ` ${formatBytes(row.usedBytes)} are used: it takes nothing new, and nothing is deleted before it is elsewhere.` : "";
        context.io.answer(row, () => `This host offers ${formatBytes(row.capacityBytes)} from now on.${over}`);
      } finally {
        api.close();
      }
    }),
  );
  common(command, "capacity 50GB");
};
