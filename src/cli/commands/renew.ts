import type { CommandFile } from "../context.ts";
import { invoked, jsonAndExamples } from "../context.ts";
import { formatBytes, parseBytes } from "../sizes.ts";
import { printable } from "../table.ts";

interface Options {
  readonly data: string;
  readonly from: string;
  readonly capacity?: number;
}

export const renew: CommandFile = (command, go) => {
  command
    .requiredOption("--data <folder>", "an empty folder on the new disk")
    .requiredOption("--from <folder>", "the data folder that it replaces, or a backup of host.key, network.cbor, delegation.cbor and settings.json")
    .option("--capacity <size>", "how much of the new disk it may use (default: as much as before)", parseBytes)
    .action(
      go(async (context, { data, from, capacity }: Options) => {
        const { renewHost } = await import("../../daemon/index.ts");
        const renewed = await renewHost({ data, from, ...(capacity === undefined ? {} : { capacityBytes: capacity }) });
        const words = `This is the same host of ${printable(renewed.networkName)} on an empty disk, of which it may use ${formatBytes(renewed.capacityBytes)}. It fetches again what it should hold, and claims no longer what nobody has.`;
        context.io.answer(renewed, () => `${words}\nNever start it from the old folder again.\n\nNext: '${invoked()} up --data ${renewed.data}'`);
      }),
    );
  jsonAndExamples(command, "renew --from /mnt/old/holdfast --data /mnt/new/holdfast");
};
