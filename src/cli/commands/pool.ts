import type { PoolHostRow, PoolRow } from "../../door/index.ts";
import type { CommandFile, CommonOptions } from "../context.ts";
import { common } from "../context.ts";
import { stateOf } from "../host-state.ts";
import { count, formatBytes, formatDuration } from "../sizes.ts";
import { printable, table } from "../table.ts";
import { connect } from "../target.ts";

export const pool: CommandFile = (command, go) => {
  command.action(
    go(async (context, options: CommonOptions) => {
      const api = await connect(context, options);
      try {
        const found = await api.upkeep.pool();
        context.io.answer(found, () => poolWords(found));
      } finally {
        api.close();
      }
    }),
  );
  common(command, "pool");
};

const number = (title: string): { title: string; right: true } => ({ title, right: true });

export function poolWords(row: PoolRow): string {
  const space = `${formatBytes(row.offeredBytes)} are offered, ${formatBytes(row.usedBytes)} used, ${formatBytes(row.freeBytes)} free on the hosts that are here.`;
  const kept = `Content of ${formatBytes(row.contentBytes)} lies in ${count(row.packs, "pack")} and takes ${formatBytes(row.pieceBytes)}${row.isCounting ? ", as far as it is counted" : ""}.`;
  const hosts = table(["host", "state", number("pieces"), number("hold"), number("used"), number("capacity")], row.hosts.map(hostCells));
  const people = table(["person", number("take"), number("may take")], row.people.map(({ name, usedBytes, quotaBytes }) => [name, formatBytes(usedBytes), formatBytes(quotaBytes)]));
  return `${printable(row.health)}\n${repairWords(row.repair)}${space}\n${kept}\n\n${hosts}\n${people}`;
}

function repairWords({ shortPacks, shortPieces, shortBytes, secondsLeft }: PoolRow["repair"]): string {
  if (shortPieces === 0) return "";
  const left = secondsLeft === null ? "" : `, about ${formatDuration(secondsLeft * 1000)} at the rate of late`;
  return `Under repair: ${count(shortPieces, "piece")} of ${count(shortPacks, "pack")} (${formatBytes(shortBytes)})${left}.\n`;
}

function emptyingWords(awaitedPieces: number | null): string {
  if (awaitedPieces === null) return "being emptied";
  return awaitedPieces === 0 ? "emptied" : `being emptied, ${awaitedPieces} to go`;
}

function hostCells(row: PoolHostRow): string[] {
  const { name, awaitedPieces, pieces, pieceBytes, usedBytes, capacityBytes } = row;
  return [name, stateOf(row, emptyingWords(awaitedPieces)), pieces.toLocaleString("en"), formatBytes(pieceBytes), usedBytes === null ? "?" : formatBytes(usedBytes), formatBytes(capacityBytes)];
}
