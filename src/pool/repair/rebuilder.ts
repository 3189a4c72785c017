import type { HostId, NamespaceId, PackId } from "../../codec/index.ts";
import type { Env } from "../../platform/index.ts";
import { Flights, codeOf } from "../../platform/index.ts";
import type { Catalog, PackFacts } from "../record/catalog.ts";
import { PoolError } from "../errors.ts";
import { countApart, openHosts } from "../record/holders.ts";
import type { Offers, Piece } from "../write/offer.ts";
import type { PoolParts } from "../parts.ts";
import { claimWrite } from "../write/writer.ts";
import type { Refusal } from "./check.ts";
import { refusalOf } from "./check.ts";
import { REBUILD, orderAnswerCodec, orderCodec } from "./messages.ts";
import { standingOf } from "./standing.ts";
import { takersOf } from "./survey.ts";
import type { Throttle } from "./throttle.ts";

/** Pieces made here at once: 64 MiB and what is fetched for them. */
const MAKING_MAX = 4;

export interface Order {
  readonly namespace: NamespaceId;
  readonly pack: PackId;
  readonly index: number;
}

export interface RebuilderParts {
  readonly env: Env;
  readonly parts: PoolParts;
  readonly catalog: Catalog;
  readonly offers: Offers;
  readonly throttle: Throttle;
  /** A piece with its label and bytes from wherever they are. @throws PoolError */
  readonly pieceOf: (facts: PackFacts, index: number) => Piece;
}

/** The receiver's side of repair: judges orders by this host's own records, makes the piece, keeps and claims it. */
export class Rebuilder {
  readonly #with: RebuilderParts;
  readonly #flights = new Flights<Refusal | undefined>();
  #making = 0;

  constructor(parts: RebuilderParts) {
    this.#with = parts;
    parts.parts.transport.handle(REBUILD, (from, body, signal) => this.#answer(from, body, signal));
  }

  async #answer(from: HostId, body: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    if (!this.#with.parts.roster().members.has(from)) throw new PoolError("REFUSED", "Only members of the network order repair here.");
    const why = await this.make(orderCodec.decode(body), signal);
    return orderAnswerCodec.encode(why === undefined ? { kind: "done", value: {} } : { kind: "refused", value: { why } });
  }

  /**
   * Makes the piece if this host's records bear the order out. The same order from two coordinators is carried out once.
   * @returns why not
   * @throws PoolError UNAVAILABLE and what else fetching throws
   */
  async make(order: Order, signal: AbortSignal): Promise<Refusal | undefined> {
    return await this.#flights.join(`${order.namespace}/${order.pack}/${order.index}`, signal, (within) => this.#make(order, within));
  }

  async #make({ namespace, pack, index }: Order, signal: AbortSignal): Promise<Refusal | undefined> {
    const { parts, catalog, offers, throttle, pieceOf } = this.#with;
    const facts = catalog.facts(namespace, pack);
    if (facts === undefined) return "unknown";
    const refusal = await this.#refusal(facts, index);
    if (refusal !== undefined) return refusal;
    if (this.#making >= MAKING_MAX) return "busy";
    this.#making += 1;
    try {
      const piece = pieceOf(facts, index);
      const slowly: Piece = { ...piece, bytes: (within) => throttle.paced(piece.bytes(within), within) };
      const claim = await offers.put(parts.self, slowly, () => {}, signal);
      await parts.records.write([claimWrite(namespace, claim)], { as: "host" });
      return undefined;
    } catch (error) {
      if (codeOf(error) === "STORE_FULL" || codeOf(error) === "DISK_FULL") return "full";
      throw error;
    } finally {
      this.#making -= 1;
    }
  }

  async #refusal(facts: PackFacts, index: number): Promise<Refusal | undefined> {
    const { parts, catalog } = this.#with;
    const open = await openHosts(parts);
    const holdings = catalog.holdings(facts.namespace, facts.pack);
    return refusalOf({ facts, index }, holdings, {
      self: parts.self,
      standing: (host) => standingOf(parts, host),
      reachable: countApart(open, holdings, facts.pieceBytes),
      takers: takersOf(parts),
    });
  }
}
