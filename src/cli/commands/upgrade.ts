import type { UpgradePlanRow, UpgradeRow } from "../../door/index.ts";
import type { CommandFile, CommonOptions, Context } from "../context.ts";
import { common } from "../context.ts";
import type { EntryApi } from "../entry-api.ts";
import { ApiError, CliError } from "../errors.ts";
import { spreadWords, wayOf } from "../redundancy.ts";
import { count, formatBytes } from "../sizes.ts";
import { connect } from "../target.ts";

interface Options extends CommonOptions {
  readonly dryRun?: true;
}

/** What is told of an upgrade that ended before all was done; the error's own code says how the process ends. */
const FAULT_STATUS = 503;

export const upgrade: CommandFile = (command, go) => {
  command
    .option("--dry-run", "only say what would be done, and how much space it takes")
    .action(
      go(async (context, options: Options) => {
        const api = await connect(context, options);
        try {
          if (options.dryRun === true) {
            const plan = await api.entries.planUpgrade(context.signal);
            return context.io.answer(plan, () => planWords(plan));
          }
          const last = await upgraded(context, api.entries);
          context.io.answer(last, () => doneWords(last));
        } finally {
          api.close();
        }
      }),
    );
  common(command, "upgrade --dry-run", "upgrade");
};

async function upgraded({ io, signal }: Context, entries: EntryApi): Promise<UpgradeRow> {
  let last: UpgradeRow | undefined;
  try {
    for await (last of entries.upgrade(signal)) {
      if (last.fault !== null) throw new ApiError(FAULT_STATUS, last.fault.code, last.fault.message);
      io.redraw(`Upgrading: ${formatBytes(last.doneBytes)} of ${formatBytes(last.contentBytes)}`);
    }
  } catch (error) {
    throw signal.aborted ? new CliError("CANCELLED", "Stopped. What was stored anew by then stays; the same command goes on with the rest.", { cause: error }) : error;
  } finally {
    io.redraw("");
  }
  return last!;
}

function planWords(plan: UpgradePlanRow): string {
  if (plan.packs === 0) return `All that you have put survives as much as it would if it were put today: ${wayOf(plan.redundancy)}.`;
  return `${formatBytes(plan.contentBytes)} in ${count(plan.packs, "pack")} would be stored anew ${wayOf(plan.redundancy)}. That takes ${formatBytes(plan.takenBytes)}; what is stored now counts as well until it is deleted.`;
}

function doneWords(row: UpgradeRow): string {
  if (row.packs === 0) return planWords(row);
  return `${formatBytes(row.doneBytes)} are stored anew ${wayOf(row.redundancy)}.${spreadWords(row.isSpread)} The old packs are condemned when the new ones are whole, and deleted as other unused content is.`;
}
