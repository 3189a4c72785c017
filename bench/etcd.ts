import { spawn } from "node:child_process";
import { join } from "node:path";
import { freePortPair } from "../src/net/index.ts";
import type { Bench } from "../test/cluster/harness.ts";
import { until } from "../test/cluster/harness.ts";
import { installed } from "./processes.ts";

export interface EtcdCluster {
  /** Where the leader takes clients: asked elsewhere, a member would pass each write on. */
  readonly port: number;
  readonly pids: readonly number[];
}

interface Status {
  readonly header: { readonly member_id: string };
  readonly leader?: string;
}

/** Three members with etcd's defaults, each on its own folder; undefined when etcd is not installed. */
export async function startEtcd(bench: Bench): Promise<EtcdCluster | undefined> {
  const path = await installed("etcd");
  if (path === undefined) return undefined;
  const taken = new Set<number>();
  const members: { readonly name: string; readonly client: string; readonly peer: string; readonly port: number }[] = [];
  for (const name of ["one", "two", "three"]) {
    const { httpPort, peerPort } = await freePortPair(20_000 + Math.floor(Math.random() * 20_000), taken);
    for (const port of [httpPort, peerPort]) taken.add(port);
    members.push({ name, client: `http://127.0.0.1:${httpPort}`, peer: `http://127.0.0.1:${peerPort}`, port: httpPort });
  }
  const cluster = members.map(({ name, peer }) => `${name}=${peer}`).join(",");
  const children = members.map(({ name, client, peer }) =>
    bench.watch(
      spawn(path, ["--name", name, "--data-dir", join(bench.folder, `etcd ${name}`), "--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", cluster, "--log-level", "error"], { stdio: "ignore" }),
    ),
  );
  const leader = async (): Promise<number | undefined> => {
    for (const { client, port } of members) {
      const status = await fetch(`${client}/v3/maintenance/status`, { method: "POST", body: "{}" }).then((answer) => answer.json() as Promise<Status>, () => undefined);
      if (status?.leader !== undefined && status.leader === status.header.member_id) return port;
    }
    return undefined;
  };
  await until("etcd has a leader", 20_000, async () => (await leader()) !== undefined);
  return { port: (await leader())!, pids: children.map(({ pid }) => pid!) };
}
