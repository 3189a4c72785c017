import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MB, median } from "./figures.ts";
import type { Benchmark, Row } from "./plan.ts";
import { sized } from "./plan.ts";
import type { Memory } from "./processes.ts";
import { Program, memoryOf } from "./processes.ts";

const REACH_MB = 60;

/** What a host takes that does nothing, beside the engines it is built on in an otherwise empty program. */
export const memoryIdle: Benchmark = {
  name: "memory-idle",
  async run({ size, bench, say }) {
    const hosts = [await bench.network(["alone"]), await bench.network(["attic", "cellar", "barn"])].flat();
    // The second start finds all code compiled, as every later start of a host does.
    const bare = Array.from({ length: 2 }, (_, at) => new Program(bench, "bare-stack.ts", [join(bench.folder, `bare ${at}.db`)]));
    for (const program of bare) await program.next();
    say("settling");
    const samples: { readonly alone: Memory; readonly member: Memory; readonly bare: Memory }[] = [];
    for (let round = 0; round < sized(size, 4, 12); round += 1) {
      await sleep(sized(size, 2_000, 5_000));
      samples.push({ alone: memoryOf(hosts[0]!.pid), member: memoryOf(hosts[1]!.pid), bare: memoryOf(bare[1]!.pid) });
    }
    const middle = (which: "alone" | "member" | "bare", field: keyof Memory): number => median(samples.map((sample) => sample[which][field])) / MB;
    return (["alone", "member"] as const).map((which): Row => {
      const [value, beside] = [middle(which, "residentBytes"), middle("bare", "residentBytes")];
      const own = middle(which, "privateBytes") - middle("bare", "privateBytes");
      return {
        what: which === "alone" ? "memory of an idle host" : "memory of an idle host with two others",
        value,
        unit: "MB resident",
        beside: { what: "libp2p and a SQLite worker in an empty program", value: beside, unit: "MB" },
        reach: { text: `at most ${REACH_MB} MB more`, isReached: value - beside <= REACH_MB },
        limit: `code and libraries; ${own.toFixed(0)} MB more of private pages`,
        runs: samples.map((sample) => sample[which].residentBytes / MB),
      };
    });
  },
};
