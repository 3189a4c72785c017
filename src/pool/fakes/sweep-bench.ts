import type { PackId } from "../../codec/index.ts";
import { condemnedKey } from "../record/keys.ts";
import { Village, content, copies } from "./village.ts";
import type { Villager } from "./village.ts";

export const MIB = 2 ** 20;
export const FOR_MS = 20_000_000;
/** As long as a host waits between two looks, and a little more. */
export const LOOK_MS = 4_000_000;
/** Half of what packs are condemned for, and a little more. */
export const HALF_MS = 11_000_000;

/** A village whose hosts all act for one person, and what of a pack each of them believes to be in use. */
export class SweepBench {
  readonly village: Village;
  readonly pack: PackId;
  /** Hosts that know of something that uses the pack. */
  readonly knowing = new Set<Villager>();

  private constructor(village: Village, pack: PackId) {
    this.village = village;
    this.pack = pack;
    village.condemnedForMs = FOR_MS;
    for (const villager of village.villagers) villager.pool.upkeep.sweeps("site", async () => new Set(this.knowing.has(villager) ? [pack] : []));
  }

  static async of(hosts: number): Promise<SweepBench> {
    const village = await Village.build({ hosts });
    return new SweepBench(village, (await village.at(0).pool.store(village.namespace, content(MIB), copies(3))).pack);
  }

  get isThere(): boolean {
    return this.village.at(0).pool.info(this.village.namespace, this.pack) !== undefined;
  }

  isCondemned(at: number): boolean {
    return this.village.at(at).records.local(this.village.namespace, condemnedKey(this.pack)) !== undefined;
  }

  /** A look by one host, and some time after it. */
  async sweep(at: number, pauseMs = LOOK_MS): Promise<void> {
    await this.village.turn(this.village.at(at), "sweep");
    this.pass(pauseMs);
  }

  /** Two looks, as a host needs that has not looked for long. */
  async sweepTwice(at: number): Promise<void> {
    await this.sweep(at);
    await this.sweep(at, 0);
  }

  pass(ms: number): void {
    this.village.skip(ms);
  }

  /** What a device asks before it records something new that relies on the pack. */
  async mayRely(at: number): Promise<boolean> {
    return (await this.village.at(at).pool.upkeep.reliable(this.village.namespace, [this.pack])).has(this.pack);
  }

  cut(at: number): void {
    this.village.net.kill(this.village.at(at).host);
  }

  /** Back, with all that was written meanwhile. */
  mend(at: number): void {
    const { host } = this.village.at(at);
    this.village.net.revive(host);
    for (const villager of this.village.villagers) this.village.replication.catchUp(villager.host);
  }
}
