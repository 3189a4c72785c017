import { InvalidArgumentError } from "commander";
import type { KvNamespace } from "../../door/index.ts";
import type { CommandFile, CommonOptions, Context } from "../context.ts";
import { common, invoked } from "../context.ts";
import { count, formatBytes, parseBytes } from "../sizes.ts";
import { table } from "../table.ts";
import { connect } from "../target.ts";

interface CreateOptions extends CommonOptions {
  readonly writers: "member" | "owner";
  readonly shards: number;
  readonly replicas: number;
  readonly maxValue?: number;
  readonly maxSize?: number;
  readonly writesPerSecond?: number;
}

export const create: CommandFile = (command, go) => {
  command
    .argument("<namespace>", "a name of up to 40 of a-z, 0-9, dot, hyphen and underscore")
    .option("--writers <who>", 'who may write: "member", every host of the network, or "owner", you alone', writersOf, "member" as const)
    .option("--shards <n>", "into how many parts its keys fall, each kept by its own hosts: 1 to 256", (typed) => wholeNumber(typed, 1, 256), 16)
    .option("--replicas <n>", "on how many hosts each key lies: 1 to 64, or 0 for all", (typed) => wholeNumber(typed, 0, 64), 3)
    .option("--max-value <size>", "the largest value, up to 512KiB", parseBytes)
    .option("--max-size <size>", "how much it may hold in all", parseBytes)
    .option("--writes-per-second <n>", "how many keys may be written each second", (typed) => wholeNumber(typed, 1, 1_000_000))
    .action(go((context, name: string, options: CreateOptions) => createNamespace(context, name, options)));
  common(command, "kv create diary --writers owner", "kv create log --shards 64 --replicas 5");
};

async function createNamespace(context: Context, name: string, { writers, shards, replicas, maxValue, maxSize, writesPerSecond, ...options }: CreateOptions): Promise<void> {
  const api = await connect(context, options);
  try {
    const limits = { ...(maxValue === undefined ? {} : { maxValueBytes: maxValue }), ...(maxSize === undefined ? {} : { maxBytes: maxSize }), ...(writesPerSecond === undefined ? {} : { writesPerSecond }) };
    const row = await api.kv.create({ name, writers, shards, replicas, limits });
    context.io.answer(row, () => `Created ${row.name}: ${count(row.shards, "shard")}, ${copies(row)}, written by ${writer(row)}.`);
  } finally {
    api.close();
  }
}

export const list: CommandFile = (command, go) => {
  command.action(
    go(async (context, options: CommonOptions) => {
      const api = await connect(context, options);
      try {
        const rows = await api.kv.list();
        context.io.answer(rows, () => namespaceTable(rows));
      } finally {
        api.close();
      }
    }),
  );
  common(command, "kv list");
};

function namespaceTable(rows: readonly KvNamespace[]): string {
  if (rows.length === 0) return `This host has heard of no namespace yet. The first put makes one: '${invoked()} kv put notes greeting hello'.`;
  const right = (title: string): { title: string; right: true } => ({ title, right: true });
  const cells = rows.map((row) => [row.isCurrent ? row.name : `${row.name} (former)`, writer(row), copies(row), String(row.shards), formatBytes(row.limits.maxValueBytes), row.limits.maxBytes === null ? "-" : formatBytes(row.limits.maxBytes), row.limits.writesPerSecond?.toLocaleString("en") ?? "-", row.namespace]);
  return table(["name", "written by", "kept", right("shards"), right("max value"), right("max size"), right("writes/s"), "id"], cells);
}

function copies({ replicas, isFollowed }: KvNamespace): string {
  return `${replicas === 0 ? "on all hosts" : `on ${count(replicas, "host")}`}${isFollowed ? ", followed here" : ""}`;
}

function writer({ writers }: KvNamespace): string {
  return writers === "owner" ? "its owner" : "all";
}

export const follow: CommandFile = (command, go) => {
  command.argument("<namespace>", "its name, or its id").action(
    go(async (context, name: string, options: CommonOptions) => {
      const api = await connect(context, options);
      try {
        await api.kv.follow(name);
        context.io.answer({ namespace: name, follows: true }, () => `This host keeps a copy of ${name} from now on.`);
      } finally {
        api.close();
      }
    }),
  );
  common(command, "kv follow notes");
};

export const unfollow: CommandFile = (command, go) => {
  command.argument("<namespace>", "its name, or its id").action(
    go(async (context, name: string, options: CommonOptions) => {
      const api = await connect(context, options);
      try {
        await api.kv.unfollow(name);
        context.io.answer({ namespace: name, follows: false }, () => `This host keeps no copy of ${name} by its own choice any more.`);
      } finally {
        api.close();
      }
    }),
  );
  common(command, "kv unfollow notes");
};

function writersOf(typed: string): "member" | "owner" {
  if (typed === "member" || typed === "owner") return typed;
  throw new InvalidArgumentError('Type "member" or "owner".');
}

function wholeNumber(typed: string, least: number, most: number): number {
  if (!/^\d{1,7}$/.test(typed) || Number(typed) < least || Number(typed) > most) throw new InvalidArgumentError(`Type a number from ${least} to ${most.toLocaleString("en")}.`);
  return Number(typed);
}
