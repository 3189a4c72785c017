import type { CommandFile, CommonOptions } from "../context.ts";
import { common, invoked } from "../context.ts";
import { askSecret } from "../io.ts";
import { laterWords } from "../later.ts";
import { connect, dataFolder, hostNamed } from "../target.ts";

export const key: CommandFile = (command, go) => {
  const out = command.command("export").description("print the recovery phrase of the account this host belongs to");
  out.action(
    go(async (context, options: CommonOptions) => {
      const { exportPhrase } = await import("../../daemon/index.ts");
      const phrase = await exportPhrase(await dataFolder(options));
      if (!context.io.json) context.io.note("These 24 words are the account: whoever reads them can publish and delete as you. Keep them on paper, off screens.");
      context.io.answer({ phrase }, () => phrase);
    }),
  );
  common(out, "key export");
  const into = command.command("import").description("make this host yours: read the recovery phrase from the terminal, unseen, or from standard input");
  into.action(
    go(async (context, options: CommonOptions) => {
      const folder = await dataFolder(options);
      const phrase = await askSecret("Recovery phrase (24 words; they are not shown): ", "recovery phrase", context.signal);
      const { importPhrase } = await import("../../daemon/index.ts");
      const { account } = await importPhrase(folder, phrase);
      context.io.answer({ account }, () => `This host acts for the account ${account} from its next start: '${invoked()} up'.`);
    }),
  );
  common(into, "key import", "key import < phrase.txt");
  const revoke = command.command("revoke").description("end a host's right to act for you: asked of another host of yours, for one that was lost or stolen");
  revoke.argument("<host>", "the host's name or id").action(
    go(async (context, wanted: string, options: CommonOptions) => {
      const api = await connect(context, options);
      try {
        const { id, name } = await hostNamed(api, wanted);
        const { safe } = await api.revokeHost(id);
        context.io.answer({ host: name, id, safe }, () => `${name} can no longer publish, invite or delete as you, for good; what it did until now stays.${laterWords(safe)} To shut the host itself out: '${invoked()} remove ${name}'`);
      } finally {
        api.close();
      }
    }),
  );
  common(revoke, "key revoke cellar");
};
