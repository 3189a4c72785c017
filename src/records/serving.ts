import { EVERYWHERE, genesisCodec, shardOf } from "../cluster/index.ts";
import type { HostId } from "../codec/index.ts";
import type { Transport } from "../net/index.ts";
import { Limiter } from "../platform/index.ts";
import type { Abreast } from "./abreast.ts";
import type { Proven } from "./batch.ts";
import type { Counters } from "./counters.ts";
import { BEHIND } from "./jobs.ts";
import { GROUPS } from "./limits.ts";
import { ASK_CONFIRM, ASK_DIFFER, ASK_FETCH, ASK_GENESIS, ASK_HEADS, ASK_NEWEST, ASK_PUSH, ASK_SCAN, TELL_NEWS, answerOf } from "./messages.ts";
import type { NewestAnswer, NewestQuestion, PushAnswer, PushQuestion } from "./messages.ts";
import { HeadsPage } from "./heads-page.ts";
import { unpackGeneses } from "./parcel.ts";
import type { News } from "./news.ts";
import type { Kind, Peers } from "./peers.ts";
import type { ClusterView } from "./port.ts";
import { mostReplicas, reachedOf } from "./pull.ts";
import { RecordPages } from "./record-pages.ts";
import type { Replica } from "./replica.ts";
import { rowHasTag } from "./row.ts";

/** Pushed bytes that may wait for this host's disk; who comes with more waits on the wire. */
const PUSH_BUDGET_BYTES = 32 * 1024 * 1024;

export interface ServerParts {
  readonly replica: Replica;
  readonly cluster: ClusterView;
  readonly peers: Peers;
  readonly news: News;
  readonly abreast: Abreast;
  /** Asks a host that has told of news for them. */
  readonly pull: (from: HostId, groups: readonly number[]) => Promise<void>;
}

/** Answers what other hosts ask about records. Whoever can ask has been admitted by the transport. */
export class Server {
  readonly #parts: ServerParts;
  readonly #pages: RecordPages;
  readonly #budget = new Limiter(PUSH_BUDGET_BYTES);

  constructor(parts: ServerParts) {
    this.#parts = parts;
    this.#pages = new RecordPages(parts.replica);
  }

  register(transport: Transport): void {
    const { replica } = this.#parts;
    const on = <Q, A>(kind: Kind<Q, A>, answer: (question: Q, asked: Asked) => A | Promise<A>): void => serve(transport, replica.counters, kind, answer);
    on(ASK_PUSH, (question, asked) => this.#push(question, asked));
    on(ASK_NEWEST, (question, { from }) => this.#newest(question, from));
    on(TELL_NEWS, async ({ groups }, { from }) => {
      await this.#parts.pull(from, groups);
      return {};
    });
    on(ASK_HEADS, ({ groups }) => {
      const page = new HeadsPage(replica);
      for (const { group, place, scope } of groups) if (!page.add(group, place, scope)) break;
      return page.answer();
    });
    on(ASK_FETCH, (question) => this.#pages.fetch(question));
    on(ASK_DIFFER, ({ keys }) => {
      const isSame = ({ namespace, key, tag }: (typeof keys)[number]): boolean => {
        const row = replica.stored.raw(namespace, key);
        return row !== undefined && rowHasTag(row, tag);
      };
      return { standing: replica.floor.standing, different: keys.flatMap((key, at) => (isSame(key) ? [] : [at])) };
    });
    on(ASK_SCAN, (question) => this.#pages.scan(question));
    on(ASK_GENESIS, ({ namespace }) => {
      const genesis = replica.geneses.get(namespace);
      return { genesis: genesis === undefined ? null : genesisCodec.encode(genesis) };
    });
    on(ASK_CONFIRM, (actor) => ({ highest: replica.stored.highestBatches(actor), members: this.#parts.cluster.members() }));
  }

  async #push({ standing, parcel }: PushQuestion, { from, signal, sizeBytes }: Asked): Promise<PushAnswer> {
    const giveBack = await this.#budget.take(sizeBytes, signal);
    try {
      const records = this.#parts.peers.open(from, parcel);
      const verdicts = await this.#parts.replica.apply({ kind: "offered", from, standing }, records, unpackGeneses(parcel));
      if (this.#parts.abreast.has(from)) return answerOf(verdicts);
      const isBehind = (at: number): boolean => verdicts[at]!.kind === "ok" && !this.#isEverywhere(records[at]!);
      return answerOf(verdicts.map((verdict, at) => (isBehind(at) ? BEHIND : verdict)));
    } finally {
      giveBack();
    }
  }

  #isEverywhere({ body: { namespace, key } }: Proven): boolean {
    const genesis = this.#parts.replica.geneses.get(namespace);
    return genesis !== undefined && shardOf(namespace, genesis, key) === EVERYWHERE;
  }

  #newest({ standing, store, reached, followed }: NewestQuestion, from: HostId): NewestAnswer {
    const { replica, news, abreast } = this.#parts;
    replica.floor.hear(from, standing);
    news.heard(from, followed);
    const { numbering, outbox, readiness } = replica;
    if (!reached.every(({ place }) => numbering.gave(place)) && readiness.isWitness(from)) {
      replica.counters.count("set back");
      void replica.keep(readiness.withdraw()).catch(() => {});
    }
    const numbers = new Map(reached.map(({ group, place, rank }) => [group, { sequence: numbering.resolve(place), rank }]));
    abreast.heard(from, store, numbers.get(EVERYWHERE)?.sequence);
    for (const delivery of outbox.waiting()) delivery.caughtUp(from, numbers);
    const groups = Array.from({ length: GROUPS }, (_, group) => ({ group, sequence: numbering.newest(group) }));
    return { standing: replica.floor.standing, store: numbering.store, life: numbering.life, replicasMax: mostReplicas(replica), newest: groups.filter(({ sequence }) => sequence > 0), reached: reachedOf(replica, store) };
  }
}

interface Asked {
  readonly from: HostId;
  readonly signal: AbortSignal;
  readonly sizeBytes: number;
}

/** Answers one kind of question, and counts those that are none. */
export function serve<Q, A>(transport: Transport, counters: Counters, { kind, question, answer }: Kind<Q, A>, respond: (asked: Q, how: Asked) => A | Promise<A>): void {
  transport.handle(kind, async (from, body, signal) => {
    let asked: Q;
    try {
      asked = question.decode(body);
    } catch (error) {
      counters.count("hostile MALFORMED");
      throw error;
    }
    return answer.encode(await respond(asked, { from, signal, sizeBytes: body.length }));
  });
}
