import { EVERYWHERE, shardOf } from "../cluster/index.ts";
import type { Env } from "../platform/index.ts";
import { Limiter } from "../platform/index.ts";
import type { InformedWrite } from "./jobs.ts";
import type { Write } from "./port.ts";
import type { Reader } from "./reading.ts";
import type { Replica } from "./replica.ts";

/** How long a write waits for what others have of its key, and of how many keys they are asked at once. */
const READ_FIRST_MS = 500;
const AT_ONCE = 16;

/** Reads the keys first whose writer has read nothing and whose group is not complete here, so that a write replaces what there is. */
export class Informer {
  readonly #env: Env;
  readonly #replica: Replica;
  readonly #reader: Reader;

  constructor(env: Env, replica: Replica, reader: Reader) {
    this.#env = env;
    this.#replica = replica;
    this.#reader = reader;
  }

  async inform(writes: readonly Write[]): Promise<readonly InformedWrite[]> {
    if (!writes.some((write) => this.#isBlind(write))) return writes;
    const { geneses } = this.#replica;
    const stop = new AbortController();
    const timer = this.#env.timers.after(READ_FIRST_MS, () => stop.abort(new Error("the write does not wait any longer")));
    const turns = new Limiter(AT_ONCE);
    const inform = async (write: Write): Promise<InformedWrite> => {
      const heard = this.#isBlind(write) ? await turns.run(() => this.#reader.heard(write.namespace, geneses.get(write.namespace)!, write.key, stop.signal)) : undefined;
      return heard === undefined ? write : { ...write, heard };
    };
    return Promise.all(writes.map(inform)).finally(() => timer.cancel());
  }

  #isBlind({ namespace, key, context }: Write): boolean {
    const { holdings, geneses } = this.#replica;
    const genesis = geneses.get(namespace);
    if (context !== undefined || genesis === undefined) return false;
    const group = shardOf(namespace, genesis, key);
    return group !== EVERYWHERE && !holdings.isReady(namespace, genesis, group);
  }
}
