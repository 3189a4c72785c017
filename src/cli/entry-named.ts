import type { EntryRow } from "../door/index.ts";
import { invoked } from "./context.ts";
import type { EntryApi } from "./entry-api.ts";
import { CliError } from "./errors.ts";

/** Fewer letters of an id would soon mean several. */
const PREFIX_LETTERS = 4;

/**
 * The entry that is meant: by its id, the beginning of that, or its name where no other has it.
 * @throws CliError NO_SUCH_ENTRY, USAGE when several could be meant
 */
export async function entryNamed(entries: Pick<EntryApi, "list">, wanted: string): Promise<EntryRow> {
  const found: EntryRow[] = [];
  for await (const row of entries.list()) {
    if ("code" in row) continue;
    if (row.id === wanted) return row;
    if (row.name === wanted || (wanted.length >= PREFIX_LETTERS && row.id.startsWith(wanted))) found.push(row);
  }
  const [only, another] = found;
  if (only === undefined) throw new CliError("NO_SUCH_ENTRY", `You keep nothing under ${JSON.stringify(wanted)}. '${invoked()} ls' lists what you keep.`);
  if (another !== undefined) throw new CliError("USAGE", `${JSON.stringify(wanted)} could be any of these: ${found.map(({ id }) => id).join(", ")}. Say which by its id.`);
  return only;
}
