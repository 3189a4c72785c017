// The workers that keep packs where they should be. Each goes by what the records say and by what lies on this host's disk; none needs a
// coordinator, and two hosts that do the same at once make one copy too many, which harms nobody.

import type { HostId } from "../codec/index.ts";
import type { WorkerTurn } from "../platform/index.ts";
import { messageOf } from "../platform/index.ts";
import type { Catalog, PackFacts } from "./catalog.ts";
import type { Claim } from "./claim.ts";
import { PoolError } from "./errors.ts";
import { activeMembers, confirmed, hostsOf, isUsable } from "./holders.ts";
import { claimKey, packKey } from "./keys.ts";
import { labelCodec } from "./label.ts";
import type { Piece } from "./offer.ts";
import type { PlaceParts } from "./place.ts";
import { unhurried } from "./patience.ts";
import { place } from "./place.ts";
import { rank } from "./placement.ts";
import type { Reader } from "./read.ts";
import { claimWrite } from "./write.ts";

/** A pack that no host takes says something about all packs: after so many in a row the rest waits for the next turn. */
const FRUITLESS_MAX = 3;

export interface KeepParts extends PlaceParts {
  readonly catalog: Catalog;
  readonly reader: Reader;
}

/** A pack's only piece as it comes from wherever it is, for this host's disk or another's. */
function pieceOf({ parts, reader }: KeepParts, facts: PackFacts): Piece {
  const { namespace, pack, pieceBytes } = facts;
  const genesis = parts.records.genesis(namespace);
  const record = parts.records.local(namespace, packKey(pack))?.siblings.find(({ value }) => value !== null)?.value;
  if (genesis === undefined || record === undefined || record === null) throw new PoolError("UNKNOWN_PACK", `The records of pack ${pack} have gone.`);
  const label = labelCodec.encode({ genesis, record });
  return { namespace, pack, index: 0, sizeBytes: pieceBytes, root: facts.roots[0]!, label, bytes: (signal) => reader.read(namespace, pack, 0, pieceBytes, { signal, isKept: false }) };
}

async function writeClaims({ parts }: KeepParts, facts: PackFacts, claims: readonly Claim[]): Promise<void> {
  await parts.records.write(claims.map((claim) => claimWrite(facts.namespace, claim)), { as: "host" });
}

async function withdrawClaim({ parts }: KeepParts, { namespace, pack }: PackFacts): Promise<void> {
  await parts.records.write([{ namespace, key: claimKey(pack, 0, parts.self), value: null }], { as: "host" });
}

async function chosen({ env, catalog }: KeepParts, signal: AbortSignal, isChosen: (facts: PackFacts) => boolean): Promise<PackFacts[]> {
  const found: PackFacts[] = [];
  for await (const facts of unhurried(env, catalog.all(), signal)) if (isChosen(facts)) found.push(facts);
  return found;
}

/** What this host should do about a pack that is not deleted. */
export type HoldDecision = "nothing" | "claim" | "fetch" | "restore";

export function decideHold({ parts, catalog }: Pick<KeepParts, "parts" | "catalog">, facts: PackFacts): HoldDecision {
  if (facts.k !== 1) return "nothing";
  const isHeld = parts.store.held(facts.pack, 0) !== undefined;
  const isClaimed = catalog.holdings(facts.namespace, facts.pack).some(({ host }) => host === parts.self);
  if (isHeld) return isClaimed ? "nothing" : "claim";
  if (isClaimed) return "restore";
  return facts.copies === "all" ? "fetch" : "nothing";
}

/**
 * "hold": fetches the packs that are meant for all hosts, and those that this host claims and has lost; claims what it holds.
 * A claim that cannot be made true again is withdrawn, so that others see what is missing.
 */
export async function holdTurn(keep: KeepParts, { signal, report }: WorkerTurn): Promise<void> {
  const { env, parts, offers } = keep;
  // Before anybody is connected nothing can be restored, and that must not pass for a loss.
  const isAlone = parts.transport.connected().length === 0;
  const todo = await chosen(keep, signal, (facts) => (isAlone ? decideHold(keep, facts) === "claim" : decideHold(keep, facts) !== "nothing"));
  const failures: string[] = [];
  for (const [done, facts] of todo.entries()) {
    signal.throwIfAborted();
    report(`${done} of ${todo.length} packs`);
    const decision = decideHold(keep, facts);
    try {
      if (decision === "nothing") continue;
      const piece = pieceOf(keep, facts);
      const claim = await offers.put(parts.self, piece, () => {}, signal);
      if (decision !== "restore") await writeClaims(keep, facts, [claim]);
    } catch (error) {
      signal.throwIfAborted();
      failures.push(messageOf(error));
      env.log.debug("a pack could not be taken in", { pack: facts.pack, error });
      if (decision === "restore") await withdrawClaim(keep, facts);
    }
  }
  report(todo.length === 0 ? "holds all that it should" : `${todo.length - failures.length} of ${todo.length} packs taken in`);
  if (failures.length > 0) throw new PoolError("UNAVAILABLE", `${failures.length} of ${todo.length} packs could not be taken in. The first: ${failures[0]}`);
}

/** How many more holders the pack should get from this host now. Of the holders that are online, the first in the pack's order sees to it. */
export function missingHere({ parts, catalog }: Pick<KeepParts, "parts" | "catalog">, facts: PackFacts): number {
  if (facts.copies === "all" || facts.k !== 1) return 0;
  const holders = hostsOf(confirmed(parts, catalog, facts));
  // What lies on a host that is being emptied is read from there, and made anew elsewhere.
  const { members } = parts.roster();
  const usable = activeMembers(parts).filter((host) => isUsable(parts, members.get(host)!));
  const missing = Math.min(facts.copies, usable.length) - holders.filter((host) => usable.includes(host)).length;
  if (missing <= 0) return 0;
  const online = holders.filter((host) => host === parts.self || parts.presence(host) === "online");
  const first = rank(facts.pack, online.map((host) => ({ host, zone: "", freeBytes: 1 })))[0];
  return first?.host === parts.self ? missing : 0;
}

/** "top-up": gives packs with too few holders more of them. Hosts that are away count as holders; those removed or declared gone do not. */
export async function topUpTurn(keep: KeepParts, { signal, report }: WorkerTurn): Promise<void> {
  const todo = await chosen(keep, signal, (facts) => missingHere(keep, facts) > 0);
  let [copied, fruitless] = [0, 0];
  for (const [done, facts] of todo.entries()) {
    signal.throwIfAborted();
    report(`${done} of ${todo.length} packs`);
    const wanted = missingHere(keep, facts);
    if (wanted === 0) continue;
    const exclude: HostId[] = hostsOf(keep.catalog.holdings(facts.namespace, facts.pack));
    const { claims } = await place(keep, Array.from({ length: wanted }, () => pieceOf(keep, facts)), { exclude, signal });
    signal.throwIfAborted();
    if (claims.length > 0) await writeClaims(keep, facts, claims);
    copied += claims.length;
    fruitless = claims.length > 0 ? 0 : fruitless + 1;
    if (fruitless >= FRUITLESS_MAX) break;
  }
  report(todo.length === 0 ? "every pack has its copies, or nobody to take them" : `${copied} copies made for ${todo.length} packs`);
}

