import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MIB, median } from "./figures.ts";
import type { Load } from "./load.ts";
import { load } from "./load.ts";
import type { Benchmark, Row } from "./plan.ts";
import { sized } from "./plan.ts";
import { installed, watchProcessors } from "./processes.ts";
import type { WebServer } from "./web-servers.ts";
import { startBareNode, startPeer } from "./web-servers.ts";

const KINDS = [
  { sizeBytes: 1024, name: "1 KiB", reach: { nginx: 0.5, caddy: 1.5 } },
  { sizeBytes: 64 * 1024, name: "64 KiB", reach: { nginx: 1, caddy: 1 } },
  { sizeBytes: 4 * MIB, name: "4 MiB", reach: { nginx: 1, caddy: 1 } },
] as const;

type Kind = (typeof KINDS)[number];

interface Tried {
  readonly load: Load;
  readonly cores: number;
}

/** Requests for files that lie on the host that is asked, on 64 connections, beside web servers on the same files. */
export const serving: Benchmark = {
  name: "serving",
  async run({ size, bench, say }) {
    const wrk = await installed("wrk");
    if (wrk === undefined) throw new Error("wrk is not installed: apt install wrk");
    const folder = join(bench.folder, "files");
    await mkdir(folder);
    for (const { sizeBytes } of KINDS) await writeFile(join(folder, `${sizeBytes}.bin`), randomBytes(sizeBytes));
    const [host] = await bench.network(["attic"]);
    await host!.ask(["publish", folder, "--name", "blog"]);
    const own: WebServer = { name: "holdfast", port: host!.httpPort, pids: [host!.pid], stop: async () => {} };
    const servers: WebServer[] = [own];
    try {
      for (const name of ["nginx", "caddy"] as const) {
        const peer = await startPeer(bench, name, folder);
        if (peer === undefined) say(`${name} is not installed: its rows are left out`);
        else servers.push(peer);
      }
      servers.push(await startBareNode(bench));
      const rows: Row[] = [];
      for (const kind of KINDS) {
        const tried = new Map<string, Tried[]>(servers.map(({ name }) => [name, []]));
        // Each in turn, so that what else the machine does strikes all alike. The first round only warms up.
        for (let round = 0; round <= sized(size, 3, 7); round += 1) {
          for (const server of servers) {
            const busy = watchProcessors(server.pids);
            const target = { port: server.port, path: `/${kind.sizeBytes}.bin`, ...(server === own ? { host: `blog.localhost:${own.port}` } : {}) };
            const done = await load(bench, wrk, target, round === 0 ? 1 : sized(size, 1, 4));
            if (done.failed > 0) throw new Error(`${server.name} failed ${done.failed} requests for ${target.path}`);
            if (round > 0) tried.get(server.name)!.push({ load: done, cores: busy().reduce((sum, cores) => sum + cores, 0) });
          }
        }
        say(`${kind.name}: ${[...tried].map(([name, each]) => `${name} ${median(each.map((one) => one.load.requestsPerSecond)).toFixed(0)}/s p99 ${median(each.map((one) => one.load.p99Ms)).toFixed(1)} ms`).join(", ")}`);
        rows.push(...rowsOf(kind, tried));
      }
      return rows;
    } finally {
      await Promise.all(servers.map((server) => server.stop()));
    }
  },
};

function rowsOf(kind: Kind, tried: ReadonlyMap<string, readonly Tried[]>): Row[] {
  const middle = (name: string, what: (each: Tried) => number): number => median((tried.get(name) ?? []).map(what));
  const rate = (each: Tried): number => each.load.requestsPerSecond;
  const value = middle("holdfast", rate);
  const bare = value / middle("bare node:http", rate);
  const limit = `${middle("holdfast", ({ cores }) => cores).toFixed(2)} cores busy; ${bare.toFixed(2)} × bare node:http from memory; p50 ${middle("holdfast", ({ load }) => load.p50Ms).toFixed(1)} ms`;
  return (["nginx", "caddy"] as const).filter((name) => tried.has(name)).flatMap((name): Row[] => {
    const beside = middle(name, rate);
    const reach = kind.reach[name];
    const late = { what: name, value: middle(name, ({ load }) => load.p99Ms), unit: "ms" };
    return [
      { what: `serving ${kind.name}, 64 connections`, value, unit: "requests/s", beside: { what: `${name}, ${middle(name, ({ cores }) => cores).toFixed(1)} cores`, value: beside, unit: "" }, reach: { text: `${reach} × ${name}`, isReached: value >= reach * beside }, limit, runs: tried.get("holdfast")!.map(rate) },
      { what: `  p99`, value: middle("holdfast", ({ load }) => load.p99Ms), unit: "ms", beside: late, limit: "" },
    ];
  });
}
