import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { TestHost } from "../test/cluster/harness.ts";
import { until } from "../test/cluster/harness.ts";
import { apiOf, publishContents } from "./client.ts";
import { median } from "./figures.ts";
import type { Benchmark, Row } from "./plan.ts";
import { sized } from "./plan.ts";

const ROUNDS = 3;
const GLANCE_MS = 5;

/** Milliseconds from when the host says that it is ready until it serves what was published last. */
async function comeBack(host: TestHost, text: string): Promise<number> {
  await host.up();
  const ready = performance.now();
  while ((await host.get("blog", "/index.html").catch(() => undefined))?.text !== text) {
    if (performance.now() - ready > 30_000) throw new Error(`${host.name} did not catch up within 30 s`);
    await sleep(GLANCE_MS);
  }
  return performance.now() - ready;
}

/** A real host that was away while a site was published again and again, until it serves the newest. */
export const returningHost: Benchmark = {
  name: "return-host",
  async run({ size, bench, say }) {
    const [attic, cellar, barn] = (await bench.network(["attic", "cellar", "barn"])) as [TestHost, TestHost, TestHost];
    const api = await apiOf(attic);
    const publish = async (text: string): Promise<void> => publishContents(api, "blog", [{ path: "index.html", bytes: Buffer.from(text) }, { path: "picture.bin", bytes: randomBytes(20_000) }]);
    await publish("first");
    await until("all serve it", 10_000, async () => (await Promise.all([cellar, barn].map((host) => host.get("blog", "/index.html")))).every(({ text }) => text === "first"));
    const counts = sized(size, [0, 1, 20], [0, 1, 10, 100, 500]);
    const found = new Map<number, number[]>(counts.map((count) => [count, []]));
    let text = "first";
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const count of counts) {
        await barn.kill();
        for (let at = 0; at < count; at += 1) await publish((text = `round ${round}, ${at + 1} of ${count}`));
        found.get(count)!.push(await comeBack(barn, text));
      }
    }
    api.close();
    say([...found].map(([count, runs]) => `${count} publications ${median(runs).toFixed(0)} ms`).join(", "));
    const nothing = median(found.get(0)!);
    return counts.filter((count) => count > 1).map((count): Row => {
      const value = median(found.get(count)!);
      return {
        what: `a host that missed ${count} publications serves the newest`,
        value,
        unit: "ms after its start",
        beside: { what: "missed nothing", value: nothing, unit: "ms" },
        reach: { text: "within 10 s", isReached: value < 10_000 },
        limit: `dialling and the first greeting; one publication missed: ${median(found.get(1)!).toFixed(0)} ms`,
        runs: found.get(count)!,
      };
    });
  },
};
