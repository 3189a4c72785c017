import type { LastHonoured } from "../cluster/index.ts";
import type { HostId } from "../codec/index.ts";
import type { Proven } from "./batch.ts";
import { MAX_INCARNATIONS } from "./limits.ts";
import { ASK_CONFIRM } from "./messages.ts";
import type { Peers } from "./peers.ts";
import type { ClusterView } from "./port.ts";
import { isMajorityOnline } from "./qualifying.ts";

const TIMEOUT_MS = 2000;

/**
 * Which batches of this host nobody has seen, as far as that can be told: more than half of the members are in reach, all of these answer, and
 * none has seen that batch or a later one of its incarnation. What they have seen they remember for good, also of records that are collected.
 */
export async function unseenByAll(cluster: ClusterView, peers: Peers, signal: AbortSignal): Promise<(record: Proven) => boolean> {
  const nothing = (): boolean => false;
  if (!isMajorityOnline(cluster)) return nothing;
  const ask = async (peer: HostId): Promise<readonly LastHonoured[]> => (await peers.ask(peer, ASK_CONFIRM, { host: cluster.self, incarnation: 0 }, TIMEOUT_MS, signal)).highest;
  const answers = await Promise.all(cluster.online().map((peer) => ask(peer).catch(() => undefined)));
  // One that knows of so many incarnations has left some out.
  if (answers.some((answer) => answer === undefined || answer.length >= MAX_INCARNATIONS)) return nothing;
  const seen = Map.groupBy(answers.flatMap((answer) => answer ?? []), ({ incarnation }) => incarnation);
  return ({ dot, batch }) => (seen.get(dot.actor.incarnation) ?? []).every((last) => last.batch < batch);
}
