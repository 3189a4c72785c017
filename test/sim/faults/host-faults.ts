import type { SimHost } from "../world/host.ts";
import type { CallPoint } from "../world/watched.ts";
import type { Fault, Stage } from "./fault.ts";

const DAY_MS = 24 * 3_600_000;

/** Ends a process as a power cut, a kill or anything between does, and has it started again after a while. */
export function crash({ world, random, fired }: Stage, host: SimHost, downMs: number): void {
  const unsynced = host.disk.unsyncedCommits;
  const kept = random.pick([0, Infinity, random.below(unsynced + 1)]);
  if (unsynced > 0) fired(kept >= unsynced ? "unsynced commits kept" : kept === 0 ? "unsynced commits lost" : "unsynced commits torn", 1);
  host.crash(kept);
  world.time.after(random.span(downMs), () => host.start());
}

function running({ world, random }: Stage): SimHost | undefined {
  const hosts = world.running();
  return hosts.length === 0 ? undefined : random.pick(hosts);
}

/** Any call across a port may be a process's last. */
function crashAtCalls(stage: Stage): Fault {
  const { world, random, fired } = stage;
  let share = 0;
  world.mayEnd = (host: SimHost, point: CallPoint): boolean => {
    if (share === 0 || !random.chance(share)) return false;
    fired(`crash ${point}`);
    crash(stage, host, 2_000);
    return true;
  };
  return {
    name: "crash at calls",
    everyMs: 1_000,
    play: () => {
      share = random.between(0.0001, 0.002);
      return true;
    },
    heal: () => {
      share = 0;
    },
  };
}

export function hostFaults(stage: Stage): Fault[] {
  const { world, random } = stage;
  const onHost = (name: string, everyMs: number, act: (host: SimHost) => boolean | void, heal: (host: SimHost) => void = () => {}): Fault => ({
    name,
    everyMs,
    play: () => {
      const host = running(stage);
      return host !== undefined && act(host) !== false;
    },
    heal: () => world.hosts.forEach(heal),
  });
  return [
    onHost("crash", 3_000, (host) => crash(stage, host, 1_500)),
    onHost("long absence", 12_000, (host) => crash(stage, host, 25_000)),
    onHost("stop and start", 6_000, (host) => void host.stop().then(() => world.time.after(random.span(1_000), () => host.start()))),
    onHost(
      "stopped process",
      6_000,
      (host) => {
        host.pause();
        world.time.after(random.span(3_000), () => host.resume());
      },
      (host) => host.resume(),
    ),
    onHost("clock jump", 3_000, (host) => {
      host.wall.offsetMs = random.pick([0, 1, -1]) * random.span(random.pick([1_000, DAY_MS, 300 * DAY_MS]));
    }),
    crashAtCalls(stage),
  ];
}
