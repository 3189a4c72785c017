import type { Bench } from "../test/cluster/harness.ts";
import type { Writing } from "./clients.ts";
import { startEtcd } from "./etcd.ts";
import { median } from "./figures.ts";
import type { Benchmark, Row } from "./plan.ts";
import { sized } from "./plan.ts";
import { Program, watchProcessors } from "./processes.ts";

const NAMES = ["attic", "cellar", "barn"] as const;

interface Member {
  readonly program: Program;
  readonly name: string;
  readonly port: number;
  readonly door: number;
}

async function startMembers(bench: Bench): Promise<Member[]> {
  const members = await Promise.all(
    NAMES.map(async (name): Promise<Member> => {
      const program = new Program(bench, "record-member.ts", [bench.folder, name, ...NAMES.filter((other) => other !== name)]);
      return { program, name, ...(await program.next<{ port: number; door: number }>()) };
    }),
  );
  await Promise.all(members.map(({ program, name }) => program.ask({ connect: members.filter((other) => other.name > name).map((other) => ({ name: other.name, port: other.port })) })));
  return members;
}

/** How a writer stands to the store. In the host's own process is how drives, sites and databases use records. */
const WAYS = ["in the host's process", "over a socket", "etcd"] as const;
type Way = (typeof WAYS)[number];

interface Tried {
  readonly writing: Writing;
  /** Cores kept busy by the three hosts or members. */
  readonly cores: number;
}

/** Durable writes of 256 bytes with three replicas, in three processes that sync their disks, beside three members of etcd. */
export const recordWriting: Benchmark = {
  name: "record-writes",
  async run({ size, bench, say }) {
    const members = await startMembers(bench);
    const clients = new Program(bench, "record-clients.ts");
    const etcd = await startEtcd(bench);
    if (etcd === undefined) say("etcd is not installed: nothing stands beside these rows (Debian: apt install etcd-server)");
    const ways = WAYS.filter((way) => way !== "etcd" || etcd !== undefined);
    const attempt = async (way: Way, count: number, seconds: number): Promise<Tried> => {
      const busy = watchProcessors(way === "etcd" ? etcd!.pids : members.map(({ program }) => program.pid));
      const order = { clients: count, seconds };
      const writing =
        way === "in the host's process"
          ? await members[0]!.program.ask<Writing>(order)
          : await clients.ask<Writing>({ ...order, ...(way === "etcd" ? { target: "etcd", port: etcd!.port } : { target: "holdfast", port: members[0]!.door }) });
      return { writing, cores: busy().reduce((sum, cores) => sum + cores, 0) };
    };
    const rows: Row[] = [];
    for (const count of [1, 64]) {
      const tried = new Map<Way, Tried[]>(ways.map((way) => [way, []]));
      // Each in turn, so that what else the machine does strikes all alike. The first round only warms up.
      for (let round = 0; round <= sized(size, 3, 7); round += 1) {
        for (const way of ways) {
          const done = await attempt(way, count, sized(size, 2, 10));
          if (round > 0) tried.get(way)!.push(done);
        }
      }
      say(`${count} clients: ${[...tried].map(([way, each]) => `${way} ${middle(each, ({ writing }) => writing.perSecond).toFixed(0)}/s p50 ${middle(each, ({ writing }) => writing.p50Ms).toFixed(2)} ms p99 ${middle(each, ({ writing }) => writing.p99Ms).toFixed(2)} ms`).join(", ")}`);
      for (const way of WAYS.slice(0, 2)) rows.push(...rowsOf(count, way, tried));
    }
    return rows;
  },
};

function middle(tried: readonly Tried[], what: (each: Tried) => number): number {
  return median(tried.map(what));
}

function rowsOf(count: number, way: Way, tried: ReadonlyMap<Way, readonly Tried[]>): Row[] {
  const [own, etcd] = [tried.get(way)!, tried.get("etcd")];
  const value = middle(own, ({ writing }) => writing.perSecond);
  const limit = `${middle(own, ({ cores }) => cores).toFixed(2)} cores busy in three hosts${etcd === undefined ? "; etcd is not installed" : `, ${middle(etcd, ({ cores }) => cores).toFixed(2)} in three members`}`;
  const beside = etcd && { what: "etcd, three members, gRPC", value: middle(etcd, ({ writing }) => writing.perSecond), unit: "" };
  const late = etcd && { what: "etcd", value: middle(etcd, ({ writing }) => writing.p50Ms), unit: "ms" };
  return [
    {
      what: `durable writes, 3 replicas, ${count} clients ${way}`,
      value,
      unit: "/s",
      ...(beside === undefined ? {} : { beside, ...(count === 64 ? { reach: { text: "2 × etcd", isReached: value >= 2 * beside.value } } : {}) }),
      limit,
      runs: own.map(({ writing }) => writing.perSecond),
    },
    { what: "  p50", value: middle(own, ({ writing }) => writing.p50Ms), unit: "ms", ...(late === undefined ? {} : { beside: late }), limit: `p99 ${middle(own, ({ writing }) => writing.p99Ms).toFixed(2)} ms` },
  ];
}
