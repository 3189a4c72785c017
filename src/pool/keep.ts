// The worker that keeps on this host what it should hold. It goes by what the records say and by what lies on this host's disk; it needs no
// coordinator, and what two hosts do at once harms nobody.

import type { WorkerTurn } from "../platform/index.ts";
import { messageOf } from "../platform/index.ts";
import type { Catalog, PackFacts } from "./catalog.ts";
import type { Claim } from "./claim.ts";
import { PoolError } from "./errors.ts";
import { claimKey } from "./keys.ts";
import type { PlaceParts } from "./place.ts";
import { unhurried } from "./patience.ts";
import { PRIVATE_TYPE } from "./private-space.ts";
import type { Reader } from "./read.ts";
import { rebuild } from "./rebuild.ts";
import type { Going } from "./upkeep/going.ts";
import { claimWrite } from "./write.ts";

export interface KeepParts extends PlaceParts {
  readonly going: Going;
  readonly catalog: Catalog;
  readonly reader: Reader;
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

/** People's private content is nobody's to mirror. */
function isMirrored({ mirrors, records }: KeepParts["parts"], { namespace }: PackFacts): boolean {
  return mirrors.isMirrored(namespace) && records.genesis(namespace)?.type !== PRIVATE_TYPE;
}

/** What this host should do about a pack that is not deleted. */
export type HoldDecision = "nothing" | "claim" | "fetch" | "restore";

export function decideHold({ parts, catalog, going }: Pick<KeepParts, "parts" | "catalog" | "going">, facts: PackFacts): HoldDecision {
  if (facts.k !== 1 || going.has(facts.pack, 0)) return "nothing";
  const isHeld = parts.store.held(facts.pack, 0) !== undefined;
  const isClaimed = catalog.holdings(facts.namespace, facts.pack).some(({ host }) => host === parts.self);
  if (isHeld) return isClaimed ? "nothing" : "claim";
  if (isClaimed) return "restore";
  return facts.copies === "all" || isMirrored(parts, facts) ? "fetch" : "nothing";
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
      const piece = rebuild(keep, facts, 0);
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
