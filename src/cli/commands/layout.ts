import type { Layout } from "../../door/index.ts";
import type { CommandFile, CommonOptions } from "../context.ts";
import { common } from "../context.ts";
import { count, formatBytes } from "../sizes.ts";
import { table } from "../table.ts";
import { connect } from "../target.ts";

interface LayoutOptions extends CommonOptions {
  readonly shards?: boolean;
}

export const layout: CommandFile = (command, go) => {
  command.option("--shards", "show for each shard who should keep it, and whose copies are complete");
  command.action(
    go(async (context, options: LayoutOptions) => {
      const api = await connect(context, options);
      try {
        const found = await api.layout();
        context.io.answer(found, () => (options.shards === true ? shardTable(found) : hostTable(found)));
      } finally {
        api.close();
      }
    }),
  );
  common(command, "layout", "layout --shards");
};

function hostTable(layout: Layout): string {
  const { replicas, evenness, hosts } = layout;
  const right = (title: string): { readonly title: string; readonly right: true } => ({ title, right: true });
  const columns = ["host", right("weight"), right("shards"), right("by weight"), right("ready"), right("gaining"), right("giving up"), right("records"), right("size"), right("left to come")];
  const rows = hosts.map((host) => [host.name, String(host.weight), String(host.shards), host.fairShards.toFixed(1), String(host.ready), String(host.gaining), String(host.givingUp), amount(host.records), size(host.bytes), host.leftRecords === 0 ? "–" : amount(host.leftRecords)]);
  return `${table(columns, rows)}\nEach shard is kept by ${count(Math.min(replicas, hosts.length), "host")}. ${movingWords(layout)} Shares are ${evenness.least.toFixed(2)} to ${evenness.most.toFixed(2)} of what the weights say.`;
}

function movingWords({ moving, left }: Layout): string {
  if (moving > 0) return `${moving === 1 ? "1 shard is" : `${moving} shards are`} moving: ${leftWords(left)}.`;
  return left.records === 0 && left.unknown === 0 ? "Nothing is moving." : `What belongs on all hosts is on its way: ${leftWords(left)}.`;
}

function leftWords({ records, bytes, unknown }: Layout["left"]): string {
  const known = records === 0 ? [] : [`about ${count(records, "record")} (${formatBytes(bytes)}) left to move`];
  const open = unknown === 0 ? [] : [`how much is left of ${count(unknown, "copy", "copies")} is not known, as too few hosts answer`];
  return [...known, ...open].join("; ") || "all records are where they should be, and hosts have yet to say so";
}

function amount(records: number | null): string {
  return records === null ? "?" : String(records);
}

function size(bytes: number | null): string {
  return bytes === null ? "?" : formatBytes(bytes);
}

function shardTable({ hosts, shards }: Layout): string {
  const names = new Map(hosts.map(({ id, name }) => [id, name]));
  const named = (ids: readonly string[]): string => ids.map((id) => names.get(id) ?? id).join(", ");
  return table([{ title: "shard", right: true }, "should keep it", "complete at"], shards.map(({ shard, targets, ready }) => [String(shard), named(targets), named(ready)]));
}
