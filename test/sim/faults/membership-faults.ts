import type { SimHost } from "../world/host.ts";
import { loseDisk } from "./disk-faults.ts";
import type { Fault, Stage } from "./fault.ts";

const JOINED_MAX = 3;
const REMOVED_MAX = 2;
const SMALLEST = 4;

/** Has a running host of an administrator remove another one for good; said again until it is known. */
export function remove({ world }: Stage, host: SimHost): void {
  const remover = world.running().find((other) => other.person.id === world.network.founder && other.circle!.cluster.register.members.has(host.id));
  remover?.circle!.membership.remove(host.id).catch(() => {});
}

/** Whether a host would find its way back without another one: newcomers that have met only whoever let them in have nobody else's address. */
function knowsAnother({ acquaintances }: SimHost, host: SimHost): boolean {
  return [...acquaintances].some((id) => id !== host.id);
}

export function membershipFaults(stage: Stage): Fault[] {
  const { world, random } = stage;
  let [joined, removed] = [0, 0];
  return [
    {
      name: "join",
      everyMs: 8_000,
      play: () => {
        const inviters = world.running().filter(({ circle, id }) => circle!.cluster.register.members.has(id));
        if (joined >= JOINED_MAX || inviters.length === 0) return false;
        joined += 1;
        world.join(random.pick(inviters)).then(
          (host) => {
            host.start();
            stage.onJoined(host);
          },
          () => {},
        );
        return true;
      },
      heal: () => {},
    },
    {
      name: "removal",
      everyMs: 12_000,
      play: () => {
        const members = world.members();
        const isTheOnlyOne = (host: SimHost): boolean => !members.some((other) => other !== host && other.person.id === world.network.founder);
        if (removed >= REMOVED_MAX || members.length <= SMALLEST) return false;
        const host = random.pick(members);
        if (isTheOnlyOne(host) || members.some((other) => other !== host && !knowsAnother(other, host))) return false;
        removed += 1;
        host.crash(0);
        host.isRemoved = true;
        loseDisk(stage, host, () => {});
        remove(stage, host);
        return true;
      },
      heal: () => world.hosts.filter(({ isRemoved }) => isRemoved).forEach((host) => remove(stage, host)),
    },
  ];
}
