import { join } from "node:path";
import type { TestHost } from "../test/cluster/harness.ts";
import { httpGet, until } from "../test/cluster/harness.ts";
import { writePieces } from "./content.ts";
import { MIB, percentile } from "./figures.ts";
import type { Benchmark, Row } from "./plan.ts";
import { sized } from "./plan.ts";

const NAMES = ["attic", "cellar", "barn", "shed", "roof"] as const;
const LANES = 2;
const REACH_P99_MS = 1_000;

interface Asked {
  readonly latencyMs: number;
  readonly error: string | undefined;
}

/** Asks each of the hosts once for each file, so that most answers need another host or the disk. `onHalf` is called in the middle. */
async function askAll(hosts: readonly TestHost[], files: readonly string[], sizeBytes: number, onHalf: () => void): Promise<Asked[]> {
  const asked: Asked[] = [];
  const half = (hosts.length * files.length) / 2;
  const lanes = hosts.flatMap((host) => {
    const rest = files.values();
    return Array.from({ length: LANES }, async () => {
      for (const path of rest) {
        const started = performance.now();
        const outcome = await httpGet(host.httpPort, `/${path}`, { host: `blog.localhost:${host.httpPort}` }).then(({ status, body }) => (status === 200 && body.length === sizeBytes ? undefined : `status ${status}`), String);
        asked.push({ latencyMs: performance.now() - started, error: outcome });
        if (asked.length === Math.floor(half)) onHalf();
      }
    });
  });
  await Promise.all(lanes);
  return asked;
}

/** Requests to the others while one host after the other is killed. */
export const failover: Benchmark = {
  name: "failover",
  async run({ size, bench, say }) {
    const hosts = await bench.network(NAMES, "20GB");
    const [calm, disturbed]: [Asked[], Asked[]] = [[], []];
    const victims = sized(size, [hosts[1]!, hosts[3]!], hosts.slice(1));
    const sizeBytes = MIB;
    for (const [round, victim] of [undefined, ...victims].entries()) {
      // New content each time: what has been asked for once lies in a cache.
      const tree = await writePieces(join(bench.folder, `content ${round}`), sized(size, 48, 200), sizeBytes);
      await hosts[0]!.ask(["publish", tree.folder, "--name", "blog"]);
      const asking = hosts.filter((host) => host !== victim);
      for (const host of asking) await until("it serves the new head", 10_000, async () => (await host.get("blog", "/round.txt")).text === String(round));
      let killing: Promise<unknown> | undefined;
      const asked = await askAll(asking, tree.files, sizeBytes, () => void (killing = victim?.kill()));
      await killing;
      (victim === undefined ? calm : disturbed).push(...asked);
      say(`${victim === undefined ? "nobody killed" : `${victim.name} killed`}: ${asked.length} requests, ${asked.filter(({ error }) => error !== undefined).length} failed, p99 ${p99(asked).toFixed(0)} ms`);
      await victim?.up();
    }
    const failed = disturbed.filter(({ error }) => error !== undefined);
    for (const { error } of failed) say(`failed: ${error}`);
    return rows(calm, disturbed, failed.length);
  },
};

function p99(asked: readonly Asked[]): number {
  return percentile(asked.map(({ latencyMs }) => latencyMs), 0.99);
}

function rows(calm: readonly Asked[], disturbed: readonly Asked[], failed: number): Row[] {
  const longest = Math.max(...disturbed.map(({ latencyMs }) => latencyMs));
  return [
    { what: `failed requests of ${disturbed.length} while hosts are killed`, value: failed, unit: "", reach: { text: "none", isReached: failed === 0 }, limit: "" },
    {
      what: "  p99 of 1 MiB each, most from another host",
      value: p99(disturbed),
      unit: "ms",
      beside: { what: "nobody killed", value: p99(calm), unit: "ms" },
      reach: { text: `under ${REACH_P99_MS / 1000} s`, isReached: p99(disturbed) < REACH_P99_MS },
      limit: `a source that is gone is replaced when its connection breaks; the longest took ${longest.toFixed(0)} ms`,
    },
  ];
}
