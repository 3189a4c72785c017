import type { Member } from "../../../src/cluster/index.ts";
import type { AccountId, HostId } from "../../../src/codec/index.ts";
import { idFromBytes } from "../../../src/codec/index.ts";
import { sha256 } from "../../../src/crypto/index.ts";
import type { SeededRandom } from "../world/random.ts";

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

export function idOf<Id extends string>(name: string): Id {
  return idFromBytes<Id & HostId>(sha256(new TextEncoder().encode(name)));
}

/** A host with its disk, which is there or is not, and loses everything now and then. */
export class Machine {
  readonly host: HostId;
  readonly member: Omit<Member, "isGone">;
  /** Names of the pieces that lie on the disk. */
  readonly disk = new Set<string>();
  isUp = true;
  /** Its disk is lost and it does not come back. */
  isDestroyed = false;
  isRemoved = false;
  isGone = false;
  /** On the other side of a partition. */
  isCutOff = false;
  /** Since when it has been missed. */
  awaySinceMs = 0;
  /** Pieces that it ever took, and that went with a disk. */
  everKept = 0;
  everLost = 0;
  /** When what it moves now will have been moved. */
  busyUntilMs = 0;

  constructor(number: number) {
    const name = `host${number}`;
    this.host = idOf<HostId>(name);
    this.member = {
      host: this.host,
      account: idOf<AccountId>(name),
      name,
      // Some homes have two hosts.
      zone: `zone ${number % 10 === 9 ? number - 1 : number}`,
      capacityBytes: 1e12,
      addresses: [],
      version: "1",
      joinedMs: 0,
      invite: null,
      returns: 0,
      isDraining: false,
      isSuspect: false,
      provenBytes: undefined,
    };
  }

  take(piece: string): void {
    if (!this.disk.has(piece)) this.everKept += 1;
    this.disk.add(piece);
  }

  /** Its disk dies. */
  lose(): void {
    this.everLost += this.disk.size;
    this.disk.clear();
  }
}

/** How hosts fail: machines in homes, some of which are switched off at night, and disks that last for years. */
export interface Weather {
  /** Between two absences of a host. */
  readonly upMs: number;
  /** Of a disk. */
  readonly lifeMs: number;
}

export const HOMES: Weather = { upMs: 10 * DAY_MS, lifeMs: 3 * 365 * DAY_MS };

/** How long an absence lasts: mostly a restart, often a night, now and then a holiday. */
export function absenceMs(random: SeededRandom): number {
  const kind = random.fraction();
  if (kind < 0.8) return random.span(HOUR_MS / 3);
  return kind < 0.97 ? random.span(12 * HOUR_MS) : random.span(20 * DAY_MS);
}
