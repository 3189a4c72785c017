// The worker that keeps on this host what it should hold. It goes by what the records say and by what lies on this host's disk; it needs no
// coordinator, and what two hosts do at once harms nobody.

import type { WorkerTurn } from "../../platform/index.ts";
import { messageOf } from "../../platform/index.ts";
import type { HeldPiece } from "../../store/index.ts";
import type { Catalog, PackFacts } from "../record/catalog.ts";
import type { Claim } from "../record/claim.ts";
import { PoolError } from "../errors.ts";
import { claimKey } from "../record/keys.ts";
import { ownPieces } from "./own-pieces.ts";
import type { PlaceParts } from "../write/place.ts";
import { unhurried } from "../patience.ts";
import { PRIVATE_TYPE } from "../private-space.ts";
import type { Reader } from "../read/reader.ts";
import { rebuild } from "../read/rebuild.ts";
import type { Going } from "../upkeep/going.ts";
import type { Changed } from "../record/changed-packs.ts";
import type { Rounds } from "./rounds.ts";
import { claimWrite } from "../write/writer.ts";

export interface KeepParts extends PlaceParts {
  readonly going: Going;
  readonly catalog: Catalog;
  readonly reader: Reader;
}

async function writeClaims({ parts }: KeepParts, facts: PackFacts, claims: readonly Claim[]): Promise<void> {
  await parts.records.write(claims.map((claim) => claimWrite(facts.namespace, claim)), { as: "host" });
}

async function withdrawClaim({ parts }: KeepParts, { namespace, pack }: PackFacts, index: number): Promise<void> {
  await parts.records.write([{ namespace, key: claimKey(pack, index, parts.self), value: null }], { as: "host" });
}

/** What this host should do about a piece of a pack that is not deleted. */
export interface HoldDecision {
  readonly facts: PackFacts;
  readonly index: number;
  readonly action: "claim" | "fetch" | "restore";
}

/** People's private content is nobody's to mirror. */
function isMirrored({ mirrors, records }: KeepParts["parts"], { namespace }: PackFacts): boolean {
  return mirrors.isMirrored(namespace) && records.genesis(namespace)?.type !== PRIVATE_TYPE;
}

type View = Pick<KeepParts, "env" | "parts" | "catalog" | "going">;

/** The pieces of a pack that this host says it holds and does not, and a copy that it should have because all hosts should, or by its own choice. */
function* lacking({ parts, catalog, going }: View, facts: PackFacts): Generator<HoldDecision> {
  const claimed = catalog.holdings(facts.namespace, facts.pack).filter(({ host }) => host === parts.self);
  const isMissing = (index: number): boolean => parts.store.held(facts.pack, index) === undefined && !going.has(facts.pack, index);
  for (const { index } of claimed) if (isMissing(index)) yield { facts, index, action: "restore" };
  const isWanted = facts.copies === "all" || (facts.k === 1 && isMirrored(parts, facts));
  if (isWanted && claimed.length === 0 && isMissing(0)) yield { facts, index: 0, action: "fetch" };
}

/** A piece that lies here unclaimed, because the claim was lost with its answer. */
function unclaimed({ parts, catalog, going }: View, { pack, index }: HeldPiece): HoldDecision | undefined {
  if (going.has(pack, index)) return undefined;
  for (const facts of catalog.everywhere(pack)) {
    if (!catalog.holdings(facts.namespace, pack).some((holding) => holding.host === parts.self && holding.index === index)) return { facts, index, action: "claim" };
  }
  return undefined;
}

/** Before anybody is connected nothing can be restored, and that must not pass for a loss. */
function isAlone({ parts }: View): boolean {
  return parts.transport.connected().length === 0;
}

/** All that this host should do now. The first pass goes through the records, the second through its own disk. */
async function decideAll(view: View, signal: AbortSignal): Promise<HoldDecision[]> {
  const { env, parts, catalog } = view;
  const todo: HoldDecision[] = [];
  if (!isAlone(view)) for await (const facts of unhurried(env, catalog.all(), signal)) todo.push(...lacking(view, facts));
  for await (const piece of unhurried(env, ownPieces(parts.store), signal)) {
    const decision = unclaimed(view, piece);
    if (decision !== undefined) todo.push(decision);
  }
  return todo;
}

/** The same for packs whose records have changed. */
async function decideSome(view: View, changed: Changed, signal: AbortSignal): Promise<HoldDecision[]> {
  const { env, parts, catalog } = view;
  const todo: HoldDecision[] = [];
  for await (const [pack, namespace] of unhurried(env, changed, signal)) {
    const facts = catalog.facts(namespace, pack);
    if (facts === undefined) continue;
    if (!isAlone(view)) todo.push(...lacking(view, facts));
    const here = facts.roots.map((_, index) => parts.store.held(pack, index)).filter((piece) => piece !== undefined);
    todo.push(...here.map((piece) => unclaimed(view, piece)).filter((decision) => decision !== undefined));
  }
  return todo;
}

/**
 * "hold": fetches the packs that are meant for all hosts, and the pieces that this host claims and has lost; claims what it holds.
 * A claim that cannot be made true again is withdrawn, so that others see what is missing.
 */
export async function holdTurn(keep: KeepParts, rounds: Rounds, { signal, report }: WorkerTurn): Promise<void> {
  const { env, parts, offers } = keep;
  const todo = await rounds.run(() => decideAll(keep, signal), (changed) => decideSome(keep, changed, signal));
  if (isAlone(keep)) rounds.noteAll();
  const failures: string[] = [];
  for (const [done, { facts, index, action }] of todo.entries()) {
    signal.throwIfAborted();
    report(`${done} of ${todo.length} pieces`);
    try {
      const claim = await offers.put(parts.self, rebuild(keep, facts, index), () => {}, signal);
      if (action !== "restore") await writeClaims(keep, facts, [claim]);
    } catch (error) {
      signal.throwIfAborted();
      failures.push(messageOf(error));
      rounds.note(facts.namespace, [facts.pack]);
      env.log.debug("a piece could not be taken in", { pack: facts.pack, index, error });
      if (action === "restore") await withdrawClaim(keep, facts, index);
    }
  }
  report(todo.length === 0 ? "holds all that it should" : `${todo.length - failures.length} of ${todo.length} pieces taken in`);
  if (failures.length > 0) throw new PoolError("UNAVAILABLE", `${failures.length} of ${todo.length} pieces could not be taken in. The first: ${failures[0]}`);
}
