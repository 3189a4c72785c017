import type { HostId } from "../../codec/index.ts";
import type { HostRow } from "../../door/index.ts";
import type { CommandFile, CommonOptions } from "../context.ts";
import { common } from "../context.ts";
import { stateOf } from "../host-state.ts";
import { formatBytes } from "../sizes.ts";
import { table } from "../table.ts";
import { connect } from "../target.ts";

interface Options extends CommonOptions {
  readonly addresses?: true;
}

export const hosts: CommandFile = (command, go) => {
  command.option("--addresses", "write where the hosts may be reached, as a list that 'up --peers FILE' reads").action(
    go(async (context, options: Options) => {
      const api = await connect(context, options);
      try {
        if (options.addresses === true) {
          const peers = await api.addresses();
          const { formatPeersFile } = await import("../../net/index.ts");
          const { idFromText } = await import("../../codec/index.ts");
          const known = peers.map(({ host, addresses, name }) => ({ peer: idFromText<HostId>(host), addresses, ...(name === undefined ? {} : { name }) }));
          context.io.answer(peers, () => formatPeersFile(known));
        } else {
          const rows = await api.hosts();
          context.io.answer(rows, () => hostTable(rows));
        }
      } finally {
        api.close();
      }
    }),
  );
  common(command, "hosts", "hosts --addresses > peers.txt");
};

export function hostTable(rows: readonly HostRow[]): string {
  const columns = ["host", "state", "zone", { title: "used", right: true }, { title: "capacity", right: true }, { title: "latency", right: true }, "address"];
  return table(columns, rows.map((row) => [row.isSelf ? `${row.name} (this)` : row.name, stateOf(row), row.zone, row.usedBytes === undefined ? "?" : formatBytes(row.usedBytes), formatBytes(row.capacityBytes), row.roundTripMs === undefined ? "" : `${row.roundTripMs} ms`, row.address ?? "unknown"]));
}
