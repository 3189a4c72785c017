import { InvalidArgumentError } from "commander";
import type { Primed } from "../../daemon/index.ts";
import type { CommandFile } from "../context.ts";
import { common, invoked } from "../context.ts";
import { askSecret } from "../io.ts";
import type { PrimingOptions } from "../prime.ts";
import { folderToPrime, primingOptions } from "../prime.ts";
import { formatBytes } from "../sizes.ts";

interface Options extends PrimingOptions {
  readonly network: string;
  readonly maxHosts?: number;
}

export const init: CommandFile = (command, go) => {
  primingOptions(command.requiredOption("--network <name>", "what the network is called, such as friends"))
    .option("--max-hosts <n>", "how many hosts the network may have (default: 100)", hostsOf)
    .action(
      go(async (context, options: Options) => {
        const data = await folderToPrime(context, options, [options.host, options.network]);
        const phrase = options.phrase === undefined ? undefined : await askSecret("Recovery phrase (24 words; they are not shown): ", "recovery phrase", context.signal);
        const { initNetwork } = await import("../../daemon/index.ts");
        const made = await initNetwork({
          data,
          network: options.network,
          host: options.host,
          ...(options.zone === undefined ? {} : { zone: options.zone }),
          ...(options.capacity === undefined ? {} : { capacityBytes: options.capacity }),
          ...(options.maxHosts === undefined ? {} : { maxHosts: options.maxHosts }),
          ...(phrase === undefined ? {} : { phrase }),
        });
        context.io.answer(made, () => told(options, made));
      }),
    );
  common(command, "init --data ~/holdfast --network friends --host attic --capacity 20GB", "init --device /dev/sdb --network friends --host attic --capacity 3.5TB");
};

function hostsOf(typed: string): number {
  if (!/^[1-9]\d{0,3}$/.test(typed)) throw new InvalidArgumentError("Type a number of hosts, such as 100.");
  return Number(typed);
}

function told(options: Options, made: Primed): string {
  const phrase = made.phrase === undefined ? "It belongs to the account whose recovery phrase you gave.\n" : phraseWords(made.phrase);
  return `The network ${options.network} exists, with ${options.host} as its first host, which may use ${formatBytes(made.capacityBytes)}.\n\n${phrase}\nNext: '${invoked()} up --data ${made.data}'`;
}

/** The 24 words in numbered lines of six, and what they are for. */
export function phraseWords(phrase: string): string {
  const words = phrase.split(" ");
  const lines = [0, 6, 12, 18].map((at) => `  ${words.slice(at, at + 6).map((word, index) => `${String(at + index + 1).padStart(2)} ${word.padEnd(9)}`).join(" ")}`.trimEnd());
  return `Your recovery phrase. Write it on paper: with it your sites are yours on any host, without it nobody can help you.\n\n${lines.join("\n")}\n`;
}
