import { MB, MIB, median } from "./figures.ts";
import type { Benchmark } from "./plan.ts";
import { sized } from "./plan.ts";
import { Program, watchProcessors } from "./processes.ts";

const WAYS = ["holdfast", "tls", "tcp"] as const;
type Way = (typeof WAYS)[number];

/** How fast bytes go from one host to another, in two processes over loopback, beside bare sockets. */
export const bulk: Benchmark = {
  name: "bulk",
  async run({ size, bench, say }) {
    const taker = new Program(bench, "bulk-peer.ts", ["take"]);
    const giver = new Program(bench, "bulk-peer.ts", ["give", JSON.stringify(await taker.next())]);
    await giver.next();
    const sizeMib = sized(size, 256, 2_048);
    const rates = new Map<Way, number[]>(WAYS.map((way) => [way, []]));
    const busy: (readonly number[])[] = [];
    for (let round = 0; round <= sized(size, 5, 9); round += 1) {
      for (const way of WAYS) {
        const cores = watchProcessors([giver.pid, taker.pid]);
        const { seconds } = await giver.ask<{ seconds: number }>({ way, sizeMib });
        // The first round compiles, and opens the connection for bulk.
        if (round === 0) continue;
        rates.get(way)!.push((sizeMib * MIB) / MB / seconds);
        if (way === "holdfast") busy.push(cores());
      }
    }
    say(WAYS.map((way) => `${way} ${median(rates.get(way)!).toFixed(0)} MB/s`).join(", "));
    const value = median(rates.get("holdfast")!);
    const [sender, receiver] = [0, 1].map((at) => median(busy.map((each) => each[at]!)).toFixed(2));
    const limit = `TLS through streams in JavaScript, with copies at each step: ${sender} cores at the sender, ${receiver} at the receiver`;
    return (["tls", "tcp"] as const).map((way) => ({
      what: "bulk from host to host",
      value,
      unit: "MB/s",
      beside: { what: `a bare ${way.toUpperCase()} socket`, value: median(rates.get(way)!), unit: "MB/s" },
      limit,
      runs: rates.get("holdfast")!,
    }));
  },
};
