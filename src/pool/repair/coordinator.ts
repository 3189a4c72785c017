// How repair goes. The host that the voters elected looks through its own records for packs that are short of holders, most endangered first,
// chooses a host for each missing piece as a writer would, and asks that host to make it: `pool/rebuild`. The asked host looks into its own
// records, fetches what it takes from those that have it, verifies the piece against the root that the pack's owner signed, keeps it, and
// says so in a claim of its own. The coordinator learns of it by that claim, like everybody else. It needs no key and keeps nothing that the
// records do not say, so any other host can go on where it ends; without a majority there is none, and nothing is ordered.

import type { HostId } from "../../codec/index.ts";
import type { Env, WorkerTurn } from "../../platform/index.ts";
import { Limiter, messageOf } from "../../platform/index.ts";
import type { View } from "../record/holders.ts";
import { candidatesFor } from "../record/holders.ts";
import type { PoolParts, PoolTransport } from "../parts.ts";
import { nameOf } from "../parts.ts";
import type { RepairStanding } from "./messages.ts";
import { REBUILD, REPAIR_STANDING, orderAnswerCodec, orderCodec, standingCodec } from "./messages.ts";
import type { Need } from "./plan.ts";
import { Pace } from "./pace.ts";
import type { Order, Rebuilder } from "./rebuilder.ts";
import type { Returns } from "./returns.ts";
import type { Standing } from "./standing.ts";
import type { PlannedCatalog } from "./survey.ts";
import { Survey } from "./survey.ts";
import { Targets } from "./targets.ts";

/** Packs being seen to at once. */
const PACKS_AT_ONCE = 32;
/** Orders that one receiver has at once: one is fetched while another is written. */
const ORDERS_PER_HOST = 2;
/** Hosts asked for one piece before it is left for the next turn. */
const TRIES_MAX = 4;
/** For one piece of 16 MiB at 30 kB/s. A receiver goes on beyond it, and its claim counts when it comes. */
const ORDER_MS = 600_000;
const STANDING_MS = 2_000;

/** What the coordinator needs of the host it is on: not much, so that a simulation can play it. */
export interface PlanView extends View, Pick<PoolParts, "repair"> {
  readonly transport: Pick<PoolTransport, "handle" | "request">;
}

export interface CoordinatorParts {
  readonly env: Env;
  readonly parts: PlanView;
  readonly catalog: PlannedCatalog;
  readonly returns: Returns;
  /** This host's own part as a receiver. */
  readonly rebuilder: Pick<Rebuilder, "make">;
}

export class RepairCoordinator {
  readonly #env: Env;
  readonly #parts: PlanView;
  readonly #catalog: PlannedCatalog;
  readonly #returns: Returns;
  readonly #rebuilder: Pick<Rebuilder, "make">;
  readonly #orders = new Map<HostId, Limiter>();
  readonly #pace: Pace;
  readonly survey: Survey;
  #underWay = 0;

