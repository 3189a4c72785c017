import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Bench } from "../test/cluster/harness.ts";
import { emptyCache, fetchOn, household, put } from "../test/cluster/household.ts";
import type { Tree } from "./content.ts";
import { copyAndSync, writeFilm, writeTree } from "./content.ts";
import { MB, MIB, median, seconds } from "./figures.ts";
import type { Benchmark, Figure, Row } from "./plan.ts";
import { sized } from "./plan.ts";
import { Program, installed, output, watchProcessors } from "./processes.ts";
import { stages } from "./stages.ts";

const NAMES = ["attic", "cellar", "barn", "shed", "roof"] as const;
const [K, M] = [3, 2];

interface Times {
  readonly put: number;
  readonly fetch: number;
}

interface Tried extends Times {
  readonly restic: Times | undefined;
  readonly disk: Times;
  /** Cores kept busy by the writer's host while it puts, and by the other four together. */
  readonly writer: number;
  readonly others: number;
}

/** The least that a disk must do: the files written k + m for k, each synced; and read and written once on the way back. */
async function plainly(tree: Tree, to: string): Promise<Times> {
  const copy = async (times: number): Promise<number> => {
    const begun = performance.now();
    await copyAndSync(tree, to, times);
    await rm(to, { recursive: true });
    return seconds(begun);
  };
  const [once, twice] = [await copy(1), await copy(2)];
  return { put: once + ((K + M) / K - 1) * (twice - once), fetch: once };
}

/** The same content into and out of a repository of restic's on this disk: one copy, encrypted, on one machine. */
async function byRestic(bench: Bench, tree: Tree): Promise<Times | undefined> {
  const program = await installed("restic");
  if (program === undefined) return undefined;
  const [repository, to, password] = [join(bench.folder, "restic"), join(bench.folder, "restored"), join(bench.folder, "restic.password")];
  const restic = (...args: readonly string[]): Promise<string> => output(bench, "sh", ["-c", `echo kelp > ${password}; exec "$0" "$@"`, program, "--quiet", "--no-cache", "--password-file", password, "--repo", repository, ...args]);
  await restic("init");
  const begun = performance.now();
  await restic("backup", tree.folder);
  const putSeconds = seconds(begun);
  const again = performance.now();
  await restic("restore", "latest", "--target", to);
  const times = { put: putSeconds, fetch: seconds(again) };
  for (const folder of [repository, to]) await rm(folder, { recursive: true });
  return times;
}

async function wireRate(bench: Bench, size: number): Promise<number> {
  const taker = new Program(bench, "bulk-peer.ts", ["take"]);
  const giver = new Program(bench, "bulk-peer.ts", ["give", JSON.stringify(await taker.next())]);
  await giver.next();
  const rates: number[] = [];
  for (let round = 0; round < 3; round += 1) rates.push((size * MIB) / MB / (await giver.ask<{ seconds: number }>({ way: "tls", sizeMib: size })).seconds);
  await Promise.all([giver.stop(), taker.stop()]);
  return median(rates);
}

/** Private content put and fetched with the commands that people type, on five hosts of one person on this machine, in 3+2 pieces. */
export const privateFiles: Benchmark = {
  name: "private-files",
  async run({ size, bench, say }) {
    const wire = await wireRate(bench, sized(size, 64, 512));
    const { all } = await household(bench, NAMES.map((name) => ({ name, capacityBytes: 40e9 })));
    const [writer, , reader] = all as [(typeof all)[0], unknown, (typeof all)[0]];
    const attempt = async (tree: Tree): Promise<Tried> => {
      const disk = await plainly(tree, join(bench.folder, "copied"));
      const restic = await byRestic(bench, tree);
      const busy = watchProcessors(all.map((host) => host.pid));
      const begun = performance.now();
      const id = await put(writer, tree.folder, "--code", `${K}+${M}`);
      const putSeconds = seconds(begun);
      const [first, ...rest] = busy();
      const again = performance.now();
      const folder = await fetchOn(reader, id);
      const fetchSeconds = seconds(again);
      await rm(folder, { recursive: true });
      await writer.ask(["rm", id]);
      await emptyCache(reader);
      return { put: putSeconds, fetch: fetchSeconds, disk, restic, writer: first!, others: rest.reduce((sum, cores) => sum + cores, 0) };
    };
    const series = async (what: string, make: () => Promise<Tree>): Promise<{ readonly tree: Tree; readonly tried: readonly Tried[] }> => {
      const tried: Tried[] = [];
      let tree: Tree | undefined;
      for (let round = 0; round < 3; round += 1) {
        tree = await make();
        tried.push(await attempt(tree));
        await rm(tree.folder, { recursive: true });
        say(`${what}: put in ${tried.at(-1)!.put.toFixed(2)} s, fetched in ${tried.at(-1)!.fetch.toFixed(2)} s`);
      }
      return { tree: tree!, tried };
    };
    const folder = join(bench.folder, "content");
    const film = await series("film", () => writeFilm(folder, sized(size, 64, 1_024) * MIB));
    const tree = await series("tree", () => writeTree(folder, sized(size, 500, 10_000)));
    const steps = stages(K, M);
    const wired: Figure = { what: "one TLS line between two processes", value: wire, unit: "MB/s" };
    return [
      ...rows("one large file", "MB/s", film.tree.sizeBytes / MB, film.tried),
      { what: "putting one large file", value: film.tree.sizeBytes / MB / median(film.tried.map((each) => each.put)), unit: "MB/s", beside: wired, limit: `each byte crosses ${((K + M) / K).toFixed(2)} times` },
      ...rows("a tree", "files/s", tree.tree.files.length, tree.tried),
      ...steps.map(({ what, mbPerSecond }) => ({ what: `  ${what}, one thread`, value: mbPerSecond, unit: "MB/s", limit: "of the processor's time alone" })),
    ];
  },
};

function rows(what: string, unit: string, amount: number, tried: readonly Tried[]): Row[] {
  const middle = (field: "writer" | "others"): string => median(tried.map((each) => each[field])).toFixed(2);
  const one = (way: keyof Times, name: string): Row[] => {
    const rates = tried.map((each) => amount / each[way]);
    const limit = way === "put" ? `${middle("writer")} cores at the writer, ${middle("others")} at the others: one machine does the work of five` : "one machine does the work of five";
    const beside = (label: string, values: readonly number[]): Figure => ({ what: label, value: amount / median(values), unit });
    const restic = tried.flatMap((each) => (each.restic === undefined ? [] : [each.restic[way]]));
    const row = { what: `${name} ${what}`, value: median(rates), unit, limit, runs: rates };
    const disk = { ...row, beside: beside(way === "put" ? "writes and fsync, 5 for 3" : "reads, writes and fsync, once", tried.map((each) => each.disk[way])) };
    // Without restic on this machine its row is left out.
    return restic.length === 0 ? [disk] : [{ ...row, beside: beside(way === "put" ? "restic backup, one copy" : "restic restore", restic) }, disk];
  };
  return [...one("put", "putting"), ...one("fetch", "fetching")];
}
