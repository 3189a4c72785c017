import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { Bench, TestHost } from "../test/cluster/harness.ts";
import { household, put } from "../test/cluster/household.ts";
import { shares } from "../src/pool/write/placement.ts";
import { packsOn, piecesOn, spreadOf } from "../test/cluster/pieces.ts";
import { writeFilm } from "./content.ts";
import { MB, MIB, percentile, seconds } from "./figures.ts";
import type { Benchmark, Row } from "./plan.ts";
import { sized } from "./plan.ts";
import { Program } from "./processes.ts";
import type { WebServer } from "./web-servers.ts";
import { startBareNode } from "./web-servers.ts";

const execute = promisify(execFile);

/** A host of a quarter, and one of four times, what most of them offer. */
const CAPACITY_GB = [5, 5, 10, 20, 20, 40, 80];
const NAMES = ["attic", "loft", "barn", "shed", "roof", "cellar", "vault"] as const;
const PIECES = 5;
const AWAY_FOR = "2s";
const GIVE_UP_MS = 600_000;
/** Thousands of files are looked at each time, which itself takes from the hosts. */
const LOOK_EVERY_MS = { quick: 200, full: 3_000 } as const;
/** Until what serves and what asks has been compiled. */
const WARM_UP_MS = 5_000;

/** How long answers took, in milliseconds. */
interface Waits {
  readonly host: readonly number[];
  /** Of a bare node:http on the same machine: what the machine itself makes visitors wait. */
  readonly bare: readonly number[];
}

/** Two visitors that ask and ask: one for a page of the host, the other for as small a one of a bare server. */
class Visitors {
  readonly #host: Program;
  readonly #bare: Program;

  constructor(bench: Bench, { httpPort }: TestHost, bare: WebServer) {
    this.#host = new Program(bench, "visitor.ts", [String(httpPort), "/", `page.localhost:${httpPort}`]);
    this.#bare = new Program(bench, "visitor.ts", [String(bare.port), "/1024.bin", "127.0.0.1"]);
  }

