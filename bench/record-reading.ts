import { median } from "./figures.ts";
import type { Benchmark, Row } from "./plan.ts";
import { sized } from "./plan.ts";
import { Program } from "./processes.ts";

const READINGS = ["local", "read", "bare", "local scan", "bare scan"] as const;
type Reading = (typeof READINGS)[number];

interface Measured {
  readonly perSecond: number;
  /** Microseconds of the reading thread for each record. */
  readonly processorMicros: number;
}

const ROWS: readonly { readonly what: string; readonly own: Reading; readonly beside: Reading; readonly limit: string }[] = [
  { what: "local reads of random records", own: "local", beside: "bare", limit: "SQLite's own read of a row three times as long; then its checksum, dots and context" },
  { what: "  the same by read(), which may ask others", own: "read", beside: "bare", limit: "as above, and a promise" },
  { what: "local scan in order, pages of 1,000", own: "local scan", beside: "bare scan", limit: "dots and context of each record" },
];

/** Reading what a host keeps itself, beside a bare SQLite database with the same keys and values, read by a prepared SELECT. */
export const recordReading: Benchmark = {
  name: "record-reads",
  async run({ size, bench, say }) {
    const total = sized(size, 50_000, 1_000_000);
    const reader = new Program(bench, "record-reader.ts", [bench.folder, String(total)]);
    await reader.next();
    const found = new Map<Reading, Measured[]>(READINGS.map((reading) => [reading, []]));
    // Each in turn, so that what else the machine does strikes all alike. The first round only warms up.
    for (let round = 0; round <= sized(size, 5, 9); round += 1) {
      for (const reading of READINGS) {
        const measured = await reader.ask<Measured>({ reading, count: sized(size, 20_000, 200_000) });
        if (round > 0) found.get(reading)!.push(measured);
      }
    }
    const middle = (reading: Reading, what: (each: Measured) => number): number => median(found.get(reading)!.map(what));
    say(READINGS.map((reading) => `${reading} ${(middle(reading, ({ perSecond }) => perSecond) / 1000).toFixed(0)} k/s, ${middle(reading, ({ processorMicros }) => processorMicros).toFixed(1)} µs`).join("; "));
    return ROWS.map(({ what, own, beside, limit }): Row => {
      const [value, bare] = [own, beside].map((reading) => middle(reading, ({ perSecond }) => perSecond)) as [number, number];
      return { what: `${what}, of ${total}`, value, unit: "/s", beside: { what: "a bare SELECT", value: bare, unit: "" }, reach: { text: "70 % of it", isReached: value >= 0.7 * bare }, limit, runs: found.get(own)!.map(({ perSecond }) => perSecond) };
    });
  },
};
