import type { InviteGrants } from "../../door/index.ts";
import type { CommandFile, CommonOptions } from "../context.ts";
import { common, invoked } from "../context.ts";
import { InvalidArgumentError } from "commander";
import { formatDuration, parseBytes } from "../sizes.ts";
import { printable } from "../table.ts";
import { connect } from "../target.ts";

interface Options extends CommonOptions {
  readonly zone?: string;
  readonly administrator?: true;
  readonly quota?: number;
  readonly expires?: number;
}

export const invite: CommandFile = (command, go) => {
  command
    .option("--zone <name>", "the zone the new host is in (default: its own choice)")
    .option("--administrator", "its person may also invite, remove hosts and settle names")
    .option("--quota <size>", "how much its person may publish, such as 50GB", parseBytes)
    .option("--expires <time>", "how long the code is good for: 30m, 12h, 7d", durationOf)
    .action(
      go(async (context, options: Options) => {
        const api = await connect(context, options);
        try {
          const [created, about] = await Promise.all([api.invite(grantsOf(options)), api.status()]);
          const left = formatDuration(created.invite.expiresMs - context.env.clock.wallMs());
          const answer = { code: created.code, words: created.words, expiresMs: created.invite.expiresMs, network: about.network.name };
          context.io.answer(answer, () => sentence(about.network.name, created.words, left, created.code));
        } finally {
          api.close();
        }
      }),
    );
  common(command, "invite", "invite --expires 12h --zone grandma");
};

function grantsOf(options: Options): InviteGrants {
  return {
    ...(options.zone === undefined ? {} : { zone: options.zone }),
    ...(options.administrator === undefined ? {} : { role: "administrator" as const }),
    ...(options.quota === undefined ? {} : { quotaBytes: options.quota }),
    ...(options.expires === undefined ? {} : { expiresInMs: options.expires }),
  };
}

/** To be forwarded as it stands; programs read the last line. */
function sentence(network: string, words: readonly string[], left: string, code: string): string {
  return [
    `You are invited to lend some disk to the Holdfast network "${printable(network)}", and to publish there.`,
    `Within ${left}, on a machine that has Holdfast, type:`,
    "",
    `  ${invoked()} join ${code} --data ~/holdfast --host NAME --capacity 20GB`,
    "",
    `It will show three check words. They must be the same as these: ${words.join(" ")}`,
    "The code works once; whoever has it can join, so send it to one person only:",
    code,
  ].join("\n");
}

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

function durationOf(typed: string): number {
  const found = /^(\d{1,4})([mhd])$/.exec(typed);
  if (found === null || Number(found[1]) === 0) throw new InvalidArgumentError("Type minutes, hours or days, such as 30m, 12h or 7d.");
  return Number(found[1]) * UNIT_MS[found[2]!]!;
}
