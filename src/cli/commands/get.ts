import { resolve } from "node:path";
import type { CommandFile, CommonOptions } from "../context.ts";
import { common } from "../context.ts";
import { count, formatBytes } from "../sizes.ts";
import { connect } from "../target.ts";
import { download } from "../transfer/download.ts";

interface Options extends CommonOptions {
  readonly to: string;
}

export const get: CommandFile = (command, go) => {
  command
    .argument("<site>", "the site's name")
    .requiredOption("--to <folder>", "where its files go: a folder that is empty or does not exist yet")
    .action(
      go(async (context, site: string, options: Options) => {
        const api = await connect(context, options);
        try {
          const files = (await Array.fromAsync(api.files(site))).filter((row) => "path" in row);
          await download(context, api, site, files, options.to);
          const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
          context.io.answer({ site, folder: resolve(options.to), files: files.length, sizeBytes }, () => `${count(files.length, "file")} (${formatBytes(sizeBytes)}) of ${site} are in ${resolve(options.to)}.`);
        } finally {
          api.close();
        }
      }),
    );
  common(command, "get blog --to ./blog-copy");
};
