import type { HostId } from "../../../src/codec/index.ts";
import { Ballots } from "../../../src/cluster/index.ts";
import type { DiskImage, MemoryDisk, RecordLog } from "../../../src/store/index.ts";
import { versionsIn } from "../world/history.ts";
import type { SimHost } from "../world/host.ts";
import type { Fault, Stage } from "./fault.ts";
import { crash } from "./host-faults.ts";

const EVERYTHING = { from: new Uint8Array(0), to: Uint8Array.of(255, 255, 255, 255, 255), limit: Infinity };

/** The versions that stand anywhere on a disk: in rows, in the outbox, in whatever else there may be. */
export function versionsOn(disk: MemoryDisk): Set<number> {
  return new Set(disk.scan(EVERYTHING, () => {}).flatMap(({ value }) => versionsIn(value)));
}

/** The highest term in which a disk says its host has taken part. */
function termOn(disk: MemoryDisk): number | undefined {
  // They are read here and not changed.
  return new Ballots({ get: (key: Uint8Array) => disk.get(key) } as RecordLog).ballot?.term;
}

/** Does something to a disk that takes versions from it, and notes which. */
export function loseDisk({ world, history, onDiskLost }: Stage, host: SimHost, lose: () => void): void {
  const [before, termBefore] = [versionsOn(host.disk), termOn(host.disk)];
  lose();
  const others = world.members().filter((other) => other !== host);
  const after = host.isRemoved ? new Set<number>() : versionsOn(host.disk);
  history.losses.push({ host, atMs: world.time.nowMs, before, after, terms: { before: termBefore, after: termOn(host.disk) }, elsewhere: new Set(others.flatMap(({ disk }) => [...versionsOn(disk)])) });
  onDiskLost(host);
}

/** So many disks of one run are lost or set back at most, that something is left to be checked. */
const LOST_MAX = 4;

function slowDisk(stage: Stage): Fault {
  const { world, random, fired } = stage;
  const aim = (host: SimHost): void => {
    if (host.disk.syncMs === 0) return;
    if (host.isUp && host.disk.unsyncedCommits > 0 && random.chance(0.2)) {
      fired("crash aimed at pending commits");
      crash(stage, host, 1_500);
    }
    world.time.after(random.between(50, 500), () => aim(host));
  };
  return {
    name: "slow sync",
    everyMs: 5_000,
    play: () => {
      const host = random.pick(world.members());
      if (host.disk.syncMs > 0) return false;
      host.disk.syncMs = random.between(5, 800);
      world.time.after(random.span(6_000), () => (host.disk.syncMs = 0));
      if (random.chance(0.7)) aim(host);
      return true;
    },
    heal: () => world.hosts.forEach(({ disk }) => (disk.syncMs = 0)),
  };
}

function lostDisks(stage: Stage): Fault[] {
  const { world, random } = stage;
  const images = new Map<HostId, DiskImage>();
  let lost = 0;
  const replace = (host: SimHost, lose: () => void): boolean => {
    lost += 1;
    // A person who replaces a disk knows who else is there.
    const entrances = world.members().filter((other) => other !== host).map(({ id }) => ({ host: id, addresses: [world.wire.addressOf(id)] }));
    host.crash(0);
    loseDisk(stage, host, lose);
    host.identity = { ...host.identity, entrances };
    world.time.after(random.span(3_000), () => host.start());
    return true;
  };
  return [
    { name: "disk lost", everyMs: 15_000, play: () => lost < LOST_MAX && world.members().length > 2 && replaceOne((host) => replace(host, () => host.disk.wipe())), heal: () => {} },
    {
      name: "backup made",
      everyMs: 3_000,
      play: () => {
        const host = random.pick(world.members());
        images.set(host.id, host.disk.image());
        return true;
      },
      heal: () => {},
    },
    {
      name: "backup restored",
      everyMs: 12_000,
      play: () => lost < LOST_MAX && replaceOne((host) => images.has(host.id) && replace(host, () => host.disk.restore(images.get(host.id)!))),
      heal: () => {},
    },
  ];

  /** What lies on one disk alone goes with it, the roster too: a founder's, of whom nobody has heard yet, is spared. */
  function replaceOne(act: (host: SimHost) => boolean): boolean {
    const host = random.pick(world.members());
    const isRosterElsewhere = world.running().some((other) => other !== host && other.circle!.cluster.members().length > 0);
    return isRosterElsewhere && act(host);
  }
}

export function diskFaults(stage: Stage): Fault[] {
  const { world, random } = stage;
  return [
    slowDisk(stage),
    {
      name: "failed sync",
      everyMs: 8_000,
      play: () => {
        random.pick(world.members()).disk.failNextSync();
        return true;
      },
      heal: () => {},
    },
    {
      name: "disk full",
      everyMs: 8_000,
      play: () => {
        const { disk } = random.pick(world.members());
        disk.isFull = true;
        world.time.after(random.span(4_000), () => (disk.isFull = false));
        return true;
      },
      heal: () => world.hosts.forEach(({ disk }) => (disk.isFull = false)),
    },
    ...lostDisks(stage),
  ];
}
