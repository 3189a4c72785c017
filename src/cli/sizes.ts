import { CliError } from "./errors.ts";

export { count, formatBytes, formatDuration } from "./amounts.ts";

/** How many bytes a unit stands for: SI for GB, binary for GiB. One letter means what disk makers mean by it: SI. */
const UNITS: Readonly<Record<string, number>> = {
  b: 1, k: 1e3, kb: 1e3, m: 1e6, mb: 1e6, g: 1e9, gb: 1e9, t: 1e12, tb: 1e12, p: 1e15, pb: 1e15,
  kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30, tib: 2 ** 40, pib: 2 ** 50,
};

/**
 * Reads a size as people type it: "20GB", "50 GiB", "1.5tb", "500 MB".
 * @throws CliError BAD_SIZE
 */
export function parseBytes(typed: string): number {
  const found = /^\s*(\d+(?:[.,]\d+)?)\s*([a-z]*)\s*$/i.exec(typed);
  const unit = found?.[2] ?? "";
  const factor = UNITS[unit.toLowerCase()];
  if (found === null || (unit !== "" && factor === undefined)) throw new CliError("BAD_SIZE", `"${typed}" is not a size. Type a number and a unit, such as 20GB, 50GiB or 1.5TB.`);
  if (factor === undefined) throw new CliError("BAD_SIZE", `"${typed}" has no unit. Type ${found[1]}GB or ${found[1]}MB.`);
  const bytes = Math.round(Number(found[1]!.replace(",", ".")) * factor);
  if (bytes < 1) throw new CliError("BAD_SIZE", `"${typed}" is nothing. Type a size above zero, such as 20GB.`);
  if (bytes > Number.MAX_SAFE_INTEGER) throw new CliError("BAD_SIZE", `"${typed}" is more than any disk holds. Type a size such as 20GB.`);
  return bytes;
}

const SECOND_MS = 1000;
const DURATIONS: Readonly<Record<string, number>> = { s: SECOND_MS, m: 60 * SECOND_MS, h: 3_600 * SECOND_MS, d: 86_400 * SECOND_MS, w: 604_800 * SECOND_MS };

/**
 * Reads a length of time as people type it: "12h", "7d", "26 w". In milliseconds.
 * @throws CliError BAD_SIZE
 */
export function parseDuration(typed: string): number {
  const found = /^\s*(\d{1,6})\s*([smhdw])\s*$/i.exec(typed);
  const ms = found === null ? 0 : Number(found[1]) * DURATIONS[found[2]!.toLowerCase()]!;
  if (ms === 0) throw new CliError("BAD_SIZE", `"${typed}" is not a length of time. Type a number above zero and a unit: 90m, 12h, 7d, 26w.`);
  return ms;
}
