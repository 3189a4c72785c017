import { openForReading } from "../../platform/index.ts";
import { printable } from "../table.ts";
import type { FileToSend } from "./scan.ts";

/** Of each file of rules; the rest is counted. */
const SHOWN = 10;
/** A file of rules is far smaller; of a larger one it is enough to know that it is. */
const READ_BYTES = 256 * 1024;

/** What in these files will not work as their author may think, in sentences. None of it keeps them from being published. */
export async function advise(files: readonly FileToSend[]): Promise<string[]> {
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

async function start(file: FileToSend): Promise<Uint8Array> {
  const opened = await openForReading(file.absolutePath);
  try {
    return await opened.read(0, Math.min(file.sizeBytes, READ_BYTES));
  } finally {
    await opened.close();
  }
}
