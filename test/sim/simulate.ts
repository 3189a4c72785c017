import type { Finding } from "./checker.ts";
import { check } from "./checker.ts";
import type { Bug } from "./pure-subject.ts";
import { PureSubject } from "./pure-subject.ts";
import { SeededRandom } from "./random.ts";
import type { Sabotage } from "./replica-subject.ts";
import { ReplicaSubject } from "./replica-subject.ts";
import { Scenario } from "./scenario.ts";

const HOSTS_MIN = 2;
const HOSTS_MAX = 5;
const STEPS = 60;

/** One run over the pure merge. */
export async function simulateMerge(seed: number, bug?: Bug): Promise<Finding[]> {
  const random = new SeededRandom(seed);
  const hosts = Array.from({ length: HOSTS_MIN + random.below(HOSTS_MAX - HOSTS_MIN + 1) }, (_, at) => new PureSubject(random, at, bug));
  return check(await new Scenario(random, hosts).play(STEPS));
}

/** One run over the daemon's own replica on disks in memory. */
export async function simulateReplica(seed: number, sabotage?: Sabotage): Promise<Finding[]> {
  const random = new SeededRandom(seed);
  const ids = new Map<string, number>();
  const hosts: ReplicaSubject[] = [];
  const count = HOSTS_MIN + random.below(HOSTS_MAX - HOSTS_MIN + 1);
  for (let at = 0; at < count; at += 1) hosts.push(await ReplicaSubject.open(random, at, ids, sabotage));
  return check(await new Scenario(random, hosts).play(STEPS));
}

export type Simulation = "merge" | "replica";

export const simulations: Readonly<Record<Simulation, (seed: number) => Promise<Finding[]>>> = { merge: (seed) => simulateMerge(seed), replica: (seed) => simulateReplica(seed) };

/** What a person needs to see the same again. */
export function report(simulation: Simulation, seed: number, findings: readonly Finding[]): string {
  return [...findings.map(({ invariant, what }) => `${invariant}: ${what}`), `replay: npm run sim -- ${simulation} --seed ${seed}`].join("\n");
}
