import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { TestHost } from "../test/cluster/harness.ts";
import { allSee } from "../test/cluster/harness.ts";
import { emptyCache, fetchOn, household, put } from "../test/cluster/household.ts";
import { writeFilm } from "./content.ts";
import { MB, MIB, median, seconds } from "./figures.ts";
import type { Benchmark, Row } from "./plan.ts";
import { sized } from "./plan.ts";

const NAMES = ["attic", "cellar", "barn", "shed", "roof"] as const;
const ROUNDS = 3;

/** How fast a private file comes in while hosts are down, and from one, two or four that have the whole of it. */
export const fetching: Benchmark = {
  name: "fetching",
  async run({ size, bench, say }) {
    const { all } = await household(bench, NAMES.map((name) => ({ name, capacityBytes: 20e9 })));
    const writer = all[0]!;
    const film = await writeFilm(join(bench.folder, "film"), sized(size, 48, 1_024) * MIB);
    const rate = async (reader: TestHost, id: string): Promise<number[]> => {
      const rates: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        await emptyCache(reader);
        const begun = performance.now();
        const folder = await fetchOn(reader, id);
        rates.push(film.sizeBytes / MB / seconds(begun));
        await rm(folder, { recursive: true });
      }
      return rates;
    };
    const rows: Row[] = [];
    const note = (what: string, rates: readonly number[], limit: string): void => {
      say(`${what}: ${median(rates).toFixed(0)} MB/s`);
      rows.push({ what, value: median(rates), unit: "MB/s", limit, runs: rates });
    };
    const coded = await put(writer, film.folder, "--code", "3+2");
    const reader = all[4]!;
    note("fetching 3+2, all five hosts up", await rate(reader, coded), "the reader has one piece of each pack itself");
    await Promise.all([all[1]!.kill(), all[2]!.kill()]);
    note("fetching 3+2, two of five hosts killed", await rate(reader, coded), "with a parity piece the rest is computed");
    await Promise.all([all[1]!.up(), all[2]!.up()]);
    await allSee(all, 60_000);

    // One that is being emptied takes nothing new, so that the four others have a copy each.
    await writer.ask(["drain", reader.name]);
    const copied = await put(writer, film.folder, "--copies", "4");
    const holders = all.filter((host) => host !== reader);
    for (const left of [4, 2, 1]) {
      await Promise.all(holders.splice(left).map((host) => host.kill()));
      note(`fetching whole copies from ${left} ${left === 1 ? "host" : "hosts"}`, await rate(reader, copied), "all sources share this machine with the reader");
    }
    return rows;
  },
};
