import type { CommandFile } from "../context.ts";
import { common, invoked } from "../context.ts";
import { askSecret, nextLine, releaseInput } from "../io.ts";
import type { PrimingOptions } from "../prime.ts";
import { folderToPrime, primingOptions } from "../prime.ts";
import { formatBytes } from "../sizes.ts";
import { printable } from "../table.ts";
import { phraseWords } from "./init.ts";

export const join: CommandFile = (command, go) => {
  primingOptions(command.argument("<code>", "the invite's code, or - to read it from standard input")).action(
    go(async (context, typed: string, options: PrimingOptions) => {
      const code = typed === "-" ? await nextLine("invite's code", context.signal) : typed;
      const phrase = options.phrase === undefined ? undefined : await askSecret("Recovery phrase (24 words; they are not shown): ", "recovery phrase", context.signal);
      releaseInput();
      const { decodeInvite, joinNetwork } = await import("../../daemon/index.ts");
      const { networkName, checkWords } = await decodeInvite(code);
      if (!context.io.json) context.io.note(`This invite is to the network ${printable(networkName)}. Check words: ${checkWords}. The person who invited you was shown the same; if not, stop with Ctrl-C.`);
      const data = await folderToPrime(context, options, [options.host]);
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
  common(command, "join CODE --data ~/holdfast --host cellar --capacity 50GB", "join - --data ~/holdfast --host cellar < code.txt");
};