  get pids(): readonly number[] {
    return [this.#host.pid, this.#bare.pid];
  }

  /** What they have waited since they were last asked. */
  async waits(): Promise<Waits> {
    const [host, bare] = await Promise.all([this.#host, this.#bare].map((visitor) => visitor.ask<number[]>("")));
    return { host: host!, bare: bare! };
  }
}

/** How evenly unequal hosts are filled, how fast what a lost host had is made anew, and how long visitors wait meanwhile. */
export const repairing: Benchmark = {
  name: "repairing",
  async run({ size, bench, say }) {
    const { all } = await household(bench, NAMES.map((name, at) => ({ name, capacityBytes: CAPACITY_GB[at]! * 1e9 })));
    const owner = all[0]!;
    const page = join(bench.folder, "page");
    await mkdir(page);
    await writeFile(join(page, "index.html"), "<h1>page</h1>");
    await owner.ask(["publish", page, "--name", "page", "--copies", "all"]);
    const film = await writeFilm(join(bench.folder, "film"), sized(size, 256, 4_096) * MIB);
    await put(owner, film.folder, "--code", "3+2");
    const packs = [...(await packsOn(all))].filter(([, pieces]) => pieces.some(({ index }) => index > 0));
    const ofFilm = new Set(packs.map(([pack]) => pack));
    const held = await Promise.all(all.map(heldBy));
    const fill = held.map((bytes, at) => bytes / CAPACITY_GB[at]! / 1e9);
    say(`held: ${held.map((bytes, at) => `${NAMES[at]} ${(bytes / MB).toFixed(0)} MB`).join(", ")}`);
    const visitors = new Visitors(bench, owner, await startBareNode(bench));
    for (const setting of ["repair-after", "gone-after"]) await owner.ask(["network", "set", setting, AWAY_FOR]);

    // First the one that offers the most: it has a piece of nearly every pack.
    const [vault, cellar] = [all.at(-1)!, all.at(-2)!];
    const shared = await lose(vault, all.slice(0, -1));
    say(`${(shared.bytes / MB).toFixed(0)} MB made anew in ${shared.tookSeconds.toFixed(1)} s, ${shared.wholeAfterSeconds.toFixed(1)} s after the loss`);
    await giveProcessor([owner.pid, ...visitors.pids], all.slice(1, -1).map(({ pid }) => pid));
    try {
      return rowsOf({ fill, shared, alone: await lose(cellar, all.slice(0, -2)) });
    } finally {
      // What is measured after this starts its hosts from here, and they run where this process may.
      await pin(process.pid, `0-${cpus().length - 1}`);
    }

    /** Kills a host and waits until what it had is made anew on those that are left. */
    async function lose(victim: TestHost, left: readonly TestHost[]): Promise<Loss> {
      const bytes = await heldBy(victim);
      await sleep(WARM_UP_MS);
      await visitors.waits();
      await sleep(sized(size, 3_000, 10_000));
      const before = await visitors.waits();
      const countBefore = (await Promise.all(left.map(piecesOn))).flat().length;
      await victim.kill();
      const killed = performance.now();
      let begun: number | undefined;
      for (let isWhole = false; !isWhole; await sleep(sized(size, LOOK_EVERY_MS.quick, LOOK_EVERY_MS.full))) {
        if (performance.now() - killed > GIVE_UP_MS) throw new Error("not all was made anew");
        const found = await packsOn(left);
        if (begun === undefined && [...found.values()].flat().length > countBefore) begun = performance.now();
        isWhole = packs.every(([pack]) => spreadOf(found.get(pack) ?? []) >= PIECES);
      }
      return { bytes, tookSeconds: seconds(begun ?? killed), wholeAfterSeconds: seconds(killed), before, during: await visitors.waits() };
    }

    async function heldBy(host: TestHost): Promise<number> {
      return (await piecesOn(host)).filter(({ pack }) => ofFilm.has(pack)).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    }
  },
};

/**
 * Has some processes run on the first processor and others, this one among them, on the rest. Hosts that repair on one machine take its processors
 * from each other, which hosts on machines of their own do not: one that has a processor to itself shows what repair costs its visitors.
 */
async function giveProcessor(first: readonly number[], rest: readonly number[]): Promise<void> {
  const others = cpus().length > 1 ? `1-${cpus().length - 1}` : "0";
  for (const pid of first) await pin(pid, "0");
  for (const pid of [...rest, process.pid]) await pin(pid, others);
}

async function pin(pid: number, processors: string): Promise<void> {
  await execute("taskset", ["--all-tasks", "--cpu-list", "--pid", processors, String(pid)]);
}

interface Loss {
  readonly bytes: number;
  readonly tookSeconds: number;
  readonly wholeAfterSeconds: number;
  readonly before: Waits;
  readonly during: Waits;
}

interface Found {
  readonly fill: readonly number[];
  /** While all hosts share this machine's processors. */
  readonly shared: Loss;
  /** While the host with the page has one for itself. */
  readonly alone: Loss;
}

function deviationOf(fill: readonly number[]): number {
  const mean = fill.reduce((sum, part) => sum + part, 0) / fill.length;
  return Math.sqrt(fill.reduce((sum, part) => sum + (part - mean) ** 2, 0) / fill.length) / mean;
}

function rowsOf({ fill, shared, alone }: Found): Row[] {
  const mean = fill.reduce((sum, part) => sum + part, 0) / fill.length;
  const best = shares(CAPACITY_GB, PIECES).map((share, at) => share / CAPACITY_GB[at]!);
  return [
    { what: "placement: deviation of the hosts' fill from its mean", value: deviationOf(fill) * 100, unit: "%", beside: { what: "the best there is with one piece of a pack for each host", value: deviationOf(best) * 100, unit: "%" }, limit: `of seven hosts each pack takes five, so the largest cannot have its whole share; fullest ${(Math.max(...fill) / mean).toFixed(2)} of the mean, emptiest ${(Math.min(...fill) / mean).toFixed(2)}` },
    { what: "repair of a lost host's pieces", value: shared.bytes / MB / shared.tookSeconds, unit: "MB/s", limit: "read k times, written once; one machine does the work of six" },
    { what: "  whole again after the loss", value: shared.wholeAfterSeconds, unit: "s", limit: `of which ${AWAY_FOR} until the host counts as gone, and the coordinator's next look` },
    ...waitsOf(shared, "meanwhile, six hosts on all processors", "the hosts take the processors from each other: what a thread waits for one is most of it"),
    { what: "repair of the next one's, one processor kept free of it", value: alone.bytes / MB / alone.tookSeconds, unit: "MB/s", limit: "four hosts on what is left" },
    ...waitsOf(alone, "meanwhile, its host on a processor of its own", "what repair itself takes of the one thread that answers"),
  ];
}

function waitsOf({ before, during }: Loss, when: string, limit: string): Row[] {
  return (["host", "bare"] as const).flatMap((who) => ([50, 99] as const).map((part): Row => {
    const [now, calm] = [percentile(during[who], part / 100), percentile(before[who], part / 100)];
    const reach = who === "host" && part === 99 ? { reach: { text: "under 2 × what it is before", isReached: now < 2 * calm } } : {};
    return { what: `  ${who === "host" ? "a page" : "of a bare node:http"} ${when}, p${part}`, value: now, unit: "ms", beside: { what: "before", value: calm, unit: "ms" }, ...reach, limit: who === "host" ? limit : "what the machine itself makes wait" };
  }));
}
