import { resolve } from "node:path";
import type { PrivateRow, SourceRow } from "../../door/index.ts";
import type { HostApi } from "../api.ts";
import type { CommandFile, CommonOptions, Context } from "../context.ts";
import { common } from "../context.ts";
import { entryNamed } from "../entry-named.ts";
import { count, formatBytes } from "../sizes.ts";
import { printable, table } from "../table.ts";
import { connect } from "../target.ts";
import type { Fetched } from "../transfer/fetch.ts";
import { fetchAll } from "../transfer/fetch.ts";

interface Options extends CommonOptions {
  readonly to: string;
  readonly verbose?: boolean;
}

export const fetch: CommandFile = (command, go) => {
  command
    .argument("<id>", "what 'put' printed, its beginning, or the name of what was put")
    .requiredOption("--to <folder>", "where its files go; what is there already, whole or in part, is not fetched again, and nothing is overwritten")
    .option("--verbose", "say of each file that it is whole, and what came from which host at which speed")
    .action(go(fetchEntry));
  common(command, "fetch mjxw7zv2 --to ./papers", "fetch film.mp4 --to . --verbose");
};

async function fetchEntry(context: Context, wanted: string, options: Options): Promise<void> {
  const api = await connect(context, options);
  try {
    const entry = await entryNamed(api.entries, wanted);
    const rows = await Array.fromAsync(api.entries.rows(entry.id));
    const told = (row: PrivateRow): void => {
      if (options.verbose === true && !context.io.json) context.io.note(`${row.sha256}  ${printable(row.path)}`);
    };
    const done = await fetchAll(context, api.entries, entry.id, rows, options.to, told);
    if (options.verbose === true && !context.io.json) context.io.note(done.sources.length > 0 ? await sourceTable(api, done.sources) : nowhere(done));
    const sha256 = entry.kind === "file" ? (rows[0]?.sha256 ?? null) : null;
    const folder = resolve(options.to);
    context.io.answer({ entry, folder, ...done, sha256 }, () => {
      const there = done.alreadyThere === 0 ? "" : ` ${done.alreadyThere === done.files ? "All were" : `${done.alreadyThere.toLocaleString("en")} were`} there already.`;
      const resumed = done.resumedBytes === 0 ? "" : ` An earlier fetch had ${formatBytes(done.resumedBytes)} of the rest.`;
      const proof = sha256 === null ? "each with the SHA-256 with which it was put" : `with the SHA-256 with which it was put: ${sha256}`;
      return `${count(done.files, "file")} (${formatBytes(done.sizeBytes)}) of ${printable(entry.name)} in ${folder}, ${proof}.${there}${resumed}`;
    });
  } finally {
    api.close();
  }
}

/** What was read a moment ago is still in the host's memory, and is asked of nobody. */
function nowhere({ files, alreadyThere, sizeBytes }: Fetched): string {
  return files > alreadyThere && sizeBytes > 0 ? "Everything came from this host's cache." : "Nothing had to be fetched.";
}

/** Pieces that were read, by host. Several requests run at a time, so a host's speed is that of one of them. */
async function sourceTable(api: HostApi, sources: readonly SourceRow[]): Promise<string> {
  const names = new Map((await api.hosts()).map(({ id, name }) => [id, name]));
  const columns = ["from", "by way of", { title: "pieces", right: true }, { title: "speed", right: true }];
  return table(columns, sources.map(({ host, via, bytes, elapsedMs }) => [via === "cache" ? "this host's cache" : (names.get(host) ?? host), via, formatBytes(bytes), `${formatBytes((bytes * 1000) / Math.max(1, elapsedMs))}/s`]));
}
