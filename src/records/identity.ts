import type { HostId } from "../codec/index.ts";
import { codec, struct, uint } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import type { RecordLog } from "../store/index.ts";
import type { Draft } from "./draft.ts";
import { randomName } from "./numbering.ts";
import type { Actor } from "./port.ts";
import { counterKey, metaKey } from "./tables.ts";
import type { NamespaceId } from "../codec/index.ts";

// Who this host is when it takes dots. No dot may ever be taken twice, and a disk that was restored from a backup does not know which were
// taken since. So an incarnation is random, not counted: two restores of one backup must not meet in the same one. And an incarnation from
// the disk is used only after all other members have said that they know of no batch beyond its own; whoever writes earlier takes a new one.

const actorCodec = codec<{ readonly incarnation: number; readonly batch: number }>("This host's incarnation", 1, 64, struct({ incarnation: uint(), batch: uint() }));
const counterCodec = codec<{ readonly incarnation: number; readonly counter: number }>("A counter of dots", 1, 64, struct({ incarnation: uint(), counter: uint() }));

export class Identity {
  readonly #env: Env;
  readonly #host: HostId;
  #incarnation: number;
  #batch: number;
  #isConfirmed: boolean;
  /** Whatever others confirm. */
  #isSpent = false;

  constructor(env: Env, host: HostId, log: RecordLog) {
    this.#env = env;
    this.#host = host;
    const stored = log.get(metaKey("actor"));
    const known = stored === undefined ? { incarnation: randomName(env), batch: 0 } : actorCodec.decode(stored);
    this.#incarnation = known.incarnation;
    this.#batch = known.batch;
    // One that was just drawn is nobody else's. It is made durable with the first batch.
    this.#isConfirmed = stored === undefined;
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
    this.#isConfirmed = !this.#isSpent;
  }

  /** Dots of this incarnation may be taken that the disk has forgotten: none is taken any more. */
  distrust(): void {
    this.#isSpent = true;
    this.#isConfirmed = false;
  }

  /** Begins a new incarnation. It has taken no dots, so none of its dots is in any context. */
  renew(why: string, draft: Draft): void {
    this.#incarnation = randomName(this.#env);
    this.#batch = 0;
    this.#isSpent = false;
    this.#isConfirmed = true;
    this.#keep(draft);
    this.#env.log.info("a new incarnation", { why, incarnation: this.#incarnation });
  }

  takeBatch(draft: Draft): number {
    this.#batch += 1;
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
