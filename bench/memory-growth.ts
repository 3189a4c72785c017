import { randomBytes } from "node:crypto";
import { apiOf, publishContents } from "./client.ts";
import { MB, slope } from "./figures.ts";
import { Inspector } from "./inspector.ts";
import type { Benchmark } from "./plan.ts";
import { sized } from "./plan.ts";
import { memoryOf } from "./processes.ts";

const STEPS = 10;

/** What stays in memory when a small site is published again and again: the publisher's and another host's, before and after a full collection. */
export const memoryGrowth: Benchmark = {
  name: "memory-growth",
  async run({ size, bench, say }) {
    const total = sized(size, 150, 1_000);
    const options = process.env["NODE_OPTIONS"] ?? "";
    process.env["NODE_OPTIONS"] = `${options} --inspect-port=0`;
    const hosts = await bench.network(["attic", "cellar"]);
    process.env["NODE_OPTIONS"] = options;
    const inspectors = await Promise.all(hosts.map((host) => Inspector.open(host)));
    const api = await apiOf(hosts[0]!);
    const publish = (): Promise<void> => publishContents(api, "blog", [
      { path: "index.html", bytes: randomBytes(2_000) },
      { path: "style.css", bytes: Buffer.from("body { margin: 2em }") },
      { path: "notes/today.html", bytes: randomBytes(500) },
    ]);
    // The first ones compile code and fill pools.
    for (let at = 0; at < Math.max(100, total / 5); at += 1) await publish();
    const [places, held, resident]: [number[], number[][], number[][]] = [[], [[], []], [[], []]];
    for (let step = 0; step <= STEPS; step += 1) {
      if (step > 0) for (let at = 0; at < total / STEPS; at += 1) await publish();
      places.push((step * total) / STEPS);
      for (const [at, host] of hosts.entries()) {
        resident[at]!.push(memoryOf(host.pid).residentBytes / MB);
        // Collecting at every step would hide how far the heap swells between two collections.
        if (step === 0 || step >= STEPS / 2) held[at]!.push((await inspectors[at]!.heldBytes()) / MB);
      }
      say(`${places.at(-1)} publications: ${resident.map((each) => `${each.at(-1)!.toFixed(0)} MB`).join(", ")}`);
    }
    for (const inspector of inspectors) inspector.close();
    api.close();
    const at = [places[0]!, ...places.slice(STEPS / 2)];
    return hosts.map((_host, who) => {
      const perThousand = 1_000 * slope(at, held[who]!);
      return {
        what: `memory held after 1,000 publications more, ${who === 0 ? "publisher" : "other host"}`,
        value: perThousand,
        unit: "MB",
        beside: { what: `all that it holds after ${total}`, value: held[who]!.at(-1)!, unit: "MB" },
        limit: `facts of each pack (history is kept) and cached lists of files; resident ${resident[who]![0]!.toFixed(0)} → ${Math.max(...resident[who]!).toFixed(0)} MB, garbage included`,
        runs: held[who]!,
      };
    });
  },
};
