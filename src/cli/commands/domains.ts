import type { DomainRow } from "../../door/index.ts";
import { domainOf } from "../../site/index.ts";
import type { HostApi } from "../api.ts";
import type { CommandFile, CommonOptions } from "../context.ts";
import { common, invoked } from "../context.ts";
import { domainWords } from "../domain-words.ts";
import { CliError } from "../errors.ts";
import { laterWords } from "../later.ts";
import { table } from "../table.ts";
import { connect } from "../target.ts";

interface Options extends CommonOptions {
  readonly remove?: string;
  readonly confirm?: string;
  readonly deny?: string;
}

/** What was done, as JSON and in words. */
interface Done {
  readonly answer: unknown;
  readonly words: string;
}

export const domains: CommandFile = (command, go) => {
  command
    .argument("[site]", "only this site's domains, after DNS was asked about them")
    .option("--remove <domain>", "the site is no longer to have this domain")
    .option("--confirm <domain>", "say as an administrator that the domain is the site's, where DNS does not")
    .option("--deny <domain>", "take such a word back")
    .action(
      go(async (context, site: string | undefined, options: Options) => {
        const api = await connect(context, options);
        try {
          const { answer, words } = await run(api, site, options);
          context.io.answer(answer, () => words);
        } finally {
          api.close();
        }
      }),
    );
  common(command, "domains", "domains blog", "domains blog --remove www.example.org", "domains blog --confirm example.org");
};

async function run(api: HostApi, site: string | undefined, { remove, confirm, deny }: Options): Promise<Done> {
  if (deny !== undefined) return changed({ domain: domainOf(deny), site: null }, await api.domains.give(null, domainOf(deny)), "No administrator's word counts any more about");
  if (confirm !== undefined) return changed({ domain: domainOf(confirm), site: named(site) }, await api.domains.give(named(site), domainOf(confirm)), `${named(site)} has by your word`);
  if (remove !== undefined) return changed({ domain: domainOf(remove), site: named(site) }, await api.domains.remove(named(site), domainOf(remove)), `${named(site)} no longer has`);
  const rows = site === undefined ? await api.domains.all() : await api.domains.of(site);
  return { answer: rows, words: rows.length === 0 ? `No domains yet. Add one: '${invoked()} publish --name ${site ?? "blog"} --domain example.org'.` : site === undefined ? domainTable(rows) : rows.map(domainWords).join("\n") };
}

function changed(what: { readonly domain: string; readonly site: string | null }, { safe }: { readonly safe: boolean }, words: string): Done {
  return { answer: { ...what, safe }, words: `${words} ${what.domain}.${laterWords(safe)}` };
}

function named(site: string | undefined): string {
  if (site === undefined) throw new CliError("USAGE", `Say of which site: '${invoked()} domains blog --confirm example.org'.`);
  return site;
}

function domainTable(rows: readonly DomainRow[]): string {
  return table(["domain", "site", "standing"], rows.map(({ domain, site, standing }) => [domain, site, standing]));
}
