import type { HostId } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import { messageOf } from "../platform/index.ts";
import type { Claim } from "./claim.ts";
import { candidatesFor } from "./holders.ts";
import type { MaybeHolders } from "./maybe.ts";
import type { Offers, Piece } from "./offer.ts";
import type { PoolParts } from "./parts.ts";
import { nameOf } from "./parts.ts";
import type { Candidate } from "./placement.ts";
import { nextHolder } from "./placement.ts";

export interface Placement {
  /** One of each holder found; fewer than wanted when no further host takes the piece. */
  readonly claims: readonly Claim[];
  /** Why hosts that were asked are not among them, in words for people. */
  readonly refusals: readonly string[];
  /** Whether bytes have left, so that somebody may hold the piece whatever was answered. */
  readonly touched: boolean;
}

export interface PlaceParts {
  readonly env: Env;
  readonly parts: PoolParts;
  readonly offers: Offers;
  readonly maybe: MaybeHolders;
}

/**
 * Finds `wanted` more holders for a piece. Each copy sought is a lane of its own: it asks the next host in the pack's order, zones apart,
 * sends, and on failure goes on to the next, while the other lanes keep what they have.
 * Does not throw when hosts fail, nor when the signal is aborted: what was touched must be known then too.
 * @param exclude hosts that have the piece, or once said so
 */
export async function place({ env, parts, offers, maybe }: PlaceParts, piece: Piece, wanted: number, exclude: readonly HostId[], signal: AbortSignal): Promise<Placement> {
  const ranked = await candidatesFor(parts, piece.pack);
  const { members } = parts.roster();
  const taken: Pick<Candidate, "host" | "zone">[] = exclude.map((host) => ({ host, zone: members.get(host)?.zone ?? "" }));
  const failed = new Set<HostId>();
  const claims: Claim[] = [];
  const refusals: string[] = [];
  let touched = false;

  const lane = async (): Promise<void> => {
    for (;;) {
      const candidate = nextHolder(ranked.filter(({ host }) => !failed.has(host)), taken);
      if (candidate === undefined || signal.aborted) return;
      taken.push(candidate);
      let sent = false;
      try {
        claims.push(await offers.put(candidate.host, piece, () => (sent = touched = true), signal));
        return;
      } catch (error) {
        failed.add(candidate.host);
        taken.splice(taken.indexOf(candidate), 1);
        refusals.push(`${nameOf(parts.roster(), candidate.host)}: ${messageOf(error)}`);
        if (sent) maybe.note(piece.pack, candidate.host);
        if (!signal.aborted) env.log.info("a host did not take a piece", { host: candidate.host, pack: piece.pack, error });
      }
    }
  };
  await Promise.all(Array.from({ length: wanted }, lane));
  return { claims, refusals, touched };
}
