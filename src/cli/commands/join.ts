import type { CommandFile, Context } from "../context.ts";
import { common, invoked } from "../context.ts";
import { CliError } from "../errors.ts";
import { askSecret, isAttended, nextLine, releaseInput } from "../io.ts";
import type { PrimingOptions } from "../prime.ts";
import { folderToPrime, primingOptions } from "../prime.ts";
import { formatBytes } from "../sizes.ts";
import { printable } from "../table.ts";
import { phraseWords } from "./init.ts";

export const join: CommandFile = (command, go) => {
  primingOptions(command.argument("[code]", "the invite's code, or - to read it from standard input; without one, a host on the local network is asked")).action(
    go(async (context, typed: string | undefined, options: PrimingOptions) => {
      if (typed === undefined && !isAttended()) throw new CliError("USAGE", `Say the invite's code, or - to read it from standard input. On a terminal '${invoked()} join' without a code asks a host on the local network. Type '${invoked()} join --help' to see what there is.`);
      const pasted = typed === "-" ? await nextLine("invite's code", context.signal) : typed;
      const phrase = options.phrase === undefined ? undefined : await askSecret("Recovery phrase (24 words; they are not shown): ", "recovery phrase", context.signal);
      const code = pasted === undefined ? await codeFromNearby(context, options) : await codeAsPasted(context, pasted);
      releaseInput();
      const data = await folderToPrime(context, options, [options.host]);
      const { joinNetwork } = await import("../../daemon/index.ts");
      const joined = await joinNetwork({
        data,
        code,
        host: options.host,
        ...(options.zone === undefined ? {} : { zone: options.zone }),
        ...(options.capacity === undefined ? {} : { capacityBytes: options.capacity }),
        ...(phrase === undefined ? {} : { phrase }),
        signal: context.signal,
      });
      const words = joined.phrase === undefined ? "" : `\n${phraseWords(joined.phrase)}`;
      context.io.answer(joined, () => `${options.host} has joined the network ${printable(joined.networkName)}; it may use ${formatBytes(joined.capacityBytes)}.\n${words}\nNext: '${invoked()} up --data ${data}'`);
    }),
  );
  common(command, "join CODE --data ~/holdfast --host cellar --capacity 50GB", "join - --data ~/holdfast --host cellar < code.txt", "join --data ~/holdfast --host cellar");
};

/** Says what the code says. @returns the code */
async function codeAsPasted({ io }: Context, code: string): Promise<string> {
  const { decodeInvite } = await import("../../daemon/index.ts");
  const { networkName, checkWords } = await decodeInvite(code);
  if (!io.json) io.note(`This invite is to the network ${printable(networkName)}. Check words: ${checkWords}. The person who invited you was shown the same; if not, stop with Ctrl-C.`);
  return code;
}

/** Has a host of the local network let this machine in. A disk is erased only after that. */
async function codeFromNearby(context: Context, options: PrimingOptions): Promise<string> {
  const data = options.device === undefined ? await folderToPrime(context, options, []) : undefined;
  const [{ openNearby }, { letIn }] = await Promise.all([import("../../daemon/index.ts"), import("../let-in.ts")]);
  const nearby = await openNearby({ data, host: options.host, ...(options.capacity === undefined ? {} : { capacityBytes: options.capacity }) });
  try {
    return await letIn(context, nearby.desk, options.host);
  } finally {
    await nearby.close();
  }
}
