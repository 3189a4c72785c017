import type { HostId } from "../../codec/index.ts";
import type { Env } from "../../platform/index.ts";
import { codeOf, messageOf } from "../../platform/index.ts";
import type { Claim } from "../record/claim.ts";
import { candidatesFor } from "../record/holders.ts";
import type { MaybeHolders } from "../read/maybe.ts";
import type { Berth, Offers, Piece } from "./offer.ts";
import type { PoolParts } from "../parts.ts";
import { nameOf } from "../parts.ts";
import type { Candidate } from "./placement.ts";
import { nextHolder } from "./placement.ts";
import { OverQuota } from "../upkeep/refusals.ts";

export interface Placement {
  /** One of each holder found, no host twice; fewer than wanted when no further host takes a piece. */
  readonly claims: readonly Claim[];
  /** Why hosts that were asked are not among them, in words for people. */
  readonly refusals: readonly string[];
  /** How many of them are of hosts that did not take the piece, or not answer, in time. */
  readonly late: number;
  /** By how much hosts said that the owner would be over their quota, if any did. */
  readonly overBytes?: number;
  /** Whether bytes have left, so that somebody may hold a piece whatever was answered. */
  readonly touched: boolean;
}

export interface PlaceParts {
  readonly env: Env;
  readonly parts: PoolParts;
  readonly offers: Offers;
  readonly maybe: MaybeHolders;
}

export interface PlaceOptions {
  /** Hosts that have a piece of the pack, or once said so. */
  readonly exclude?: readonly HostId[];
  /** No byte leaves before so many hosts have promised space. Default: 1. */
  readonly minimum?: number;
  readonly signal: AbortSignal;
}

/**
 * Finds a holder for each of the pieces, which are of one pack: the same piece as often as copies are sought, or pieces of different index.
 * Each is a lane of its own: it asks the next host in the pack's order, zones apart, sends, and on failure goes on to the next, while
 * the other lanes keep what they have.
 * Does not throw when hosts fail, nor when the signal is aborted: what was touched must be known then too.
 */
export async function place({ env, parts, offers, maybe }: PlaceParts, pieces: readonly Piece[], { exclude = [], minimum = 1, signal }: PlaceOptions): Promise<Placement> {
  const [first] = pieces;
  if (first === undefined) return { claims: [], refusals: [], late: 0, touched: false };
  const ranked = await candidatesFor(parts, first.pack, { count: pieces.length, except: new Set(exclude) });
  const { members } = parts.roster();
  const taken: Pick<Candidate, "host" | "zone">[] = exclude.map((host) => ({ host, zone: members.get(host)?.zone ?? "" }));
  const failed = new Set<HostId>();
  const claims: Claim[] = [];
  const refusals: string[] = [];
  const gate = new Gate(pieces.length, minimum);
  let [touched, overBytes, late] = [false, 0, 0];

  /** False when this host did not take the piece and another one should be asked. */
  const tryAt = async ({ host }: Candidate, piece: Piece): Promise<boolean> => {
    let [berth, sent]: [Berth | undefined, boolean] = [undefined, false];
    try {
      berth = await offers.reserve(host, piece, signal);
      if (await gate.pass()) claims.push(await berth.send(() => (sent = touched = true), signal));
      else berth.release();
      return true;
    } catch (error) {
      if (error instanceof OverQuota) overBytes = Math.max(overBytes, error.overBytes);
      if (isLate(error)) late += 1;
      refusals.push(`${nameOf(parts.roster(), host)}: ${messageOf(error)}`);
      if (sent) maybe.note(piece.pack, { host, index: piece.index });
      if (!signal.aborted) env.log.info("a host did not take a piece", { host, pack: piece.pack, index: piece.index, error });
      return false;
    }
  };
  const lane = async (piece: Piece): Promise<void> => {
    for (;;) {
      const candidate = nextHolder(ranked.filter(({ host }) => !failed.has(host)), taken);
      if (candidate === undefined || signal.aborted) return gate.leave();
      taken.push(candidate);
      if (await tryAt(candidate, piece)) return;
      failed.add(candidate.host);
      taken.splice(taken.indexOf(candidate), 1);
    }
  };
  await Promise.all(pieces.map(lane));
  return { claims, refusals, late, touched, ...(overBytes > 0 ? { overBytes } : {}) };
}

/** Said here, or by the other host of itself. */
function isLate(error: unknown): boolean {
  const { remoteCode } = error as { readonly remoteCode?: unknown };
  return [codeOf(error), remoteCode].some((code) => code === "DEADLINE" || code === "STALLED");
}

/** Holds lanes that could send until enough of them could, and turns them back when there will never be enough. */
class Gate {
  readonly #minimum: number;
  #underWay: number;
  #arrived = 0;
  readonly #opened = Promise.withResolvers<boolean>();

  constructor(lanes: number, minimum: number) {
    this.#underWay = lanes;
    this.#minimum = minimum;
  }

  /** Whether the lane may send. Waits for the others as long as that is open. */
  pass(): Promise<boolean> {
    this.#arrived += 1;
    if (this.#arrived >= this.#minimum) this.#opened.resolve(true);
    return this.#opened.promise;
  }

  /** A lane has found nobody. */
  leave(): void {
    this.#underWay -= 1;
    if (this.#underWay < this.#minimum) this.#opened.resolve(false);
  }
}
