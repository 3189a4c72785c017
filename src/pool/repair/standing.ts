import type { HostId } from "../../codec/index.ts";
import type { PoolParts } from "../parts.ts";

/**
 * How far a host's word that it holds a piece counts when repair is planned.
 *
 * - `here`: it is connected.
 * - `away`: not connected for less than the network's `repair-after`. It counts, or every restart would start a repair.
 * - `missed`: not connected for longer. It counts, except for packs that one more loss would destroy.
 * - `leaving`: connected and being emptied. It is read from, and replaced.
 * - `lost`: removed, declared gone, suspect, or leaving and not there. It counts for nothing.
 */
export type Standing = "here" | "away" | "missed" | "leaving" | "lost";

/** What is looked up for a host's standing. */
export interface StandingView extends Pick<PoolParts, "self" | "roster" | "presence"> {
  readonly repair: Pick<PoolParts["repair"], "repairAfterMs" | "isAwayFor">;
}

export function standingOf({ self, roster, presence, repair }: StandingView, host: HostId): Standing {
  const member = roster().members.get(host);
  const how = host === self ? "online" : presence(host);
  if (member === undefined || member.isGone || member.isSuspect || how === "gone") return "lost";
  const isHere = how === "online";
  if (member.isDraining) return isHere ? "leaving" : "lost";
  if (isHere) return "here";
  return repair.isAwayFor(host, repair.repairAfterMs()) ? "missed" : "away";
}

/** Each member's standing at one moment, so that all packs are judged alike. */
export function standingsOf(view: StandingView): Map<HostId, Standing> {
  return new Map([...view.roster().members.keys()].map((host) => [host, standingOf(view, host)]));
}
