import type { HostId } from "../../../src/codec/index.ts";
import type { PathQuality } from "../../../src/net/index.ts";
import type { Fault, Stage } from "./fault.ts";

type Ways = readonly (readonly [HostId, HostId])[];

const LASTS_MS = 4_000;

function both(some: readonly HostId[], others: readonly HostId[]): Ways {
  return some.flatMap((a) => others.flatMap((b): Ways => (a === b ? [] : [[a, b], [b, a]])));
}

/** Cuts some ways, and mends them after a while. */
function partition(stage: Stage, name: string, everyMs: number, choose: (hosts: readonly HostId[]) => Ways): Fault {
  const { world, random } = stage;
  const { paths } = world.wire;
  return {
    name,
    everyMs,
    play: () => {
      const ways = choose(random.shuffled(world.members().map(({ id }) => id)));
      if (ways.length === 0) return false;
      paths.cutAll(ways);
      world.time.after(random.span(LASTS_MS), () => ways.forEach(([from, to]) => paths.mend(from, to)));
      return true;
    },
    heal: () => paths.mendAll(),
  };
}

/** A link that comes and goes faster than connections notice. */
function flapping(stage: Stage): Fault {
  const { world, random } = stage;
  const { paths } = world.wire;
  const flap = (ways: Ways, times: number): void => {
    if (times === 0) return;
    if (times % 2 === 0) paths.cutAll(ways);
    else for (const [from, to] of ways) paths.mend(from, to);
    world.time.after(random.between(50, 1_500), () => flap(ways, times - 1));
  };
  return {
    name: "flapping link",
    everyMs: 6_000,
    play: () => {
      const [host, ...others] = random.shuffled(world.members().map(({ id }) => id));
      if (host === undefined || others.length === 0) return false;
      flap(both([host], others.slice(0, 1 + random.below(others.length))), 2 * (2 + random.below(6)));
      return true;
    },
    heal: () => paths.mendAll(),
  };
}

/** Makes all paths, or those of one host, worse for a while. */
function quality(stage: Stage, name: string, everyMs: number, worse: () => Partial<PathQuality>): Fault {
  const { world, random } = stage;
  const { paths } = world.wire;
  return {
    name,
    everyMs,
    play: () => {
      const hosts = world.members().map(({ id }) => id);
      const chosen = random.chance(0.4) ? hosts : [random.pick(hosts)];
      const how = worse();
      for (const [from, to] of both(chosen, hosts)) paths.setQuality(from, to, how);
      world.time.after(random.span(LASTS_MS), () => paths.forgetQualities());
      return true;
    },
    heal: () => paths.forgetQualities(),
  };
}

export function networkFaults(stage: Stage): Fault[] {
  const { random } = stage;
  const half = (hosts: readonly HostId[]): number => 1 + random.below(Math.max(1, hosts.length - 1));
  return [
    partition(stage, "partition: one host", 5_000, (hosts) => both(hosts.slice(0, 1), hosts.slice(1))),
    partition(stage, "partition: two halves", 6_000, (hosts) => {
      const middle = half(hosts);
      return both(hosts.slice(0, middle), hosts.slice(middle));
    }),
    partition(stage, "partition: one way", 5_000, (hosts) => hosts.slice(1, 1 + half(hosts)).map((other): readonly [HostId, HostId] => (random.chance(0.5) ? [hosts[0]!, other] : [other, hosts[0]!]))),
    partition(stage, "partition: a bridge", 7_000, (hosts) => {
      const middle = half(hosts);
      return hosts.length < 3 ? [] : both(hosts.slice(1, middle), hosts.slice(middle));
    }),
    flapping(stage),
    quality(stage, "loss", 3_000, () => ({ lossFraction: random.between(0.02, 0.4) })),
    quality(stage, "duplication", 3_000, () => ({ duplicateFraction: random.between(0.1, 0.8) })),
    quality(stage, "reordering", 4_000, () => ({ jitterMs: random.between(50, 800) })),
    quality(stage, "delay", 5_000, () => ({ delayMs: random.between(50, 3_000) })),
  ];
}
