import type { Genesis } from "../cluster/index.ts";
import { genesisCodec, shardOf } from "../cluster/index.ts";
import type { NamespaceId, NetworkId } from "../codec/index.ts";
import type { Proven } from "./batch.ts";
import { highest } from "./context.ts";
import type { Counters } from "./counters.ts";
import { sizeOf } from "./draft.ts";
import type { Draft } from "./draft.ts";
import type { Floor } from "./floor.ts";
import type { Holdings } from "./holdings.ts";
import type { Identity } from "./identity.ts";
import type { ItemVerdict, Source } from "./jobs.ts";
import { HINTED, OK } from "./jobs.ts";
import { addVersion } from "./merge.ts";
import { nameOf } from "./outbox.ts";
import type { Outbox } from "./outbox.ts";
import type { ClusterView } from "./port.ts";
import type { Readiness } from "./readiness.ts";
import type { Rations } from "./rations.ts";
import { batchKey, genesisKey, readU64, u64 } from "./tables.ts";

export interface IntakeParts {
  readonly network: NetworkId;
  readonly cluster: ClusterView;
  readonly floor: Floor;
  readonly holdings: Holdings;
  readonly identity: Identity;
  readonly readiness: Readiness;
  readonly outbox: Outbox;
  readonly counters: Counters;
  readonly rations: Rations;
  readonly geneses: ReadonlyMap<NamespaceId, Genesis>;
}

export interface Hint {
  readonly record: Proven;
  readonly genesis: Genesis;
  readonly group: number;
}

/** Decides about one proven record from outside, and merges it into the draft when it may and should be kept here. */
export class Intake {
  readonly #parts: IntakeParts;
  readonly #draft: Draft;
  /** Records to be kept on behalf of others, with where they belong. */
  readonly hints = new Map<string, Hint>();
  #hintBytes = 0;
  /** Namespaces that became known in this turn. */
  readonly learned = new Map<NamespaceId, Genesis>();

  constructor(parts: IntakeParts, draft: Draft) {
    this.#parts = parts;
    this.#draft = draft;
  }

