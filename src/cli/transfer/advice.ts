import { openForReading } from "../../platform/index.ts";
import { printable } from "../table.ts";
import { LOOKED_AT_BYTES, isPage, nameAdvice, pageAdvice } from "./origins.ts";
import type { FileToSend } from "./scan.ts";

/** Of one kind; the rest is counted. */
const SHOWN = 10;
/** More pages would only say the same again. */
const PAGES_MAX = 500;

/** What in these files will not work as their author may think, in sentences. None of it keeps them from being published. */
export async function advise(files: readonly FileToSend[]): Promise<string[]> {
  return [...(await rulesAdvice(files)), ...(await originAdvice(files))];
}

async function rulesAdvice(files: readonly FileToSend[]): Promise<string[]> {
  const rules = files.filter((file) => file.path === "_redirects" || file.path === "_headers");
  if (rules.length === 0) return [];
  const { rulesFaults } = await import("../../site/index.ts");
  const warnings: string[] = [];
  for (const file of rules) {
    const faults = rulesFaults(file.path, await start(file));
    warnings.push(...faults.slice(0, SHOWN).map(({ line, words }) => `${file.path}, line ${line}, is left out: ${printable(words)}.`));
    if (faults.length > SHOWN) warnings.push(`${file.path}: ${faults.length - SHOWN} more lines are left out.`);
  }
  return warnings;
}

async function originAdvice(files: readonly FileToSend[]): Promise<string[]> {
  const warnings: string[] = [];
  for (const { path } of files) {
    const words = nameAdvice(path);
    if (words !== undefined) warnings.push(`${printable(path)} ${words}.`);
  }
  for (const file of files.filter(({ path }) => isPage(path)).slice(0, PAGES_MAX)) {
    const text = Buffer.from(await start(file)).toString("latin1");
    for (const words of pageAdvice(text)) warnings.push(`${printable(file.path)} ${printable(words)}.`);
  }
  if (warnings.length <= SHOWN) return warnings;
  return [...warnings.slice(0, SHOWN), `${warnings.length - SHOWN} more files have something like that.`];
}

async function start(file: FileToSend): Promise<Uint8Array> {
  const opened = await openForReading(file.absolutePath);
  try {
    return await opened.read(0, Math.min(file.sizeBytes, LOOKED_AT_BYTES));
  } finally {
    await opened.close();
  }
}
