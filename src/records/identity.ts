import type { HostId } from "../codec/index.ts";
import { codec, struct, uint } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import type { LogOperation, RecordLog } from "../store/index.ts";
import type { Draft } from "./draft.ts";
import { randomName } from "./numbering.ts";
import type { Actor } from "./port.ts";
import { counterKey, metaKey, readU64, u64 } from "./tables.ts";
import type { NamespaceId } from "../codec/index.ts";

// Who this host is when it takes dots. No dot may ever be taken twice, and a disk that was restored from a backup does not know which were
// taken since. So an incarnation is random, not counted: two restores of one backup must not meet in the same one. And an incarnation from
// the disk is used only after all other members have said that they know of no batch beyond its own; whoever writes earlier takes a new one.
//
// A batch may be sent to others while it is still on its way to this host's disk: ahead of it. After a crash others may then have, or get one day,
// a batch that the disk has never had, and nobody can say so for sure. So before the first batch is sent ahead the disk says that this is done, it
// says so no more after a clean end and after a while without writes, and an incarnation of which a start finds it said is not used again.

export const actorCodec = codec<{ readonly incarnation: number; readonly batch: number }>("This host's incarnation", 1, 64, struct({ incarnation: uint(), batch: uint() }));
export const counterCodec = codec<{ readonly incarnation: number; readonly counter: number }>("A counter of dots", 1, 64, struct({ incarnation: uint(), counter: uint() }));

export class Identity {
  readonly #env: Env;
  readonly #host: HostId;
  #incarnation: number;
  #batch: number;
  #isConfirmed: boolean;
  /** Whatever others confirm. */
  #isSpent = false;
  /** The last process may have sent what its disk does not know. */
  #wasAhead: boolean;
  /** The disk says that batches of this incarnation are sent ahead of it. */
  #isAhead = false;
  #wroteMs = 0;

  constructor(env: Env, host: HostId, log: RecordLog) {
    this.#env = env;
    this.#host = host;
    const stored = log.get(metaKey("actor"));
    const known = stored === undefined ? { incarnation: randomName(env), batch: 0 } : actorCodec.decode(stored);
    this.#incarnation = known.incarnation;
    this.#batch = known.batch;
    // One that was just drawn is nobody else's. It is made durable with the first batch.
    this.#isConfirmed = stored === undefined;
    const ahead = log.get(metaKey("ahead"));
    this.#wasAhead = ahead !== undefined && readU64(ahead, 0) === known.incarnation;
  }

  get actor(): Actor {
    return { host: this.#host, incarnation: this.#incarnation };
  }

  /** The last batch number that was taken. */
  get batch(): number {
    return this.#batch;
  }

  get isConfirmed(): boolean {
    return this.#isConfirmed;
  }

  /** All others have said that they know of no later batch of this actor, as of now. */
  confirm(): void {
    if (this.#wasAhead) this.#redraw();
    else this.#isConfirmed = !this.#isSpent;
  }

  /** Whether a batch may be sent while the commit that holds it is under way. */
  get isAhead(): boolean {
    return this.#isAhead;
  }

  /** Has the disk say that batches are sent ahead of it. `wentAhead` is called when it does. */
  goAhead(draft: Draft): void {
    draft.put(metaKey("ahead"), u64(this.#incarnation));
  }

  wentAhead(): void {
    this.#isAhead = !this.#isSpent;
  }

  /** From now on nothing is sent ahead any more, and once this is committed the disk knows all that was sent. Called between two commits. */
  keepStep(): readonly LogOperation[] {
    // Of an incarnation that is spent the disk goes on saying it: it may never have had what others have.
    if (!this.#isAhead) return [];
    this.#isAhead = false;
    return [{ kind: "delete", key: metaKey("ahead") }];
  }

  /** Milliseconds since the last batch. */
  get idleMs(): number {
    return this.#env.clock.monotonicMs() - this.#wroteMs;
  }

  /** Dots of this incarnation may be taken that the disk has forgotten: none is taken any more. */
  distrust(): void {
    this.#isSpent = true;
    this.#isConfirmed = false;
    this.#isAhead = false;
  }

  /** Begins a new incarnation. It has taken no dots, so none of its dots is in any context. */
  renew(why: string, draft: Draft): void {
    this.#redraw();
    this.#keep(draft);
    this.#env.log.info("a new incarnation", { why, incarnation: this.#incarnation });
  }

  /** One that was just drawn is nobody else's. */
  #redraw(): void {
    this.#incarnation = randomName(this.#env);
    this.#batch = 0;
    this.#isSpent = false;
    this.#wasAhead = false;
    this.#isAhead = false;
    this.#isConfirmed = true;
  }

  takeBatch(draft: Draft): number {
    this.#batch += 1;
    this.#wroteMs = this.#env.clock.monotonicMs();
    this.#keep(draft);
    return this.#batch;
  }

  #keep(draft: Draft): void {
    draft.put(metaKey("actor"), actorCodec.encode({ incarnation: this.#incarnation, batch: this.#batch }));
  }

  /** The last counter taken for a key in this incarnation; 0 when none was. */
  counter(draft: Draft, namespace: NamespaceId, key: string): number {
    const stored = draft.get(counterKey(namespace, key));
    if (stored === undefined) return 0;
    const { incarnation, counter } = counterCodec.decode(stored);
    return incarnation === this.#incarnation ? counter : 0;
  }

  setCounter(draft: Draft, namespace: NamespaceId, key: string, counter: number): void {
    draft.put(counterKey(namespace, key), counterCodec.encode({ incarnation: this.#incarnation, counter }));
  }
}
