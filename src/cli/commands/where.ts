import type { WherePack, WhereRow } from "../../door/index.ts";
import type { CommandFile, CommonOptions } from "../context.ts";
import { common } from "../context.ts";
import { count, formatBytes } from "../sizes.ts";
import { table } from "../table.ts";
import { connect } from "../target.ts";

export const where: CommandFile = (command, go) => {
  command.argument("<id>", "a site's name, or the id of a pack or of what was put").action(
    go(async (context, id: string, options: CommonOptions) => {
      const api = await connect(context, options);
      try {
        const found = await api.upkeep.where(id);
        context.io.answer(found, () => whereWords(found));
      } finally {
        api.close();
      }
    }),
  );
  common(command, "where blog", "where wq3dmg6nmwjwmjeqgx2v54uy3yxsmwu6bz2dh4qkzv2ukdhyx5aa");
};

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
  const rows = places.map(({ piece, name, presence, standing }) => [piece === null ? "?" : String(piece), name, presence, STANDING[standing]]);
  return `${title}\n${table([{ title: "piece", right: true }, "host", "state", ""], rows)}`;
}
