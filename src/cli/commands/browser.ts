import type { CommandFile, CommonOptions } from "../context.ts";
import { common } from "../context.ts";
import { connect } from "../target.ts";

export const browser: CommandFile = (command, go) => {
  command.action(
    go(async (context, options: CommonOptions) => {
      const api = await connect(context, options);
      try {
        const made = await api.browserLink();
        context.io.answer(made, () => `Open this in a web browser of this machine. It works once, within a day, and lets that browser do what you may do:\n${made.link}`);
      } finally {
        api.close();
      }
    }),
  );
  common(command, "browser");
};
