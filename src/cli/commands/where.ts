import type { WherePack, WhereRow } from "../../door/index.ts";
import { codeOf } from "../../platform/index.ts";
import type { CommandFile, CommonOptions } from "../context.ts";
import { common } from "../context.ts";
import type { EntryApi } from "../entry-api.ts";
import { entryNamed } from "../entry-named.ts";
import { count, formatBytes } from "../sizes.ts";
import { table } from "../table.ts";
import { connect } from "../target.ts";
import type { UpkeepApi } from "../upkeep-api.ts";

export const where: CommandFile = (command, go) => {
  command.argument("<name>", "a site, or what was put: its id, the beginning of that, or its name; or a pack's id").action(
    go(async (context, wanted: string, options: CommonOptions) => {
      const api = await connect(context, options);
      try {
        const found = await whereIs(api.upkeep, api.entries, wanted);
        context.io.answer(found, () => whereWords(found));
      } finally {
        api.close();
      }
    }),
  );
  common(command, "where blog", "where film.mp4", "where wq3dmg6nmwjwmjeqgx2v54uy3yxsmwu6bz2dh4qkzv2ukdhyx5aa");
};

/** Why nothing that was put can be meant. */
const NO_ENTRY = new Set(["NO_SUCH_ENTRY", "NO_ACCOUNT", "NO_ACCOUNT_KEY"]);

/**
 * Where a site or a pack lies, else the entry that is meant: only its person's own hosts know its name.
 * @throws ApiError UNKNOWN_PACK when it is none of them; CliError USAGE when several entries could be meant
 */
export async function whereIs(upkeep: Pick<UpkeepApi, "where">, entries: Pick<EntryApi, "list">, wanted: string): Promise<WhereRow> {
  try {
    return await upkeep.where(wanted);
  } catch (unknown) {
    if (codeOf(unknown) !== "UNKNOWN_PACK") throw unknown;
    const { id } = await entryNamed(entries, wanted).catch((error: unknown) => {
      throw NO_ENTRY.has(codeOf(error) ?? "") ? unknown : error;
    });
    return upkeep.where(id);
  }
}

const STANDING: Readonly<Record<WherePack["places"][number]["standing"], string>> = { stays: "", leaves: "being emptied", suspect: "suspect", lost: "no longer counted", maybe: "maybe: no record says so" };

function whereWords({ what, packs, more, survives }: WhereRow): string {
  if (packs.length === 0) return "Nothing of it is kept anywhere yet.";
  const summary = what === "pack" ? "" : `\n${count(packs.length + more, "pack")}; ${survivesWords(survives ?? 0)}.\n`;
  return packs.map(packWords).join("\n") + (more === 0 ? "" : `\n${count(more, "more pack")}.\n`) + summary;
}

function survivesWords(survives: number): string {
  if (survives < 0) return "too few pieces are in sight to read it";
  return survives === 0 ? "survives no loss" : `survives the loss of any ${count(survives, "host")}`;
}

function packWords({ pack, sizeBytes, redundancy, survives, isCondemned, places }: WherePack): string {
  const title = `${pack}  ${formatBytes(sizeBytes)}, ${redundancy}, ${survivesWords(survives)}${isCondemned ? ", to be deleted" : ""}`;
  const rows = places.map(({ piece, name, presence, standing }) => [String(piece), name, presence, STANDING[standing]]);
  return `${title}\n${table([{ title: "piece", right: true }, "host", "state", ""], rows)}`;
}
