import type { CommandFile, CommonOptions } from "../context.ts";
import { common } from "../context.ts";
import { printable } from "../table.ts";
import { dataFolderIfAny } from "../target.ts";

const MARK = { ok: "  ok     ", warning: "  warning", problem: "  PROBLEM" } as const;

export const doctor: CommandFile = (command, go) => {
  command.action(
    go(async (context, options: CommonOptions) => {
      const folder = await dataFolderIfAny(options);
      const { doctor: examine } = await import("../../daemon/index.ts");
      const findings = await examine(folder);
      const lines = findings.map(({ what, ok, says, doThis }) => `${MARK[ok]}  ${what}: ${printable(says)}${doThis === undefined ? "" : `\n             ${printable(doThis)}`}`);
      const worst = findings.some(({ ok }) => ok === "problem");
      context.io.answer(findings, () => `${lines.join("\n")}\n`);
      if (worst) process.exitCode = 1;
    }),
  );
  common(command, "doctor", "doctor --data /srv/holdfast");
};
