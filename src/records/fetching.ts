import type { Genesis } from "../cluster/index.ts";
import type { HostId, NamespaceId } from "../codec/index.ts";
import type { Env, TokenBucket } from "../platform/index.ts";
import type { Proven } from "./batch.ts";
import { sizeOf } from "./draft.ts";
import { RecordsError } from "./errors.ts";
import type { Standing } from "./floor.ts";
import { ASK_FETCH } from "./messages.ts";
import type { FetchQuestion } from "./messages.ts";
import { unpackGeneses } from "./parcel.ts";
import type { Peers } from "./peers.ts";

export const PAGE_TIMEOUT_MS = 20_000;

export interface FetchParts {
  readonly env: Env;
  readonly peers: Peers;
  /** Bytes that may be fetched from all peers together: a little goes at once, and much leaves room for others. */
  readonly pace: TokenBucket;
}

/** Records of one answer, proven. */
export interface FetchedPage {
  readonly records: readonly Proven[];
  readonly geneses: ReadonlyMap<NamespaceId, Genesis>;
  /** The peer's, when it answered. */
  readonly standing: Standing;
  readonly isLast: boolean;
}

/**
 * All siblings of some keys, as one peer has them, a page after the other.
 * @param keys as many as one question takes
 * @throws NetError, PlatformError DEADLINE, CodecError; RecordsError BAD_SEAL, BAD_RECORD
 */
export async function* fetchPages({ env, peers, pace }: FetchParts, peer: HostId, keys: FetchQuestion["keys"], signal: AbortSignal): AsyncGenerator<FetchedPage> {
  let [rest, skip] = [keys, 0];
  while (rest.length > 0) {
    if (pace.waitMs > 0) await env.timers.sleep(pace.waitMs, signal);
    const answer = await peers.ask(peer, ASK_FETCH, { keys: rest, skip }, PAGE_TIMEOUT_MS, signal);
    if (answer.keysDone === 0 && answer.skip <= skip) throw new RecordsError("BAD_RECORD", "The other host answers a question for records with nothing.");
    const records = peers.open(peer, answer.parcel);
    rest = rest.slice(answer.keysDone);
    skip = answer.skip;
    pace.take(records.reduce((sum, { sealed }) => sum + sizeOf(sealed), 0));
    yield { records, geneses: unpackGeneses(answer.parcel), standing: answer.standing, isLast: rest.length === 0 };
  }
}