  constructor({ env, parts, catalog, returns, rebuilder }: CoordinatorParts) {
    this.#env = env;
    this.#parts = parts;
    this.#catalog = catalog;
    this.#returns = returns;
    this.#rebuilder = rebuilder;
    this.#pace = new Pace(env.clock);
    this.survey = new Survey(env, parts, catalog);
    parts.transport.handle(REPAIR_STANDING, async () => standingCodec.encode(this.#ownStanding()));
  }

  /** "repair": one look, and everything that it found. */
  async turn({ signal, report }: WorkerTurn): Promise<void> {
    const { coordinator } = this.#parts.repair;
    if (coordinator() !== this.#parts.self) {
      this.survey.forget();
      return report(coordinator() === undefined ? "nobody plans repair until a majority of the voters is in reach" : "another host plans repair");
    }
    await this.#returns.check(signal);
    await this.survey.look(signal, this.#standing());
    const { shortPieces } = this.survey.totals;
    const needs = this.survey.queue.inOrder();
    let [done, made] = [0, 0];
    const packs = new Limiter(PACKS_AT_ONCE);
    await Promise.all(
      needs.map((need) =>
        packs.run(async () => {
          // Elected away, this host has no say any more.
          if (coordinator() === this.#parts.self) made += await this.#seeTo(need, signal);
          report(`${(done += 1)} of ${needs.length} packs, ${made} pieces made`);
        }, signal),
      ),
    );
    report(shortPieces === 0 ? "nothing is short" : `${made} of ${shortPieces} missing pieces made`);
  }

  /** How repair stands in the network: asked of the coordinator when it is another host. Undefined when nobody says. */
  async standing(signal?: AbortSignal): Promise<RepairStanding | undefined> {
    const { self, repair, transport } = this.#parts;
    const coordinator = repair.coordinator();
    if (coordinator === undefined) return undefined;
    if (coordinator === self) return this.#ownStanding();
    try {
      return standingCodec.decode(await transport.request(coordinator, REPAIR_STANDING, new Uint8Array(0), { timeoutMs: STANDING_MS, ...(signal === undefined ? {} : { signal }) }));
    } catch (error) {
      this.#env.log.debug("the coordinator did not say how repair stands", { coordinator, error });
      return undefined;
    }
  }

  #ownStanding(): RepairStanding {
    return { ...this.survey.totals, repairing: this.#underWay, bytesPerSecond: this.#pace.bytesPerSecond };
  }

  #standing(): (host: HostId) => Standing {
    const known = this.#returns.standings();
    return (host) => known.get(host) ?? "lost";
  }

  /** @returns how many pieces were made */
  async #seeTo(planned: Need, signal: AbortSignal): Promise<number> {
    // Its turn may come an hour after it was planned.
    const need = this.survey.again(planned.namespace, planned.pack, this.#standing());
    const facts = this.#catalog.facts(planned.namespace, planned.pack);
    // Nothing comes of too few pieces: their hosts must come back first, and then this is planned anew.
    if (need === undefined || facts === undefined || !need.canBeMade) return 0;
    const { members } = this.#parts.roster();
    const holdings = this.#catalog.holdings(need.namespace, need.pack);
    const candidates = await candidatesFor(this.#parts, need.pack, { count: need.indexes.length, except: new Set(holdings.map(({ host }) => host)) });
    const targets = new Targets(facts, holdings, candidates, (host) => members.get(host)?.zone ?? "");
    const found = await Promise.all(need.indexes.map((index) => this.#find(need, index, targets, signal)));
    const made = found.filter((isMade) => isMade).length;
    this.survey.tried(need.pack, made === 0);
    this.survey.again(need.namespace, need.pack, this.#standing());
    return made;
  }

  async #find(need: Need, index: number, targets: Targets, signal: AbortSignal): Promise<boolean> {
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const host = targets.next();
      if (host === undefined) return false;
      const refusal = await this.#order(host, need, index, signal);
      if (refusal === undefined) return true;
      signal.throwIfAborted();
      targets.refused(host);
      this.#env.log.info("a host did not make a missing piece", { host: nameOf(this.#parts.roster(), host), pack: need.pack, index, why: refusal });
      // Its records say that nothing is missing: they may well be newer than these.
      if (refusal === "not-short" || refusal === "unknown") return false;
    }
    return false;
  }

  /** @returns why it was not done */
  async #order(host: HostId, need: Need, index: number, signal: AbortSignal): Promise<string | undefined> {
    const places = this.#orders.get(host) ?? new Limiter(ORDERS_PER_HOST);
    this.#orders.set(host, places);
    const leave = await places.take(1, signal);
    this.#underWay += 1;
    const startMs = this.#env.clock.monotonicMs();
    try {
      const why = await this.#ask(host, { namespace: need.namespace, pack: need.pack, index }, signal);
      if (why !== undefined) return why;
      this.#pace.moved(need.pieceBytes, startMs);
      return undefined;
    } catch (error) {
      return messageOf(error);
    } finally {
      this.#underWay -= 1;
      leave();
      if (places.inUse === 0 && places.waiting === 0) this.#orders.delete(host);
    }
  }

  async #ask(host: HostId, order: Order, signal: AbortSignal): Promise<string | undefined> {
    if (host === this.#parts.self) return await this.#rebuilder.make(order, signal);
    const answer = orderAnswerCodec.decode(await this.#parts.transport.request(host, REBUILD, orderCodec.encode(order), { timeoutMs: ORDER_MS, signal }));
    return answer.kind === "refused" ? answer.value.why : undefined;
  }
}
