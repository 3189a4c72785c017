import { InvalidArgumentError } from "commander";
import { basename, resolve } from "node:path";
import type { PublishRow } from "../../door/index.ts";
import type { HostApi } from "../api.ts";
import type { CommandFile, CommonOptions, Context } from "../context.ts";
import { common, invoked } from "../context.ts";
import { ApiError, CliError } from "../errors.ts";
import { copiesOf } from "../redundancy.ts";
import { count, formatBytes } from "../sizes.ts";
import { printable } from "../table.ts";
import { connect } from "../target.ts";
import { advise } from "../transfer/advice.ts";
import { domainWords, wantDomains } from "../domain-words.ts";
import type { Scan } from "../transfer/scan.ts";
import { scan } from "../transfer/scan.ts";
import { upload } from "../transfer/upload.ts";
import { changesIn } from "../transfer/watching.ts";

interface Options extends CommonOptions {
  readonly name?: string;
  readonly copies: number | "all";
  readonly rollback?: number;
  readonly preview?: true;
  readonly watch?: true;
  readonly domain?: string[];
}

type Named = Options & { readonly name: string };

export const publish: CommandFile = (command, go) => {
  command
    .argument("[folder-or-file]", "what to publish; a folder with an index.html is a website, one without gets a listing")
    .option("--name <site>", "the site's name: lower-case letters, digits and hyphens, as in an address")
    .option("--copies <n>", 'on how many hosts it lies: a number, or "all"', copiesOf, 3)
    .option("--preview", "put it up under an address of its own; the site itself stays as it is until --rollback makes it current")
    .option("--watch", "go on and publish again whenever something in the folder changes, until Ctrl-C")
    .option("--domain <domain...>", "domains under which hosts that face the internet serve it; without a folder, the site stays as it is")
    .option("--rollback <sequence>", "make an older version the current one again, instead of publishing a folder", sequenceOf)
    .action(go(run));
  common(command, "publish ./dist --name blog", "publish ./dist --name blog --copies all", "publish ./dist --name blog --preview", "publish ./dist --name blog --watch", "publish ./dist --name blog --domain example.org www.example.org", "publish --name blog --rollback 3");
};

async function run(context: Context, source: string | undefined, options: Options): Promise<void> {
  refuseDomains(options);
  if (options.rollback !== undefined) return rollBack(context, source, options.rollback, options);
  return source === undefined && options.domain !== undefined ? onlyDomains(context, options.domain, options) : publishSource(context, source, options);
}

/** Under a domain all see the site as it is: nobody who only looks at a version means that, and a rollback would pass it over. */
function refuseDomains({ domain, preview, rollback, name = "NAME" }: Options): void {
  if (domain === undefined || (preview === undefined && rollback === undefined)) return;
  const other = preview === undefined ? "--rollback" : "--preview";
  throw new CliError("USAGE", `--domain changes where the site is found, and ${other} which version of it: they do not go together. When the site is to have the domain, type '${invoked()} publish --name ${name} --domain ${domain.join(" ")}'.`);
}

/** The site has been published before, and is to be found under more addresses. */
async function onlyDomains(context: Context, domains: readonly string[], options: Options): Promise<void> {
  if (options.name === undefined) throw new CliError("USAGE", `Say of which site: '${invoked()} publish --name blog --domain ${domains[0]}'.`);
  const api = await connect(context, options);
  try {
    const rows = await wantDomains(api, options.name, domains);
    context.io.answer({ domains: rows }, () => rows.map(domainWords).join("\n"));
  } finally {
    api.close();
  }
}

function sequenceOf(typed: string): number {
  if (!/^[1-9]\d{0,8}$/.test(typed)) throw new InvalidArgumentError("Type the number of a version; 'sites --history NAME' lists them.");
  return Number(typed);
}

