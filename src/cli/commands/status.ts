import type { Status } from "../../door/index.ts";
import type { CommandFile, CommonOptions, Context } from "../context.ts";
import { common } from "../context.ts";
import { lanWords } from "../lan-words.ts";
import { count, formatBytes, formatDuration } from "../sizes.ts";
import { printable } from "../table.ts";
import { connect } from "../target.ts";

export const status: CommandFile = (command, go) => {
  command.action(
    go(async (context, options: CommonOptions) => {
      const api = await connect(context, options);
      try {
        const found = await api.status();
        context.io.answer(found, () => statusWords(context, found));
      } finally {
        api.close();
      }
    }),
  );
  common(command, "status");
};

export function statusWords(context: Context, found: Status): string {
  const lan = lanWords(found.lan);
  const lines: [string, string][] = [
    ["host", `${found.host.name}${found.host.zone === found.host.name ? "" : ` in ${found.host.zone}`}, up for ${formatDuration(context.env.clock.wallMs() - found.startedMs)}, process ${found.pid}, version ${found.version}`],
    ["network", `${found.network.name}: ${found.hosts.online} of ${count(found.hosts.total, "host")} online, ${count(found.sites, "site")}`],
    ["coordinator", found.coordinator === null ? `none: ${found.whyNoCoordinator ?? "the voters are choosing one"}` : `${found.coordinator.name}, term ${found.coordinator.term}`],
    ["space", `${formatBytes(found.usedBytes)} of ${formatBytes(found.capacityBytes)} used`],
    ["web", `http://127.0.0.1:${found.httpPort}/`],
    ...(lan === undefined ? [] : [["local network", lan] satisfies [string, string]]),
    ["peers reach it at", found.peerAddresses.length === 0 ? "no address known" : found.peerAddresses.join(", ")],
    ["health", found.health],
  ];
  const width = Math.max(...lines.map(([title]) => title.length));
  const next = found.nextStep === null ? "" : `\nNext: ${printable(found.nextStep)}\n`;
  return `${lines.map(([title, words]) => `${title.padEnd(width)}  ${printable(words)}`).join("\n")}\n${next}`;
}
