import { InvalidArgumentError } from "commander";
import type { KvChange, KvEntry } from "../../door/index.ts";
import { codeOf } from "../../platform/index.ts";
import type { HostApi } from "../api.ts";
import type { CommandFile, CommonOptions, Context } from "../context.ts";
import { common, invoked } from "../context.ts";
import { exitCodeFor } from "../exit.ts";
import { count, formatDuration } from "../sizes.ts";
import { printable } from "../table.ts";
import { connect } from "../target.ts";
import { bytesOf, linesOf } from "./words.ts";

const PARTIAL = "holdfast: no host with a complete copy is in reach, so there may be more than this.";

interface GetOptions extends CommonOptions {
  readonly fresh?: true;
  readonly after?: string;
}

interface ScanOptions extends CommonOptions {
  readonly prefix?: string;
  readonly limit?: number;
  readonly after?: string;
}

interface WatchOptions extends CommonOptions {
  readonly from?: string;
}

export const get: CommandFile = (command, go) => {
  command
    .argument("<namespace>", "its name, or its id")
    .argument("<key>")
    .option("--fresh", "ask all hosts in reach that keep it, not only the nearest")
    .option("--after <token>", "answer with what a write gave this token for, or with what superseded it; else fail")
    .action(
      go(async (context, namespace: string, key: string, { fresh, after, ...options }: GetOptions) => {
        const api = await connect(context, options);
        try {
          const entry = await api.kv.read(namespace, { key, ...(fresh === undefined ? {} : { fresh }), ...(after === undefined ? {} : { after }) });
          if (context.io.json) context.io.answer(entry, () => "");
          else await tell(context, api, namespace, entry);
        } finally {
          api.close();
        }
      }),
    );
  common(command, "kv get notes greeting", "kv get notes photo > photo.jpg");
};

/** One value is printed as it is. Several cannot be taken for one: each has a line above it, and the exit code is not 0. */
async function tell({ io, env }: Context, api: HostApi, namespace: string, { key, values, isPartial }: KvEntry): Promise<void> {
  if (isPartial === true) io.note(PARTIAL);
  const [only, another] = values;
  if (another === undefined) return io.bytes(bytesOf(only!));
  const names = new Map((await api.hosts()).map(({ id, name }) => [id, name]));
  for (const [at, value] of values.entries()) {
    const by = printable(names.get(value.host) ?? value.host);
    await io.bytes(Buffer.from(`--- value ${at + 1} of ${values.length}, written on ${by}, ${formatDuration(env.clock.wallMs() - value.writtenMs)} ago, ${count(bytesOf(value).length, "byte")}\n`));
    await io.bytes(bytesOf(value));
    await io.bytes(Buffer.from("\n"));
  }
  io.note(`holdfast: "${printable(key)}" has ${values.length} values that were written side by side. '${invoked()} kv put ${namespace} ${printable(key)} VALUE --resolve' puts one in their place.`);
  process.exitCode = await exitCodeFor("CONFLICT");
}

export const scan: CommandFile = (command, go) => {
  command
    .argument("<namespace>", "its name, or its id")
    .option("--prefix <text>", "only keys that begin with this")
    .option("--limit <n>", "so many keys at most", limitOf)
    .option("--after <token>", "show what a write gave this token for, or what superseded it; else fail")
    .action(
      go(async (context, namespace: string, { prefix, limit, after, ...options }: ScanOptions) => {
        const api = await connect(context, options);
        try {
          const question = { ...(prefix === undefined ? {} : { prefix }), ...(limit === undefined ? {} : { limit }), ...(after === undefined ? {} : { after }) };
          let isPartial = false;
          for await (const entry of api.kv.scan(namespace, question)) {
            isPartial ||= entry.isPartial === true;
            await show(context, entry);
          }
          if (isPartial) context.io.note(PARTIAL);
        } finally {
          api.close();
        }
      }),
    );
  common(command, "kv scan notes", "kv scan notes --prefix 2026- --limit 100 --json");
};

function limitOf(typed: string): number {
  if (!/^[1-9]\d{0,14}$/.test(typed)) throw new InvalidArgumentError("Type how many keys, such as 100.");
  return Number(typed);
}

function show({ io }: Context, entry: KvEntry): Promise<void> {
  return io.json ? io.row(entry) : io.bytes(Buffer.from(linesOf(entry)));
}

export const watch: CommandFile = (command, go) => {
  command
    .argument("<namespace>", "its name, or its id")
    .option("--from <position>", "go on from a position that a change came with (--json), on this host or another; default: from the beginning")
    .action(
      go(async (context, namespace: string, options: WatchOptions) => {
        const api = await connect(context, options);
        try {
          for await (const change of await changes(context, api, namespace, options.from)) await show(context, change);
        } finally {
          api.close();
        }
      }),
    );
  common(command, "kv watch notes", "kv watch notes --json");
};

/** On a host that keeps no copy there would be nothing to see, so it has it keep one. */
async function changes({ io }: Context, api: HostApi, namespace: string, from: string | undefined): Promise<AsyncIterable<KvChange>> {
  const first = api.kv.changes(namespace, from);
  const begun = first.next();
  const isHeld = await begun.then(
    () => true,
    (error: unknown) => {
      if (codeOf(error) === "NOT_HELD") return false;
      throw error;
    },
  );
  if (isHeld) return joined(await begun, first);
  await api.kv.follow(namespace);
  io.note(`holdfast: this host kept no copy of ${namespace}; it does from now on. '${invoked()} kv unfollow ${namespace}' ends that.`);
  return api.kv.changes(namespace, from);
}

async function* joined(first: IteratorResult<KvChange>, rest: AsyncGenerator<KvChange>): AsyncGenerator<KvChange> {
  if (first.done === true) return;
  yield first.value;
  yield* rest;
}