async function publishSource(context: Context, source: string | undefined, options: Options): Promise<void> {
  if (source === undefined) throw new CliError("USAGE", `Say what to publish: '${invoked()} publish ./folder --name blog'.`);
  if (options.name === undefined) throw new CliError("USAGE", `Say under which name: '${invoked()} publish ${source} --name ${suggestedName(source)}'.`);
  const found = await scan(source, context.signal);
  const api = await connect(context, options);
  try {
    await publishScanned(context, api, found, { ...options, name: options.name });
    if (options.watch === true) await watchAndPublish(context, api, source, { ...options, name: options.name });
  } finally {
    api.close();
  }
}

/** Says what is wrong with a state of the folder, and waits for the next. */
async function watchAndPublish(context: Context, api: HostApi, source: string, options: Named): Promise<void> {
  for await (const _ of changesIn(context.env, resolve(source), context.signal, () => context.io.note("Watching; Ctrl-C ends it."))) {
    try {
      await publishScanned(context, api, await scan(source, context.signal), options);
    } catch (error) {
      context.signal.throwIfAborted();
      if (!(error instanceof CliError || error instanceof ApiError)) throw error;
      context.io.note(`holdfast: ${error.message}`);
    }
  }
}

async function publishScanned(context: Context, api: HostApi, found: Scan, options: Named): Promise<void> {
  for (const warning of [...found.warnings, ...(await advise(found.files))]) context.io.note(`holdfast: ${warning}`);
  const isPreview = options.preview === true;
  const { row, sent } = await upload(context, api, { name: options.name, copies: options.copies, preview: isPreview }, found);
  const away = await hostsAway(api, row);
  const domains = options.domain === undefined ? [] : await wantDomains(api, options.name, options.domain);
  const answer = options.domain === undefined ? row : { ...row, domains };
  context.io.answer(answer, () => (isPreview ? previewed(row) : [published(row, sent), ...domains.map(domainWords), told(row, away)].join("\n")));
}

function published({ head, site }: PublishRow, sent: number): string {
  const unchanged = sent === head.files ? "" : sent === 0 ? "; none had changed" : `; ${sent} had changed`;
  return `Published ${count(head.files, "file")} (${formatBytes(head.sizeBytes)}) as version ${head.sequence} of ${site.name}${unchanged}.`;
}

function previewed({ head, site, address }: PublishRow): string {
  return `Version ${head.sequence} of ${site.name} is at ${address} for a look; the site itself is as it was.\nTo show it to all: '${invoked()} publish --name ${site.name} --rollback ${head.sequence}'.`;
}

async function rollBack(context: Context, source: string | undefined, sequence: number, options: Options): Promise<void> {
  const name = options.name ?? source;
  if (name === undefined) throw new CliError("USAGE", `Say which site: '${invoked()} publish --name blog --rollback ${sequence}'.`);
  const api = await connect(context, options);
  try {
    const row = await api.rollback(name, sequence);
    const away = await hostsAway(api, row);
    context.io.answer(row, () => `Version ${sequence} of ${name} is current again, as version ${row.head.sequence}.\n${told(row, away)}`);
  } finally {
    api.close();
  }
}

/** The names of hosts that could take copies if they were there; asked only when copies are missing. */
async function hostsAway(api: HostApi, row: PublishRow): Promise<readonly string[]> {
  if (row.survives >= 1) return [];
  return (await api.hosts()).filter(({ presence }) => presence !== "online").map(({ name }) => name);
}

/** Address, content id, and what it survives, in this order: the last line is what matters most. */
function told(row: PublishRow, away: readonly string[]): string {
  return [row.site.address, row.head.root, survives(row, away)].join("\n");
}

function survives(row: PublishRow, away: readonly string[]): string {
  if (row.survives >= 1) return `survives the loss of any ${count(row.survives, "host")}${row.safe ? "" : " (not yet on all hosts it should be on: they will catch up)"}`;
  const more = away.length > 0 ? `Start ${away.map(printable).join(" or ")}` : `Bring in another host with '${invoked()} invite'`;
  return `lies on one host only: when that is lost, it is lost. ${more}, and copies are made by themselves.`;
}

/** A name that could be typed for the folder. */
function suggestedName(source: string): string {
  const name = basename(resolve(source)).toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-+|-+$/g, "");
  return name === "" ? "blog" : name.slice(0, 63);
}
