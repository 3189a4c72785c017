import type { SettingChanges } from "../../door/index.ts";
import type { CommandFile, CommonOptions } from "../context.ts";
import { common } from "../context.ts";
import { CliError } from "../errors.ts";
import { formatDuration, parseDuration } from "../sizes.ts";
import { table } from "../table.ts";
import { laterWords } from "../later.ts";
import { connect } from "../target.ts";

const SETTINGS: Readonly<Record<string, { readonly field: keyof SettingChanges; readonly meaning: string }>> = {
  "gone-after": { field: "goneAfterMs", meaning: "a host away for so long is declared gone, and others hold what it should" },
  horizon: { field: "horizonMs", meaning: "deletions are remembered for so long; who is away longer comes back as a newcomer" },
  "repair-after": { field: "repairAfterMs", meaning: "what one more loss would destroy is repaired when a host was away for so long" },
  "condemned-for": { field: "condemnedForMs", meaning: "content stays for so long after nothing was found to use it" },
};

export const network: CommandFile = (command, go) => {
  const show = command.command("settings").description("show what administrators have chosen for the whole network");
  show.action(
    go(async (context, options: CommonOptions) => {
      const api = await connect(context, options);
      try {
        const found = await api.settings();
        const rows = Object.entries(SETTINGS).map(([name, { field, meaning }]) => [name, formatDuration(found[field]), meaning]);
        context.io.answer(found, () => table(["setting", "value", "meaning"], rows));
      } finally {
        api.close();
      }
    }),
  );
  common(show, "network settings");
  const set = command.command("set").description("choose for the whole network; for administrators");
  set
    .argument("<setting>", Object.keys(SETTINGS).join(", "))
    .argument("<time>", "a number and a unit: 12h, 7d, 26w")
    .action(
      go(async (context, name: string, typed: string, options: CommonOptions) => {
        const setting = Object.hasOwn(SETTINGS, name) ? SETTINGS[name] : undefined;
        if (setting === undefined) throw new CliError("USAGE", `There is no setting "${name}". There are ${Object.keys(SETTINGS).join(", ")}.`);
        const ms = parseDuration(typed);
        const api = await connect(context, options);
        try {
          const { safe } = await api.changeSettings({ [setting.field]: ms });
          context.io.answer({ [setting.field]: ms, safe }, () => `${name} is ${formatDuration(ms)}.${laterWords(safe)}`);
        } finally {
          api.close();
        }
      }),
    );
  common(set, "network set gone-after 7d", "network set repair-after 1h");
};