  /**
   * @param source what another host brings enters here: rules of amounts hold then, and it is kept on behalf of others when it does not belong here
   * @param inline geneses that came with the record
   */
  take(record: Proven, source: Source, inline: ReadonlyMap<NamespaceId, Genesis>): ItemVerdict {
    const { namespace, key } = record.body;
    this.#meetSelf(record);
    if (!this.#isBelieved(record, source)) return this.#below();
    const known = this.#parts.geneses.get(namespace) ?? this.learned.get(namespace);
    const genesis = known ?? inline.get(namespace);
    if (genesis === undefined) return this.#refused("UNKNOWN_NAMESPACE");
    if (!this.#isOurs(namespace, genesis)) return this.#refused("OTHER_NETWORK");
    const group = shardOf(namespace, genesis, key);
    const isHeld = this.#parts.holdings.holds(namespace, genesis, group);
    // What another host brings of its own accord and does not belong here is kept as a hint.
    if (!isHeld && source.kind !== "offered") return { kind: "later", code: "NOT_HELD" };
    if (!isHeld && source.kind === "offered" && !this.#parts.floor.admitsHints(source.standing)) return this.#below();
    if (isHeld && !this.#isNews(record, group)) return this.#seen(record);
    const verdict = this.#judge(record, genesis);
    if (verdict.kind !== "ok") return verdict;
    const room = isHeld && source.kind === "offered" ? this.#ration(record, genesis, group) : OK;
    if (room.kind !== "ok") return room;
    if (!isHeld && !this.#hint(record, genesis, group)) return { kind: "later", code: "HINTS_FULL" };
    if (known === undefined) {
      this.learned.set(namespace, genesis);
      this.#draft.put(genesisKey(namespace), genesisCodec.encode(genesis));
    }
    this.#hearOfSelf(record);
    if (!isHeld) return this.#seen(record, HINTED);
    const outcome = this.#draft.add(record, group);
    if (outcome === "full") return this.#refused("TOO_MANY_SIBLINGS");
    if (outcome === "equivocation") this.#parts.counters.count("EQUIVOCATION");
    return this.#seen(record);
  }

  /** @returns whether there was room for it, or it is kept already */
  #hint(record: Proven, genesis: Genesis, group: number): boolean {
    const { outbox, counters } = this.#parts;
    const name = nameOf(record);
    if (outbox.hasHint(name) || this.hints.has(name)) return true;
    const weight = sizeOf(record.sealed);
    if (!outbox.hasRoomForHints(this.#hintBytes + weight)) {
      counters.count("hints turned away");
      return false;
    }
    this.#hintBytes += weight;
    this.hints.set(name, { record, genesis, group });
    counters.count("hints taken");
    return true;
  }

  /** Asked in the turn itself: the floor may have been raised while the record waited for it. */
  #isBelieved({ dot }: Proven, source: Source): boolean {
    const { floor } = this.#parts;
    if (source.kind === "own") return true;
    // What is compared with the others must not change under that by what anybody brings; all of it comes by catching up.
    if (source.kind === "offered" && floor.state.isNewcomer) return false;
    if (source.kind === "offered" && dot.actor.host === source.from) return floor.admitsOwn(source.from, source.standing);
    return floor.admits(source.standing);
  }

  #below(): ItemVerdict {
    this.#parts.counters.count("left BELOW_FLOOR");
    return { kind: "later", code: "BELOW_FLOOR" };
  }

  #isOurs(namespace: NamespaceId, genesis: Genesis): boolean {
    return genesis.network === this.#parts.network || (genesis.network === null && (namespace as string) === this.#parts.network);
  }

  #isNews(record: Proven, group: number): boolean {
    const { outcome, same } = addVersion(this.#draft.siblings(record.body.namespace, record.body.key, group), record);
    return outcome === "added" || (same !== undefined && Buffer.compare(same.sealed.leaf, record.sealed.leaf) !== 0);
  }

  #judge({ body, batch }: Proven, genesis: Genesis): ItemVerdict {
    const { namespace, key, value, author, dot } = body;
    const verdict = this.#parts.cluster.judge({ namespace, key, value, author, host: dot.actor.host, incarnation: dot.actor.incarnation, batch }, genesis);
    if (verdict.kind === "accept") return OK;
    return verdict.kind === "later" ? { kind: "later", code: "NOT_YET" } : this.#refused(verdict.code);
  }

  /** What is too fast may come again; what is too much may not. */
  #ration({ body }: Proven, genesis: Genesis, group: number): ItemVerdict {
    const verdict = this.#parts.rations.judge({ ...body, host: body.dot.actor.host }, genesis, group, this.#draft);
    if (verdict.kind !== "refuse") return OK;
    const refused = this.#refused(verdict.code);
    return verdict.code === "TOO_FAST" ? { kind: "later", code: verdict.code } : refused;
  }

  #refused(code: string): ItemVerdict {
    this.#parts.counters.count(`refused ${code}`);
    return { kind: "refused", code };
  }

  /** Remembers the highest batch of each actor, for the day when its host asks whether its disk is up to date. */
  #seen({ dot, batch }: Proven, verdict: ItemVerdict = OK): ItemVerdict {
    const key = batchKey(dot.actor);
    const known = this.#draft.get(key);
    if (known === undefined || readU64(known, 0) < batch) this.#draft.put(key, u64(batch));
    return verdict;
  }

  /** A host that meets a record of itself beyond what its disk knows has an old disk: it must not go on as that actor. */
  #meetSelf({ body, dot, batch }: Proven): void {
    const { identity } = this.#parts;
    if (dot.actor.host !== identity.actor.host || dot.actor.incarnation !== identity.actor.incarnation) return;
    if (batch > identity.batch || dot.counter > identity.counter(this.#draft, body.namespace, body.key)) this.#renew();
  }

  /** Nor may it when somebody has read what it does not know to have written. */
  #hearOfSelf({ body, context }: Proven): void {
    const { identity } = this.#parts;
    const claimed = highest(context, identity.actor);
    if (claimed > 0 && claimed > identity.counter(this.#draft, body.namespace, body.key)) this.#renew();
  }

  #renew(): void {
    setBack(this.#parts, this.#draft, "records of this host are known that its disk does not know");
  }
}

/** The disk is older than what others know of it: this host goes on as another actor, and its copies are complete for nothing. */
export function setBack({ counters, identity, readiness }: IntakeParts, draft: Draft, why: string): void {
  counters.count("met itself");
  identity.renew(why, draft);
  for (const { key } of readiness.withdraw()) draft.delete(key);
}
