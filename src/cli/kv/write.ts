import type { KvWriteRow } from "../../door/index.ts";
import { openForReading } from "../../platform/index.ts";
import type { CommandFile, CommonOptions, Context } from "../context.ts";
import { common, invoked } from "../context.ts";
import { CliError } from "../errors.ts";
import { readInput } from "../io.ts";
import { count } from "../sizes.ts";
import { connect } from "../target.ts";
import { told } from "./words.ts";

/** The host says what is too large; this keeps a film from being read into memory first. */
const MAX_READ_BYTES = 700_000;

interface WriteOptions extends CommonOptions {
  readonly resolve?: true;
  readonly blind?: true;
  readonly context?: string;
}

interface PutOptions extends WriteOptions {
  readonly file?: string;
}

export const put: CommandFile = (command, go) => {
  command
    .argument("<namespace>", "its name, or its id")
    .argument("<key>", "any text of up to 1,024 bytes")
    .argument("[value]", 'the value as text; "-" takes it from standard input')
    .option("--file <path>", "take the value from a file")
    .option("--resolve", "supersede every value that hosts in reach have; without it a key with several is left alone")
    .option("--blind", "supersede nothing: stay beside whatever is there")
    .option("--context <text>", "supersede exactly what 'get --json' showed with this context")
    .action(
      go(async (context, namespace: string, key: string, value: string | undefined, options: PutOptions) => {
        const bytes = await valueFrom(context, value, options);
        await send(context, namespace, { key, base64: bytes.toString("base64"), ...howOf(options) }, options, `Put ${count(bytes.length, "byte")}`);
      }),
    );
  common(command, "kv put notes greeting hello", "kv put notes photo --file small.jpg", "kv put notes letter - < letter.txt");
};

export const remove: CommandFile = (command, go) => {
  command
    .argument("<namespace>", "its name, or its id")
    .argument("<key>")
    .option("--resolve", "delete every value that hosts in reach have; without it a key with several is left alone")
    .option("--context <text>", "delete exactly what 'get --json' showed with this context")
    .action(go((context, namespace: string, key: string, options: WriteOptions) => send(context, namespace, { key, base64: null, ...howOf(options) }, options, "Deleted")));
  common(command, "kv delete notes greeting");
};

async function send(context: Context, namespace: string, row: KvWriteRow, options: CommonOptions, what: string): Promise<void> {
  const api = await connect(context, options);
  try {
    const written = await api.kv.write(namespace, row);
    context.io.answer({ namespace, key: row.key, ...written }, () => told(what, written));
  } finally {
    api.close();
  }
}

function howOf({ resolve, blind, context }: WriteOptions): Pick<KvWriteRow, "supersedes" | "context"> {
  if ([resolve, blind, context].filter((each) => each !== undefined).length > 1) throw new CliError("USAGE", "Give one of --resolve, --blind and --context: each says what the write supersedes.");
  if (context !== undefined) return { context };
  return { supersedes: resolve === true ? "resolve" : blind === true ? "blind" : "plain" };
}

async function valueFrom(context: Context, value: string | undefined, { file }: PutOptions): Promise<Buffer> {
  if ((value === undefined) === (file === undefined)) throw new CliError("USAGE", `Give the value once: as text, as "-" for standard input, or with --file. '${invoked()} kv put notes greeting hello'`);
  if (file !== undefined) return fromFile(file);
  return value === "-" ? Buffer.from(await readInput(MAX_READ_BYTES, context.signal)) : Buffer.from(value!, "utf8");
}

async function fromFile(path: string): Promise<Buffer> {
  const opened = await openForReading(path);
  try {
    const { sizeBytes } = await opened.stat();
    if (sizeBytes > MAX_READ_BYTES) throw new CliError("USAGE", `${path} has ${sizeBytes} bytes, which is more than a value can have. Publish large files as a site.`);
    return Buffer.from(await opened.read(0, sizeBytes));
  } finally {
    await opened.close();
  }
}
