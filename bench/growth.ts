import type { Benchmark, Row } from "./plan.ts";
import { sized } from "./plan.ts";
import { Program } from "./processes.ts";

interface Grown {
  readonly perHostHour: number;
  readonly byKind: readonly { readonly kind: string; readonly perHostHour: number }[];
  readonly perWrite: number;
  readonly perJoining: number;
}

/** How many messages simulated networks of different sizes need: for a write, for a change of membership, and when nothing happens. */
export const growth: Benchmark = {
  name: "growth",
  async run({ size, bench, say }) {
    const plan = sized(size, [[10, 30], [40, 6]] as const, [[10, 60], [100, 6], [300, 6]] as const);
    const grown: { readonly hosts: number; readonly found: Grown }[] = [];
    for (const [hosts, idleSeconds] of plan) {
      const found = await new Program(bench, "growing-network.ts", [String(hosts), String(idleSeconds)]).next<Grown>();
      say(`${hosts} hosts: ${JSON.stringify(found)}`);
      grown.push({ hosts, found });
    }
    const first = grown[0]!;
    return grown.slice(1).flatMap(({ hosts, found }): Row[] => {
      const beside = (what: (each: Grown) => number): NonNullable<Row["beside"]> => ({ what: `of ${first.hosts}`, value: what(first.found), unit: "" });
      const logarithmic = Math.log(hosts) / Math.log(first.hosts);
      const most = found.byKind.map(({ kind, perHostHour }) => `${kind} ${Math.round(perHostHour)}`).join(", ");
      return [
        { what: `messages per host and idle hour, network of ${hosts}`, value: found.perHostHour, unit: "", beside: beside(({ perHostHour }) => perHostHour), reach: { text: "grows at most logarithmically", isReached: found.perHostHour <= 1.2 * logarithmic * first.found.perHostHour }, limit: most },
        { what: `messages per write, network of ${hosts}`, value: found.perWrite, unit: "", beside: beside(({ perWrite }) => perWrite), reach: { text: "does not grow", isReached: found.perWrite <= 1.2 * first.found.perWrite }, limit: "pushes and their answers" },
        { what: `messages per joining, network of ${hosts}`, value: found.perJoining, unit: "", beside: beside(({ perJoining }) => perJoining), limit: "each host hears of the new one, and connects to it; what it costs to be idle is taken off" },
      ];
    });
  },
};
