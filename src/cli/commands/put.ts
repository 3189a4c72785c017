import { InvalidArgumentError } from "commander";
import type { PutRow } from "../../door/index.ts";
import type { CommandFile, CommonOptions, Context } from "../context.ts";
import { common, invoked } from "../context.ts";
import type { WantedRedundancy } from "../entry-api.ts";
import { CliError } from "../errors.ts";
import { copiesOf, spreadWords, wayOf } from "../redundancy.ts";
import { count, formatBytes } from "../sizes.ts";
import { printable } from "../table.ts";
import { connect } from "../target.ts";
import { PUTTING } from "../transfer/deed.ts";
import { putAll } from "../transfer/put.ts";
import { scan } from "../transfer/scan.ts";

interface Options extends CommonOptions {
  readonly code?: WantedRedundancy;
  readonly copies?: number | "all";
}

export const put: CommandFile = (command, go) => {
  command
    .argument("<file-or-folder>", "what to keep; only you can read it, on any host that has your key")
    .option("--code <k+m>", "in k + m pieces on as many hosts, of which any k are enough: 4+2", codeOf)
    .option("--copies <n>", 'in whole copies on so many hosts: a number, or "all"', copiesOf)
    .action(go(putSource));
  common(command, "put ./papers", "put film.mp4 --code 4+2", "put ./papers --copies all");
};

function codeOf(typed: string): WantedRedundancy {
  const [, k, m] = /^([1-9]\d?)\+([1-9]\d?)$/.exec(typed) ?? [];
  if (k === undefined || m === undefined) throw new InvalidArgumentError("Type how many pieces are enough, and how many may be lost: 4+2.");
  return { kind: "code", k: Number(k), m: Number(m) };
}

async function putSource(context: Context, source: string, { code, copies, ...options }: Options): Promise<void> {
  if (code !== undefined && copies !== undefined) throw new CliError("USAGE", "Say either --code or --copies: copies are a code of their own.");
  const found = await scan(source, context.signal, PUTTING);
  const api = await connect(context, options);
  try {
    for (const warning of found.warnings) context.io.note(`holdfast: ${warning}`);
    const { row, sha256 } = await putAll(context, api.entries, source, copies === undefined ? code : { kind: "copies", copies }, found);
    context.io.answer({ ...row, sha256 }, () => wordsOf(row, sha256));
  } finally {
    api.close();
  }
}

/** What is told of something that was put. @param sha256 of a single file */
export function wordsOf(row: PutRow, sha256: string | null): string {
  return [summaryOf(row), ...(sha256 === null ? [] : [`SHA-256 ${sha256}`]), row.entry.id, survivalOf(row)].join("\n");
}

function summaryOf({ entry, redundancy, isSpread }: PutRow): string {
  const what = entry.kind === "file" ? formatBytes(entry.sizeBytes) : `${count(entry.files, "file")}, ${formatBytes(entry.sizeBytes)}`;
  // What too few hosts took must not read as if it lay on as many as were asked for.
  return `Put ${printable(entry.name)} (${what})${isSpread ? "" : ", to lie"} ${wayOf(redundancy)}, under the id`;
}

/** What it survives, and what to do where that is too little. */
function survivalOf(row: PutRow): string {
  const later = row.safe ? "" : " Not all hosts know of it yet: they will catch up.";
  if (row.entry.sizeBytes === 0) return `survives as its record does: on every host.${later}`;
  if (row.survives >= 1) return `survives the loss of any ${count(row.survives, "host")}.${row.isSpread ? "" : missingWords(row)}${later}`;
  if (!row.isSpread) return `lies on one host only: when that is lost, it is lost. The other copies are made by themselves as hosts come back or join; '${invoked()} invite' brings one in.${later}`;
  return `lies on one host only: when that is lost, it is lost. Bring in another host with '${invoked()} invite', and put it again.${later}`;
}

function missingWords({ redundancy, survives }: PutRow): string {
  if (redundancy.kind === "code") return spreadWords(false);
  return ` Only ${count(survives + 1, "host")} took it so far; the other copies are made by themselves as hosts come back or join.`;
}
