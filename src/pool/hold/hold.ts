// The worker that keeps on this host what it should hold. It goes by what the records say and by what lies on this host's disk; it needs no
// coordinator, and what two hosts do at once harms nobody.

import type { WorkerTurn } from "../../platform/index.ts";
import { messageOf } from "../../platform/index.ts";
import type { HeldPiece } from "../../store/index.ts";
import type { Catalog, PackFacts } from "../record/catalog.ts";
import type { Claim } from "../record/claim.ts";
import { PoolError } from "../errors.ts";
import { confirmed } from "../record/holders.ts";
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

/** A damaged piece that could not be made whole is tried again after so long, or as soon as more hosts are connected than were. */
const REST_MS = 600_000;

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

/** Whether each host should have a copy, or this one does by its own choice. */
export function isWanted({ parts }: Pick<KeepParts, "parts">, facts: PackFacts): boolean {
  return facts.copies === "all" || (facts.k === 1 && isMirrored(parts, facts));
}

/** The pieces of a pack that this host says it holds and does not, and a copy that it should have because all hosts should, or by its own choice. */
function* lacking(view: View, facts: PackFacts): Generator<HoldDecision> {
  const { parts, catalog, going } = view;
  const claimed = catalog.holdings(facts.namespace, facts.pack).filter(({ host }) => host === parts.self);
  const isMissing = (index: number): boolean => parts.store.held(facts.pack, index) === undefined && !going.has(facts.pack, index);
  for (const { index } of claimed) if (isMissing(index)) yield { facts, index, action: "restore" };
  if (isWanted(view, facts) && claimed.length === 0 && isMissing(0)) yield { facts, index: 0, action: "fetch" };
}

/** A piece that lies here unclaimed, because the claim was lost with its answer. */
function unclaimed({ parts, catalog, going }: View, { pack, index }: HeldPiece): HoldDecision | undefined {
  if (going.has(pack, index)) return undefined;
  for (const facts of catalog.everywhere(pack)) {
    if (!catalog.holdings(facts.namespace, pack).some((holding) => holding.host === parts.self && holding.index === index)) return { facts, index, action: "claim" };
  }
  return undefined;
}

/** Whether a piece that this host does not claim is one of which the pack has too few, by the claims that count. One for all hosts, or for a mirror, is missed here in any case. */
function isShort(view: View, facts: PackFacts, index: number): boolean {
  const holdings = view.catalog.holdings(facts.namespace, facts.pack);
  if (isWanted(view, facts) || holdings.some((holding) => holding.host === view.parts.self && holding.index === index)) return false;
  return confirmed(view.parts, view.catalog, facts).filter((holding) => holding.index === index).length < (facts.k > 1 || facts.copies === "all" ? 1 : facts.copies);
}

/** Before anybody is connected nothing comes from elsewhere, and that must not pass for a loss. */
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
 * A claim that cannot be made true again is withdrawn, so that others see what is missing. What remains of the piece is served on, and the piece is tried again now and then.
 */
export class Holder {
  readonly #keep: KeepParts;
  readonly #rounds: Rounds;
  /** Damaged pieces that could not be made whole: what they lack is hardly anywhere so soon, and a failing disk has many of them. */
  readonly #resting = new Map<string, { readonly untilMs: number; readonly connected: number }>();

  constructor(keep: KeepParts, rounds: Rounds) {
    this.#keep = keep;
    this.#rounds = rounds;
  }

  async turn({ signal, report }: WorkerTurn): Promise<void> {
    const { parts } = this.#keep;
    const wasAlone = isAlone(this.#keep);
    const todo = await this.#rounds.run(() => decideAll(this.#keep, signal), (changed) => decideSome(this.#keep, changed, signal));
    if (wasAlone) this.#rounds.noteAll();
    todo.push(...this.#rested(parts.store.listRemains()));
    const failures: string[] = [];
    for (const [done, decision] of todo.entries()) {
      signal.throwIfAborted();
      report(`${done} of ${todo.length} pieces`);
      const failure = await this.#do(decision, wasAlone, signal);
      if (failure !== undefined) failures.push(failure);
    }
    report(todo.length === 0 ? "holds all that it should" : `${todo.length - failures.length} of ${todo.length} pieces taken in`);
    if (failures.length > 0) throw new PoolError("UNAVAILABLE", `${failures.length} of ${todo.length} pieces could not be taken in. The first: ${failures[0]}`);
  }

  /** @returns why it could not be done */
  async #do({ facts, index, action }: HoldDecision, wasAlone: boolean, signal: AbortSignal): Promise<string | undefined> {
    const { env, parts, offers } = this.#keep;
    const { namespace, pack } = facts;
    try {
      const claim = await offers.put(parts.self, rebuild(this.#keep, facts, index), () => {}, signal);
      if (action !== "restore") await writeClaims(this.#keep, facts, [claim]);
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      this.#rounds.note(namespace, [pack]);
      env.log.debug("a piece could not be taken in", { pack, index, error });
      if (parts.store.remains(pack, index) !== undefined) this.#resting.set(`${pack}/${index}`, { untilMs: env.clock.monotonicMs() + REST_MS, connected: parts.transport.connected().length });
      if (action === "restore" && !wasAlone) await withdrawClaim(this.#keep, facts, index);
      return messageOf(error);
    }
  }

  /**
   * Damaged pieces that this host no longer claims, whose packs are short of them, and that have not been tried of late. While it is alone also those that it
   * should have in any case: all their leaves may be right, with the damage behind them or gone.
   */
  *#rested(remains: readonly HeldPiece[]): Generator<HoldDecision> {
    const { env, parts, catalog } = this.#keep;
    const [nowMs, connected] = [env.clock.monotonicMs(), parts.transport.connected().length];
    const lying = new Set(remains.map(({ pack, index }) => `${pack}/${index}`));
    for (const [name, rest] of this.#resting) if (!lying.has(name) || rest.untilMs <= nowMs || rest.connected < connected) this.#resting.delete(name);
    for (const { pack, index } of remains) {
      if (this.#resting.has(`${pack}/${index}`)) continue;
      for (const facts of catalog.everywhere(pack)) {
        if (isShort(this.#keep, facts, index)) yield { facts, index, action: "fetch" };
        else if (isAlone(this.#keep)) yield* lacking(this.#keep, facts).filter((each) => each.index === index);
      }
    }
  }
}
