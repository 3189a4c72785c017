import type { LastHonoured } from "../cluster/index.ts";
import type { HostId } from "../codec/index.ts";
import type { Proven } from "./batch.ts";
import { MAX_INCARNATIONS } from "./limits.ts";
import { ASK_CONFIRM } from "./messages.ts";
import type { Peers } from "./peers.ts";
import type { ClusterView } from "./port.ts";

const TIMEOUT_MS = 2000;

/**
 * Which batches of this host nobody has seen: of more than half of the members none has seen that one or a later one of its incarnation. What they
 * have seen they remember for good, also of records that are collected. Undefined while too few answer.
 */
export async function unseenByMost(cluster: ClusterView, peers: Peers, signal: AbortSignal): Promise<((record: Proven) => boolean) | undefined> {
  const ask = async (peer: HostId): Promise<readonly LastHonoured[]> => (await peers.ask(peer, ASK_CONFIRM, { host: cluster.self, incarnation: 0 }, TIMEOUT_MS, signal)).highest;
  const answers = (await Promise.all(cluster.online().map((peer) => ask(peer).catch(() => undefined)))).filter((answer) => answer !== undefined);
  if ((answers.length + 1) * 2 <= cluster.members().length) return undefined;
  // One that knows of so many incarnations has left some out.
  const isAll = answers.every(({ length }) => length < MAX_INCARNATIONS);
  const seen = Map.groupBy(answers.flat(), ({ incarnation }) => incarnation);
  return ({ dot, batch }) => isAll && (seen.get(dot.actor.incarnation) ?? []).every((last) => last.batch < batch);
}
