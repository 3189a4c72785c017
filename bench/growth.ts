import type { Benchmark, Row } from "./plan.ts";
import { sized } from "./plan.ts";
import { Program } from "./processes.ts";

/** Messages that arrived, answers included, and their bytes; and which kinds most of them were of. */
interface Count {
  readonly messages: number;
  readonly bytes: number;
  readonly most: string;
}

interface Grown {
  /** For one host in one hour. */
  readonly idle: Count;
  /** For one write to three replicas. */
  readonly write: Count;
  /** For all hosts together, beyond what they say when idle. */
  readonly joining: Count;
}

/** Hundreds of hosts in one process, and much that is young when it is thrown away. */
const HEAP = ["--max-old-space-size=12000", "--max-semi-space-size=64"];

const KINDS = { idle: "host and idle hour", write: "write", joining: "joining" } as const;

/** How many messages simulated networks of different sizes need: for a write, for a change of membership, and when nothing happens. */
export const growth: Benchmark = {
  name: "growth",
  async run({ size, bench, say }) {
    const plan = sized(size, [[10, 300], [40, 60]] as const, [[10, 3600], [40, 600], [100, 300], [300, 60]] as const);
    const grown: { readonly hosts: number; readonly found: Grown }[] = [];
    for (const [hosts, idleSeconds] of plan) {
      const found = await new Program(bench, "growing-network.ts", [String(hosts), String(idleSeconds)], HEAP).next<Grown>();
      say(`${hosts} hosts: ${JSON.stringify(found)}`);
      grown.push({ hosts, found });
    }
    const first = grown[0]!;
    return grown.flatMap(({ hosts, found }) => (Object.keys(KINDS) as (keyof Grown)[]).flatMap((kind) => rowsOf(kind, first, hosts, found)));
  },
};

function rowsOf(kind: keyof Grown, first: { readonly hosts: number; readonly found: Grown }, hosts: number, found: Grown): Row[] {
  const { messages, bytes, most } = found[kind];
  const least = first.found[kind];
  const what = `${KINDS[kind]}, network of ${hosts}`;
  if (hosts === first.hosts) {
    return [
      { what: `messages per ${what}`, value: messages, unit: "", limit: most },
      { what: `bytes per ${what}`, value: bytes / 1e3, unit: "kB", limit: "" },
    ];
  }
  const more = hosts / first.hosts;
  const allowed = { idle: Math.log(hosts) / Math.log(first.hosts), write: 1.2, joining: 1.2 * more }[kind];
  const text = { idle: "grows at most logarithmically", write: "does not grow", joining: "grows at most with the hosts" }[kind];
  const beside = (value: number): NonNullable<Row["beside"]> => ({ what: `times that of ${first.hosts}`, value, unit: "×" });
  return [
    { what: `messages per ${what}`, value: messages, unit: "", beside: beside(messages / least.messages), reach: { text, isReached: messages <= allowed * least.messages }, limit: most },
    { what: `bytes per ${what}`, value: bytes / 1e3, unit: "kB", beside: beside(bytes / least.bytes), limit: "" },
  ];
}
