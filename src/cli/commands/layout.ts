import type { Layout } from "../../door/index.ts";
import type { CommandFile, CommonOptions } from "../context.ts";
import { common } from "../context.ts";
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

function hostTable({ replicas, moving, evenness, hosts }: Layout): string {
  const right = (title: string): { readonly title: string; readonly right: true } => ({ title, right: true });
  const columns = ["host", right("weight"), right("shards"), right("by weight"), right("ready"), right("gaining"), right("giving up")];
  const rows = hosts.map((host) => [host.name, String(host.weight), String(host.shards), host.fairShards.toFixed(1), String(host.ready), String(host.gaining), String(host.givingUp)]);
  const words = moving === 0 ? "Nothing is moving." : `${moving} shards are moving.`;
  return `${table(columns, rows)}\nEach shard is kept by ${Math.min(replicas, hosts.length)} hosts. ${words} Shares are ${evenness.least.toFixed(2)} to ${evenness.most.toFixed(2)} of what the weights say.`;
}

function shardTable({ hosts, shards }: Layout): string {
  const names = new Map(hosts.map(({ id, name }) => [id, name]));
  const named = (ids: readonly string[]): string => ids.map((id) => names.get(id) ?? id).join(", ");
  return table([{ title: "shard", right: true }, "should keep it", "complete at"], shards.map(({ shard, targets, ready }) => [String(shard), named(targets), named(ready)]));
}
